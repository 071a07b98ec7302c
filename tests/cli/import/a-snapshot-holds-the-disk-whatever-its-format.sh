# The lane ebs-direct: what the snapshot holds, block by block, is the disk, from every format and from a sealed one.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
rig_need qemu-img
rig_start "$PWD/rig"
ebs_disk disk.img 40
"$SLIPWAY" convert -q -f raw disk.img stream.vmdk
"$SLIPWAY" convert -q -f raw disk.img -o subformat=monolithicSparse sparse.vmdk
qemu-img convert -f raw -O qcow2 -c disk.img packed.qcow2
qemu-img convert -f raw -O vhdx disk.img disk.vhdx
"$SLIPWAY" convert -q -f raw disk.img disk.vhd
"$SLIPWAY" keygen aes -o key >/dev/null
"$SLIPWAY" seal -q stream.vmdk -o stream.vmdk.sealed --to aes:key

check() {
    ebs_import "$@" -q >out 2>err || fail "$*: $(cat err)"
    grep -qxE 'ami-[0-9a-f]{17}' out || fail "$*: stdout is not an AMI's id: $(cat out)"
    blocks=$(ebs_check "$(ebs_snapshot)" disk.img)
    # 1000000 bytes from the start on are two blocks, 700000 up to the end two: the zeros between them are not sent.
    [ "$blocks" = 4 ] || fail "$*: $blocks blocks were sent, of which 4 have data"
    rm -r "$RIG_DIR"/ec2/snapshots/*
}
check -f raw disk.img
for image in stream.vmdk sparse.vmdk packed.qcow2 disk.vhdx disk.vhd; do
    check "$image"
done
check stream.vmdk.sealed --key aes:key
if grep -q '"unsigned": true' "$RIG_DIR/requests.jsonl"; then fail "a block went unsigned without TLS"; fi
echo "blocks sent: $(rig_count PutSnapshotBlock), of which needed: 28"
[ "$(rig_count PutSnapshotBlock)" = 28 ] || fail "more was sent than needed"
