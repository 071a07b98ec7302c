# One difference of each kind between a layer and what it lies on, found by one launch; and nothing else is. Names that would
# lead a terminal astray are shown as bytes. The layers are as they were.
# appliance: 1
# timeout: 600
. "$CASE_LIB/build-case.sh"
. "$CASE_LIB/store-case.sh"
need_appliance
need sgdisk mkfs.vfat mcopy mke2fs qemu-img mkswap python3
[ -x "$SLIPWAY_BUILD/tests/interop/store-tool" ] || exit 77
readonly UUID=7195ca57-0000-4000-8000-0000000000d

# tree DIR: a guest's root.
tree() {
    mkdir -p "$1"/{etc/systemd/system/multi-user.target.wants,boot/efi,usr/bin,var/lib/dpkg,var/log}
    printf 'ID=tiny\n' >"$1/etc/os-release"
    printf 'UUID=%s1 / ext4 defaults 0 1\nUUID=7195-CA57 /boot/efi vfat defaults 0 2\n' "$UUID" >"$1/etc/fstab"
    printf 'root:x:0:0:root:/root:/bin/sh\n' >"$1/etc/passwd"
    printf 'Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1\n' >"$1/var/lib/dpkg/status"
    printf 'the program, old' >"$1/usr/bin/tool"
    printf 'as before' >"$1/usr/bin/kept"
    printf 'a file that gets another name' >"$1/etc/before"
    head -c 3000000 /dev/zero | tr '\0' 'x' >"$1/usr/bin/large"
    find "$1" -exec touch -h -d @1700000000 {} +
}

# disk FILE TREE LOADER: boot, ESP, root, swap, and a partition that nobody here can read.
disk() {
    local n start
    rm -f "$1"
    truncate -s 48M "$1"
    sgdisk -a 1 -U "${UUID}0" -n 1:2048:+1M -t 1:ef02 -u "1:${UUID}a" -n 2:4096:+4M -t 2:ef00 -u "2:${UUID}b" -n 3:12288:+32M \
        -u "3:${UUID}c" -n 4:77824:+1M -t 4:8200 -u "4:${UUID}d" -n 5:79872:+1M -u "5:${UUID}e" "$1" >/dev/null
    printf '%s' "core of $3" | dd of="$1" bs=512 seek=2048 conv=notrunc status=none
    mkfs.vfat -i 7195CA57 --offset 4096 "$1" 4096 >/dev/null
    printf 'loader %s' "$3" >loader
    touch -d @1700000000 loader
    mcopy -m -i "$1@@2M" loader ::LOADER.EFI
    mke2fs -q -t ext4 -F -U "${UUID}1" -E "offset=$((12288 * 512)),hash_seed=${UUID}2,root_owner=0:0" -d "$2" "$1" 32M
    truncate -s 1M swap
    mkswap -q -U "${UUID}3" swap >/dev/null
    dd if=/dev/urandom of=swap bs=4096 seek=10 count=4 conv=notrunc status=none
    dd if=swap of="$1" bs=512 seek=77824 conv=notrunc status=none
    printf 'LUKS\272\276\0\001%s' "$3" | dd of="$1" bs=512 seek=79872 conv=notrunc status=none
}

tree a
tree b
printf 'the program, NEW' >b/usr/bin/tool
mv b/etc/before b/etc/after
chmod 600 b/etc/os-release
touch -d @1700000001 b/usr/bin/kept
echo 'ann:x:1000:1000::/home/ann:/bin/sh' >>b/etc/passwd
sed -i s/5.2-1/5.2-2/ b/var/lib/dpkg/status
ln -s /usr/lib/systemd/system/ssh.service b/etc/systemd/system/multi-user.target.wants/ssh.service
evil=$'b/etc/\e[31m\377'
echo evil >"$evil"
find b -newermt @1700000002 -exec touch -h -d @1700000000 {} +
disk a.raw a old
disk b.raw b new
sgdisk -c 3:renamed b.raw >/dev/null

base=$(store_tool ingest store a.raw raw 1)
qemu-img convert -f raw -O qcow2 -B "$PWD/store/blobs/sha256/$base" -F qcow2 b.raw over.qcow2
layer=$(store_tool commit store "$base" over.qcow2 1)
status=0
"$SLIPWAY" diff --store store --json "$layer" >said.json || status=$?
[ "$status" = 10 ] || { echo "exit status $status"; exit 1; }
cat >want <<'WANT'
files changed /boot/efi/LOADER.EFI content
files added /etc/\x1b[31m\xff
files renamed /etc/after
files changed /etc/os-release mode
files changed /etc/passwd size
files added /etc/systemd/system/multi-user.target.wants/ssh.service
files changed /usr/bin/tool content
files changed /var/lib/dpkg/status content
not_compared [partition 5]
packages changed bash:amd64 version
partitions changed 1 data
partitions changed 3 name
partitions changed 5 data
units changed ssh.service state
users added ann comment gid home shell uid
WANT
python3 - said.json >got <<'PY'
import json, sys
for name, rows in sorted(json.load(open(sys.argv[1])).items()):
    for row in rows if isinstance(rows, list) else []:
        key = next(row[k] for k in ("where", "path", "package", "unit", "name", "key", "partition") if k in row)
        print(" ".join([name] + [row[k] for k in ("change",) if k in row] + [key] + sorted(row.get("changes", {}))))
PY
LC_ALL=C sort want | diff - <(LC_ALL=C sort got)
"$SLIPWAY" store verify --store store >/dev/null
[ -z "$(ls -A "$TMPDIR"/slipway-* 2>/dev/null)" ] || { find "$TMPDIR"; exit 1; }
