# A file that may not grow, and where that can be had a file system that is full.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
mkdir out
for format in raw qcow2 vmdk vhd; do
    for jobs in 1 8; do
        (
            ulimit -f 600
            refused 1 "out/disk" "$SLIPWAY" convert -f raw -O "$format" -j "$jobs" disk.raw out/disk
        )
        [ -z "$(ls -A out)" ] || { echo "$format left something"; exit 1; }
    done
done
if unshare -m true 2>/dev/null; then
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare -m bash -eu -c '
        . "$CASE_LIB/disks.sh"
        mount -t tmpfs -o size=1m tmpfs out || exit 0
        refused 1 "No space left on device" "$SLIPWAY" convert -f raw -O qcow2 disk.raw out/disk
        [ -z "$(ls -A out)" ]'
fi
