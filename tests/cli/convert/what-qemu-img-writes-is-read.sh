# qcow2 of both versions, every kind of cluster and compression; VMDK and VHD as qemu-img makes them.
. "$CASE_LIB/disks.sh"
need qemu-img
make_disk disk.raw 9
check() {
    "$SLIPWAY" convert -q "${@:2}" "$1" back.raw
    cmp disk.raw back.raw || { echo "$1 is read wrong"; exit 1; }
}
for options in compat=0.10 compat=1.1 compression_type=zstd cluster_size=512 cluster_size=2M \
    cluster_size=2M,compression_type=zstd lazy_refcounts=on refcount_bits=1 extended_l2=on \
    extended_l2=on,cluster_size=16K; do
    qemu-img convert -q -f raw -O qcow2 -o "$options" disk.raw plain.qcow2
    check plain.qcow2
    qemu-img convert -q -c -f raw -O qcow2 -o "$options" disk.raw coded.qcow2
    check coded.qcow2 -j 8
    # A target of other units reads parts of clusters.
    "$SLIPWAY" convert -q -o cluster_size=8K coded.qcow2 other.qcow2
    qemu-img compare -q -f raw -F qcow2 disk.raw other.qcow2
done
qemu-img convert -q -f raw -O vmdk -o subformat=streamOptimized disk.raw stream.vmdk
check stream.vmdk
qemu-img convert -q -f raw -O vmdk -o subformat=monolithicSparse disk.raw sparse.vmdk
check sparse.vmdk
