# What is found on the disk does not depend on what it is wrapped in; of an OVA every disk counts.
. "$CASE_LIB/disks.sh"
need sfdisk mke2fs mkfs.vfat mcopy qemu-img jq
mkdir work
"$CASE_LIB/broken-disk" unclean "$PWD/work" >/dev/null 2>&1
disk=work/unclean.raw
findings() { jq -r '[.images[0].rules[] | select(.state == "found") | .id | select(startswith("disk.format") | not)] | join(" ")'; }
for format in vmdk vhd vhdx qcow2 ova; do
    "$SLIPWAY" convert -q -f raw -O $format $disk d.$format
    found=$("$SLIPWAY" preflight --no-launch --json d.$format | findings || true)
    [ "$found" = linux.filesystem.clean ] || { echo "$format: '$found'"; exit 1; }
done
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" seal d.vmdk -q -o d.sealed --to aes:aes.key
refused 2 "--key" "$SLIPWAY" preflight --no-launch d.sealed
"$SLIPWAY" preflight --no-launch --json d.sealed --key aes:aes.key >v.json
[ "$(findings <v.json)" = linux.filesystem.clean ]
jq -e '.images[0].disks[0].sealed and .images[0].evidence.disks[0].table.kind == "gpt"' v.json >/dev/null
# What is not sealed to the key, signed by nobody, or called what it is not, is an error and no finding.
"$SLIPWAY" keygen aes -q -o other.key
refused 5 "d.sealed" "$SLIPWAY" preflight --no-launch d.sealed --key aes:other.key
"$SLIPWAY" keygen sign-ec -q -o lab.sign
refused 5 "is not vouched for" "$SLIPWAY" preflight --no-launch d.vmdk --trust lab.sign.pub
refused 2 "magic of vmdk" "$SLIPWAY" preflight --no-launch -f vhd d.vmdk
refused 2 "'tape'" "$SLIPWAY" preflight --no-launch -f tape d.vmdk
mkdir sealed
cp d.sealed* sealed
status=0
"$SLIPWAY" preflight --no-launch --json sealed >v.json || status=$?
[ "$status" = 2 ]
jq -e '.fleet.unreadable | length == 1 and (.[0].error | contains("--key"))' v.json >/dev/null
# The bytes of a disk without its parent are not known: nothing of them counts as passed.
qemu-img create -q -f qcow2 -b d.qcow2 -F qcow2 child.qcow2
"$SLIPWAY" preflight --no-launch --json child.qcow2 >v.json || [ $? = 4 ]
jq -e '[.images[0].rules[] | select(.id == "disk.partitions" or .id == "boot.code" or .id == "linux.filesystem.clean") | .state]
    == ["unknown", "unknown", "unknown"]' v.json >/dev/null
found=$("$SLIPWAY" preflight --no-launch --json --allow-parent . child.qcow2 | findings || true)
[ "$found" = "disk.parent linux.filesystem.clean" ]
# Hostile or not, every file of the corpora ends with a verdict or an error.
for file in "$SLIPWAY_SOURCE"/tests/fuzz/corpus/{partition,fat,content}/*; do
    status=0
    "$SLIPWAY" preflight --no-launch --json -f raw "$file" >v.json 2>err || status=$?
    case $status in 0 | 1 | 4 | 5) ;; *) echo "$file: $status"; cat err; exit 1 ;; esac
done
