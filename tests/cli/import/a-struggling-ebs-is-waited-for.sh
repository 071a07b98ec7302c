# Throttling, server errors, broken lines, a write that EBS lost, one that it never answers: the snapshot is the disk.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
rig_start "$PWD/rig"
head -c 12582912 /dev/urandom >disk.img
export SLIPWAY_STALL_S=1
rig_faults '{"op":"PutSnapshotBlock","every":10,"times":0,"do":"drop","bytes":100000}' \
    '{"op":"PutSnapshotBlock","after":2,"times":4,"do":"error","status":400,"code":"RequestThrottledException","reason":"ACCOUNT_THROTTLED"}' \
    '{"op":"PutSnapshotBlock","times":2,"do":"error","status":400,"code":"ValidationException","reason":"WRITE_REQUEST_TIMEOUT"}' \
    '{"op":"PutSnapshotBlock","times":3,"do":"error","status":500,"code":"InternalServerException"}' \
    '{"op":"PutSnapshotBlock","do":"drop-reply"}' '{"op":"PutSnapshotBlock","do":"hold"}' \
    '{"op":"StartSnapshot","do":"drop-reply"}' '{"op":"CompleteSnapshot","do":"drop-reply"}' \
    '{"op":"DescribeSnapshots","times":2,"do":"error","status":503,"code":"RequestLimitExceeded"}'
ebs_import -f raw disk.img -q >out 2>err || fail "$(cat err)"
grep -qxE 'ami-[0-9a-f]{17}' out || fail "no AMI: $(cat out err)"
[ "$(ebs_check "$(ebs_snapshot)" disk.img)" = 24 ] || fail "not 24 blocks"
echo "blocks sent: $(rig_count PutSnapshotBlock), of which needed: 24"
