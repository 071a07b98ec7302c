# -B writes a qcow2 that names its parent and holds nothing that reads the same there.
. "$CASE_LIB/disks.sh"
need qemu-img qemu-io
make_disk base.raw 24
cp base.raw second.raw
printf 'changed' | dd of=second.raw bs=1 seek=5000000 conv=notrunc status=none
dd if=/dev/zero of=second.raw bs=64K seek=8 count=2 conv=notrunc status=none
mkdir out
"$SLIPWAY" convert -q -f raw base.raw out/base.qcow2

# The name is relative to the new image's folder, as qemu-img has it.
for jobs in 1 8; do
    "$SLIPWAY" convert -q -j $jobs -f raw -B base.qcow2 second.raw out/layer.$jobs.qcow2
done
cmp out/layer.1.qcow2 out/layer.8.qcow2
qemu-img check -q out/layer.1.qcow2
qemu-img compare -q -f raw -F qcow2 second.raw out/layer.1.qcow2
[ "$(stat -c %s out/layer.1.qcow2)" -lt 600000 ]
qemu-img info out/layer.1.qcow2 | grep -q '^backing file: base.qcow2'
qemu-img info out/layer.1.qcow2 | grep -q '^backing file format: qcow2'
"$SLIPWAY" convert -q -f raw -B ../base.raw -F raw second.raw out/over-raw.qcow2
qemu-img compare -q -f raw -F qcow2 second.raw out/over-raw.qcow2

# Of an overlay over that very parent only its own clusters are looked at.
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 out/overlay.qcow2
qemu-io -f qcow2 -c 'write -q -P 0x11 5M 100k' -c 'write -q -z 9M 64k' out/overlay.qcow2
"$SLIPWAY" convert --json --allow-parent out -B base.qcow2 out/overlay.qcow2 out/from-overlay.qcow2 >result.json
qemu-img compare -q -f qcow2 -F qcow2 out/overlay.qcow2 out/from-overlay.qcow2
python3 -c 'import json; r = json.load(open("result.json")); assert r["read_bytes"] <= 300000, r'

refused 2 "written without a parent" "$SLIPWAY" convert -f raw -B base.qcow2 second.raw out/x.vmdk
refused 2 "name it with -f raw" "$SLIPWAY" convert -f raw -B ../base.raw second.raw out/x.qcow2
refused 2 "has no digest" "$SLIPWAY" convert -f raw --digest -B base.qcow2 second.raw out/x.qcow2
refused 2 "-F: it is the format of -B" "$SLIPWAY" convert -f raw -F raw second.raw out/x.qcow2
truncate -s 8M small.raw
refused 2 "larger than the source" "$SLIPWAY" convert -f raw -B base.qcow2 small.raw out/x.qcow2
refused 1 "cannot open" "$SLIPWAY" convert -f raw -B missing.qcow2 second.raw out/x.qcow2
refused 2 "are the same file" "$SLIPWAY" convert -f raw -B base.qcow2 second.raw out/base.qcow2
[ ! -e out/x.qcow2 ]
