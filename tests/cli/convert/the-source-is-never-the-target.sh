# By whatever name: the same path, a link, a parent of the source.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
ln disk.raw hard.raw
ln -s disk.raw soft.raw
cp disk.raw before
refused 2 "the same file" "$SLIPWAY" convert -f raw disk.raw disk.raw
refused 2 "the same file" "$SLIPWAY" convert -f raw disk.raw hard.raw
refused 2 "the same file" "$SLIPWAY" convert -f raw disk.raw soft.raw
refused 2 "the same file" "$SLIPWAY" convert -f raw soft.raw ./disk.raw
if command -v qemu-img >/dev/null; then
    qemu-img create -q -f qcow2 -b disk.raw -F raw overlay.qcow2
    refused 2 "the same file" "$SLIPWAY" convert --allow-parent . overlay.qcow2 disk.raw
fi
mkdir folder.raw
refused 2 "not a regular file" "$SLIPWAY" convert -f raw disk.raw folder.raw
cmp disk.raw before
