# Parents and deltas split in any way; a parent that was written to since is noticed.
. "$CASE_LIB/disks.sh"
need qemu-img qemu-io
make_disk disk.raw 9
for base in monolithicFlat twoGbMaxExtentSparse monolithicSparse; do
    for top in monolithicSparse twoGbMaxExtentSparse; do
        qemu-img convert -q -f raw -O vmdk -o subformat=$base disk.raw base.vmdk
        qemu-img create -q -f vmdk -o subformat=$top -b base.vmdk -F vmdk top.vmdk
        qemu-io -f vmdk -c 'write -P 0x5a 1M 100k' -c 'write -P 0x33 8M 512' top.vmdk >/dev/null
        qemu-img convert -q -f vmdk -O raw top.vmdk want.raw
        refused 4 "--allow-parent" "$SLIPWAY" convert top.vmdk got.raw
        "$SLIPWAY" convert -q --allow-parent . top.vmdk got.raw
        cmp want.raw got.raw
        rm top*.vmdk base*.vmdk got.raw
    done
done
qemu-img convert -q -f raw -O vmdk -o subformat=monolithicFlat disk.raw base.vmdk
qemu-img create -q -f vmdk -b base.vmdk -F vmdk top.vmdk
sed -i 's/^CID=.*/CID=00abcdef/' base.vmdk
refused 5 "not the parent it was made over" "$SLIPWAY" convert --allow-parent . top.vmdk got.raw
[ ! -e got.raw ]
