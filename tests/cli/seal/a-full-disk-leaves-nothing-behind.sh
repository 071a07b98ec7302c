# On a file system of 8 MiB: exit 1, no output, no temporary file; what was there before stays as it is.
"$SLIPWAY" keygen aes -q -o aes.key
mkdir disk
unshare -rm mount -t tmpfs -o size=8m none disk 2>/dev/null || { echo "no name spaces for users here"; exit 77; }
head -c 20000000 /dev/urandom >plain
head -c 1000 plain >small
"$SLIPWAY" seal plain -o plain.sealed --to aes:aes.key -q
cat >inside <<'END'
set -eu
mount -t tmpfs -o size=8m none disk
"$SLIPWAY" seal small -o disk/x.sealed --to aes:aes.key -q
cp disk/x.sealed disk/x.keys .
for jobs in 1 8; do
    status=0
    "$SLIPWAY" seal plain -o disk/x.sealed --to aes:aes.key -q -j $jobs 2>said || status=$?
    [ $status = 1 ]
    grep -q 'No space left' said
    [ "$(ls -A disk | tr '\n' ' ')" = "x.keys x.sealed " ]
    cmp x.sealed disk/x.sealed
    cmp x.keys disk/x.keys
    status=0
    "$SLIPWAY" open plain.sealed -o disk/opened --key aes:aes.key -q -j $jobs 2>said || status=$?
    [ $status = 1 ]
    grep -q 'No space left' said
    [ "$(ls -A disk | tr '\n' ' ')" = "x.keys x.sealed " ]
done
END
unshare -rm bash inside
