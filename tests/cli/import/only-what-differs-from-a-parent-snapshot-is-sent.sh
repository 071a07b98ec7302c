# --parent-snapshot: blocks that differ, zeros over the parent's data among them; without its digests all that has data.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
rig_start "$PWD/rig" --page 3
ebs_disk disk.img 8
ebs_import -f raw disk.img -q >out 2>err || fail "$(cat err)"
parent=$(ebs_snapshot)
[ "$(ebs_check "$parent" disk.img)" = 4 ] || fail "not 4 blocks"

# Block 0 becomes zeros, block 15 differs, block 8 is new; 1 and 14 stay.
head -c 524288 /dev/zero | dd of=disk.img conv=notrunc status=none
printf new | dd of=disk.img conv=notrunc bs=1 seek=$((8 * 524288)) status=none
printf other | dd of=disk.img conv=notrunc bs=1 seek=$((15 * 524288 + 9)) status=none
next() {
    before=$(rig_count PutSnapshotBlock)
    ebs_import -f raw disk.img -q --description "$1" --parent-snapshot "$parent" >out 2>err || fail "$1: $(cat err)"
    sent=$(($(rig_count PutSnapshotBlock) - before))
    child=$(grep -l "\"parent\": \"$parent\"" "$RIG_DIR"/ec2/snapshots/*.json)
    ebs_check "$(basename "$child" .json)" disk.img >/dev/null
    rm -r "${child%.json}"*
}
next with-digests
[ "$sent" = 3 ] || fail "$sent blocks were sent, and 3 differ"
# In pages of three, once.
[ "$(rig_count ListSnapshotBlocks)" = 2 ] || fail "$(rig_count ListSnapshotBlocks) questions for the parent's blocks"
rm "$XDG_STATE_HOME/slipway/import/$parent.blocks"
next without
[ "$sent" = 5 ] || fail "$sent blocks were sent; 4 have data, and 1 became zeros"
status=0
ebs_import -f raw disk.img -q --parent-snapshot snap-XY >out 2>err || status=$?
[ $status = 2 ] || fail "exit status $status of a parent that is no id"
grep -q "'snap-XY' is no id of a snapshot" err || fail "not told: $(cat err)"
