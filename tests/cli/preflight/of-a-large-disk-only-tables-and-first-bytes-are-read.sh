# What is read does not grow with the disk: a few hundred KiB of 8 GiB, and no program is started.
. "$CASE_LIB/disks.sh"
need sfdisk mke2fs mkfs.vfat mcopy strace
mkdir work
"$CASE_LIB/broken-disk" good-gpt "$PWD/work" >/dev/null 2>&1
truncate -s 8G work/good-gpt.raw
sfdisk -q --no-reread --no-tell-kernel --relocate gpt-bak-std work/good-gpt.raw >/dev/null
ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=pread64,execve,connect -o trace \
    "$SLIPWAY" preflight --no-launch -f raw work/good-gpt.raw >said
grep -q '^import-image *unknown *0 refused, 0 warnings, 0 notes' said
[ "$(grep -c execve trace)" = 1 ]
if grep -q connect trace; then exit 1; fi
read_bytes=$(awk '/pread64/ { sum += $NF } END { print sum + 0 }' trace)
[ "$read_bytes" -gt 100000 ]
[ "$read_bytes" -lt 2000000 ] || { echo "$read_bytes bytes were read"; exit 1; }
