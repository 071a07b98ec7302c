# It gives its own error and status; the others are looked at all the same.
. "$CASE_LIB/disks.sh"
. "$CASE_LIB/damage.sh"
need qemu-img
make_disk disk.raw 9
"$SLIPWAY" convert -q -f raw disk.raw good.vmdk
cut_to good.vmdk cut.vmdk $(($(stat -c %s good.vmdk) - 600))
refused 5 "'cut.vmdk' is truncated" "$SLIPWAY" verify cut.vmdk
refused 1 "cannot open 'missing'" "$SLIPWAY" verify missing
status 1 "$SLIPWAY" verify good.vmdk missing cut.vmdk good.vmdk >said 2>warned
[ "$(grep -c '^good.vmdk: whole' said)" = 2 ]
grep -q "cannot open 'missing'" warned
grep -q "'cut.vmdk' is truncated" warned
status 5 "$SLIPWAY" verify --json cut.vmdk good.vmdk missing >result.json 2>warned
python3 - <<'PY'
import json
cut, good, missing = json.load(open("result.json"))["images"]
assert cut["whole"] is False and cut["code"] == 5 and "truncated" in cut["error"], cut
assert good["whole"] is True and "error" not in good, good
assert missing["code"] == 1 and missing["image"] == "missing", missing
PY
# A parent is opened only when that is allowed, and its damage is the child's.
"$SLIPWAY" convert -q -f raw -o cluster_size=64K disk.raw base.qcow2
hurt_unit base.qcow2 2162688
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 child.qcow2
refused 4 "--allow-parent" "$SLIPWAY" verify child.qcow2
status 5 "$SLIPWAY" verify --allow-parent . child.qcow2 >said
grep -q "^damaged: 65536 bytes at 2162688: .base.qcow2.: the compressed cluster" said
