# Data, discarded clusters and explicit zeros over a base; the parent's bytes where an overlay has none.
. "$CASE_LIB/disks.sh"
need qemu-img qemu-io
make_disk base.raw 9
qemu-img create -q -f qcow2 -b base.raw -F raw one.qcow2
qemu-img create -q -f qcow2 -b one.qcow2 -F qcow2 two.qcow2 12M
qemu-io -f qcow2 -c 'write -P 7 64k 200k' -c 'write -z 1M 256k' one.qcow2 >/dev/null
qemu-io -f qcow2 -c 'write -P 9 100k 1k' -c 'write -z -u 2M 64k' -c 'write -P 1 11M 4k' two.qcow2 >/dev/null
qemu-img convert -q -f qcow2 -O raw two.qcow2 want.raw
"$SLIPWAY" convert -q --allow-parent . two.qcow2 got.raw
cmp want.raw got.raw
"$SLIPWAY" convert -q --allow-parent . -j 8 two.qcow2 got.vmdk
qemu-img compare -q -f raw -F vmdk want.raw got.vmdk
