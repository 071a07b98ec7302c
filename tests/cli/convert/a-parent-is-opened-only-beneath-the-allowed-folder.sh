# What a file names is never followed by itself, and never out of the folder.
. "$CASE_LIB/disks.sh"
need qemu-img
mkdir allowed out
make_disk allowed/base.raw 9
ln -s base.raw allowed/link.raw
child() {
    qemu-img create -q -u -f qcow2 -b "$1" -F "${2:-raw}" child.qcow2 9M
}
child base.raw
refused 4 "--allow-parent" "$SLIPWAY" convert child.qcow2 out/x.raw
"$SLIPWAY" convert -q --allow-parent allowed child.qcow2 got.raw
cmp got.raw allowed/base.raw
for name in /etc/passwd ../child.qcow2 link.raw "$PWD/allowed/base.raw"; do
    child "$name"
    refused 4 "leads out of 'allowed' or through a link" "$SLIPWAY" convert --allow-parent allowed child.qcow2 out/x.raw
done
for name in nbd://127.0.0.1:1/x 'json:{"driver":"file","filename":"/etc/passwd"}'; do
    child "$name"
    refused 4 "is not the name of a file" "$SLIPWAY" convert --allow-parent allowed child.qcow2 out/x.raw
done
mv child.qcow2 allowed/loop.qcow2
child loop.qcow2 qcow2
cp child.qcow2 allowed/loop.qcow2
refused 4 "its own descendant" "$SLIPWAY" convert --allow-parent allowed child.qcow2 out/x.raw
[ -z "$(ls -A out)" ]
