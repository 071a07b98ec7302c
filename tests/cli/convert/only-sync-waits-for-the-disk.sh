# A converted file is whole at once; that a power cut cannot take it away costs a wait for the disk, and is asked for.
# A sanitizer does not work under a tracer.
[ -z "${SLIPWAY_SANITIZED:-}" ] || exit 77
command -v strace >/dev/null || exit 77
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
strace -f -o lazy -e trace=fsync,fdatasync "$SLIPWAY" convert -q -f raw disk.raw lazy.vmdk
strace -f -o sync -e trace=fsync,fdatasync "$SLIPWAY" convert -q --sync -f raw disk.raw sync.vmdk
if grep -q 'sync(' lazy; then
    echo "it waited without being asked to"
    exit 1
fi
[ "$(grep -c 'fsync(' sync)" -ge 2 ] # the file and its folder
cmp lazy.vmdk sync.vmdk
