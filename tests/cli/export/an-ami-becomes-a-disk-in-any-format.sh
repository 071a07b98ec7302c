# VMDK, VHD and RAW exports become raw, qcow2 and VMDK files that hold what AWS had; one task each, the object is removed.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 6000000 /dev/urandom >disk.raw
truncate -s 12M disk.raw
printf 'the end' | dd of=disk.raw bs=1 seek=12580000 conv=notrunc status=none
want=$("$SLIPWAY" inspect -f raw --digest disk.raw | grep -o 'sha256:[0-9a-f]*')
"$SLIPWAY" convert -q -f raw disk.raw disk.vmdk
"$SLIPWAY" convert -q -f raw disk.raw disk.vhd
rig_exports vmdk disk.vmdk 1000000
rig_exports vhd disk.vhd 1000000
rig_exports raw disk.raw 1000000

options=(--bucket lab --range-size 700K -q --json --digest)
n=0
for pair in VMDK:raw VMDK:qcow2 VHD:qcow2 raw:vmdk; do
    from=${pair%:*} to=${pair#*:} n=$((n + 1))
    rig_export "ami-0$n" "${options[@]}" --disk-image-format "$from" -o "$from.$to" >out || fail "$from to $to does not work"
    grep -q "\"fsverity\": \"$want\"" out || fail "$from to $to is another disk: $(cat out)"
    grep -q '"checked": true' out || fail "$from to $to was not held against S3's digest: $(cat out)"
    format=()
    [ "$to" != raw ] || format=(-f raw)
    "$SLIPWAY" inspect "${format[@]}" --digest "$from.$to" | grep -q "$want" || fail "$from.$to reads back differently"
    [ -z "$(rig_objects)" ] || fail "the object was left in the bucket"
done
[ "$(rig_count ExportImage 200)" = $n ] || fail "more or fewer exports than asked for"
if find . -maxdepth 1 -name '.*.object.*' | grep -q .; then fail "something was left beside the files"; fi
if grep '"op": "ExportImage"' rig/requests.jsonl | grep -v 'ClientToken=slipway-'; then fail "an export had no client token"; fi

rig_export ami-0100 --bucket lab --prefix 'a b/ü+' --tag 'owner=ö' --description text --role-name vmimport \
    --keep-object -O raw -o kept -q 2>err || fail "options are not taken: $(cat err)"
cmp disk.raw kept || fail "the disk is another one"
rig_objects | grep -q '^a%20b%2F%C3%BC%2Bexport-ami-' || fail "the object is not there under its name: $(rig_objects)"
