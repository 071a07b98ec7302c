# Its extents are opened by their bare names, right in that folder, and only when it is allowed.
. "$CASE_LIB/disks.sh"
need qemu-img
mkdir allowed out
make_disk disk.raw 9
for subformat in monolithicFlat twoGbMaxExtentFlat twoGbMaxExtentSparse; do
    qemu-img convert -q -f raw -O vmdk -o subformat=$subformat disk.raw "allowed/$subformat.vmdk"
    refused 4 "--allow-parent" "$SLIPWAY" convert "allowed/$subformat.vmdk" out/x.raw
    "$SLIPWAY" convert -q --allow-parent allowed "allowed/$subformat.vmdk" got.raw
    cmp disk.raw got.raw
    "$SLIPWAY" convert -q -j 8 --allow-parent allowed "allowed/$subformat.vmdk" got.vmdk
    "$SLIPWAY" convert -q got.vmdk got.raw
    cmp disk.raw got.raw
done

flat=allowed/monolithicFlat.vmdk
data=allowed/monolithicFlat-flat.vmdk
refused 2 "the same file" "$SLIPWAY" convert --allow-parent allowed $flat $data
refused 1 "cannot open the extent 'monolithicFlat-flat.vmdk' beneath 'out'" "$SLIPWAY" convert --allow-parent out $flat out/x.raw
truncate -s -1 $data
refused 5 "'monolithicFlat-flat.vmdk' is truncated" "$SLIPWAY" convert --allow-parent allowed $flat out/x.raw
mv $data allowed/elsewhere
ln -s elsewhere $data
refused 4 "leads out of 'allowed' or through a link" "$SLIPWAY" convert --allow-parent allowed $flat out/x.raw

extent() {
    printf '# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 1 FLAT "%s" 0\n' "$1" >allowed/hostile.vmdk
}
for name in /etc/passwd ../disk.raw fd:0 'json:{}' sub/x . 'nbd:127.0.0.1:1'; do
    extent "$name"
    refused 4 "line 6: extent '$name' is not the name of a file beside it" "$SLIPWAY" convert --allow-parent allowed allowed/hostile.vmdk out/x.raw
done
extent hostile.vmdk
refused 4 "its own descendant" "$SLIPWAY" convert --allow-parent allowed allowed/hostile.vmdk out/x.raw
[ -z "$(ls -A out)" ]
