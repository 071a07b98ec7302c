# A disk without a magic must be named; one that carries another's magic is taken as named, with a warning.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
refused 2 "-f raw" "$SLIPWAY" convert disk.raw out.qcow2
[ ! -e out.qcow2 ]
"$SLIPWAY" convert -q -f raw disk.raw inner.qcow2
"$SLIPWAY" convert -f raw -O raw inner.qcow2 copy.raw 2>said
grep -q "warning: .*carries the magic of qcow2" said
# Read as raw it is padded to whole sectors and otherwise the same.
cmp -n "$(stat -c %s inner.qcow2)" inner.qcow2 copy.raw
refused 2 "carries the magic of qcow2" "$SLIPWAY" convert -f vmdk inner.qcow2 out.raw
