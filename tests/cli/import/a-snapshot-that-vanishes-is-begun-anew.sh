# A snapshot may be unknown for a moment after its start; one that ends while it is written, or ends as an error, is begun anew.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
rig_start "$PWD/rig"
ebs_disk disk.img 8
rig_faults '{"op":"PutSnapshotBlock","times":4,"do":"error","status":404,"code":"ResourceNotFoundException","reason":"SNAPSHOT_NOT_FOUND"}'
ebs_import -f raw disk.img -q >out 2>err || fail "a new snapshot: $(cat err)"
[ "$(rig_count StartSnapshot)" = 1 ] || fail "a snapshot that was not known yet was begun again"
ebs_check "$(ebs_snapshot)" disk.img >/dev/null

# So may one that was just completed.
cp disk.img late.img
rig_faults '{"op":"DescribeSnapshots","times":3,"do":"error","status":400,"code":"InvalidSnapshot.NotFound"}'
ebs_import -f raw late.img -q >out 2>err || fail "a snapshot that is not shown yet: $(cat err)"
[ "$(rig_count StartSnapshot) $(rig_snapshots)" = "2 2" ] || fail "it was begun again"

vanish() {
    rm -rf "$RIG_DIR/go" "$RIG_DIR/held" "$RIG_DIR"/ec2/snapshots/*
    cp disk.img "$1.img"
    rig_faults '{"op":"PutSnapshotBlock","after":3,"do":"hold"}'
    ebs_spawn -f raw "$1.img" -j 1 >out 2>err
    ebs_held "$pid" || fail "$1: it ended: $(cat err)"
    first=$(ebs_snapshot)
    "$1"
    ebs_release
    wait "$pid" || fail "$1: $(cat err)"
    grep -q "'$first' takes no blocks any more; it is begun anew" err || fail "$1: not told: $(cat err)"
    [ "$(rig_snapshots)" = 1 ] || fail "$1: $(rig_snapshots) snapshots"
    [ "$(ebs_check "$(ebs_snapshot)" disk.img)" = 4 ] || fail "$1: not 4 blocks"
}
gone() { rm -r "$RIG_DIR/ec2/snapshots/$first.json" "$RIG_DIR/ec2/snapshots/$first.blocks"; }
expired() { sed -i 's/"pending"/"error"/' "$RIG_DIR/ec2/snapshots/$first.json"; }
vanish gone
vanish expired

rm -r "$RIG_DIR"/ec2/snapshots/*
cp disk.img fate.img
echo error >"$RIG_DIR/snapshot-fate"
if ebs_import -f raw fate.img -q >out 2>err; then fail "an AMI of a snapshot that ended as error: $(cat out)"; fi
grep -q "ended as error.*run again" err || fail "not told: $(cat err)"
[ "$(rig_snapshots)" = 0 ] || fail "a snapshot that nobody can use is left"
rm "$RIG_DIR/snapshot-fate"
ebs_import -f raw fate.img -q >out 2>err || fail "again: $(cat err)"
ebs_check "$(ebs_snapshot)" disk.img >/dev/null
