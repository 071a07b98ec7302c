# The bytes of a disk are not known without its parent, nor where it is damaged.
. "$CASE_LIB/disks.sh"
. "$CASE_LIB/damage.sh"
need qemu-img qemu-io
make_disk base.raw 9
qemu-img create -q -f qcow2 -b base.raw -F raw child.qcow2
qemu-io -f qcow2 -c 'write -P 7 64k 200k' child.qcow2 >/dev/null
refused 4 "--allow-parent" "$SLIPWAY" inspect --digest child.qcow2
"$SLIPWAY" convert -q --allow-parent . child.qcow2 flat.raw
"$SLIPWAY" inspect --digest --allow-parent . child.qcow2 | grep '^digest:' >chain
"$SLIPWAY" inspect --digest -f raw flat.raw | grep '^digest:' >flat
cmp chain flat
"$SLIPWAY" convert -q -f raw flat.raw bad.qcow2
hurt_unit bad.qcow2 2162688
refused 5 "compressed cluster" "$SLIPWAY" inspect --digest bad.qcow2
