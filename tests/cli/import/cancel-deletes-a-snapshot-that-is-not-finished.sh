# cancel takes back the snapshot, also one whose id nobody noted; what an image was made of stays; the same command begins anew.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
rig_start "$PWD/rig"
ebs_disk disk.img 8
cancel() {
    id=$("$SLIPWAY" import list --json | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["import"])')
    "$SLIPWAY" import cancel "$id" --endpoint-url "$RIG_URL" >out 2>err
}
for op in StartSnapshot PutSnapshotBlock CompleteSnapshot DescribeSnapshots; do
    rm -rf "$RIG_DIR/go" "$RIG_DIR/held"
    rig_faults '{"op":"'$op'","do":"hold-reply"}'
    ebs_spawn -f raw disk.img -q >out 2>err
    ebs_held "$pid" || fail "$op: it ended: $(cat err)"
    kill -9 "$pid"
    wait "$pid" 2>/dev/null || true
    ebs_release
    # The disk itself is not needed for it.
    [ $op != PutSnapshotBlock ] || mv disk.img away.img
    cancel || fail "$op: $(cat err)"
    [ "$(rig_snapshots)" = 0 ] || fail "$op: a snapshot is left"
    [ -e disk.img ] || mv away.img disk.img
done
ebs_import -f raw disk.img -q >out 2>err || fail "after the cancels: $(cat err)"
[ "$(ebs_check "$(ebs_snapshot)" disk.img)" = 4 ] || fail "not 4 blocks"
status=0
cancel || status=$?
[ $status = 4 ] || fail "a finished import was cancelled with exit status $status: $(cat err)"
ebs_snapshot >/dev/null
