# A file that may not grow, and where that can be had a full file system: exit 1, no output, no temporary file; what was there before stays as it is.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o aes.key
head -c 20000000 /dev/urandom >plain
head -c 1000 plain >small
"$SLIPWAY" seal plain -o plain.sealed --to aes:aes.key -q
mkdir out
for jobs in 1 8; do
    (
        ulimit -f 9000
        refused 1 'File too large' "$SLIPWAY" seal plain -o out/x.sealed --to aes:aes.key -q -j $jobs
        refused 1 'File too large' "$SLIPWAY" open plain.sealed -o out/x --key aes:aes.key -q -j $jobs
    )
    [ -z "$(ls -A out)" ]
done

mkdir disk
unshare -rm mount -t tmpfs -o size=8m none disk 2>/dev/null || { echo "no name spaces for users here"; exit 0; }
cat >inside <<'END'
set -eu
. "$CASE_LIB/disks.sh"
mount -t tmpfs -o size=8m none disk
"$SLIPWAY" seal small -o disk/x.sealed --to aes:aes.key -q
cp disk/x.sealed disk/x.keys .
for jobs in 1 8; do
    refused 1 'No space left' "$SLIPWAY" seal plain -o disk/x.sealed --to aes:aes.key -q -j $jobs
    (cd disk && nothing_but x.keys x.sealed)
    cmp x.sealed disk/x.sealed
    cmp x.keys disk/x.keys
    refused 1 'No space left' "$SLIPWAY" open plain.sealed -o disk/opened --key aes:aes.key -q -j $jobs
    (cd disk && nothing_but x.keys x.sealed)
done
END
unshare -rm bash inside
