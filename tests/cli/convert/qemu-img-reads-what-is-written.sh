# The disks are identical to qemu-img, and a qcow2 has nothing to repair.
. "$CASE_LIB/disks.sh"
need qemu-img
make_disk disk.raw 9
for options in subformat=zstd subformat=plain subformat=zlib subformat=zlib,level=9,cluster_size=512 cluster_size=512 cluster_size=4K cluster_size=256K cluster_size=2M,level=9; do
    "$SLIPWAY" convert -q -f raw -o "$options" disk.raw disk.qcow2
    qemu-img check -q -f qcow2 disk.qcow2
    qemu-img compare -q -f raw -F qcow2 disk.raw disk.qcow2
done
"$SLIPWAY" convert -q -f raw disk.raw disk.vmdk
qemu-img compare -q -f raw -F vmdk disk.raw disk.vmdk
for subformat in dynamic fixed; do
    "$SLIPWAY" convert -q -f raw -o "subformat=$subformat" disk.raw disk.vhd
    qemu-img convert -q -f vpc -O raw disk.vhd vhd.raw
    # qemu takes the size of some VHDs from their geometry: what lies past the disk must be zeros.
    qemu-img compare -q -f raw -F raw disk.raw vhd.raw
done
