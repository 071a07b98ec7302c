# A disk that changes while its blocks go is refused and its snapshot deleted; changed between two runs it is sent anew.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
rig_start "$PWD/rig"
ebs_disk disk.img 8
rig_faults '{"op":"PutSnapshotBlock","after":3,"do":"hold"}'
ebs_spawn -f raw disk.img -j 1 -q >out 2>err
ebs_held "$pid" || fail "it ended: $(cat err)"
printf changed | dd of=disk.img conv=notrunc bs=1 seek=3000000 status=none
ebs_release
status=0
wait "$pid" || status=$?
[ $status = 1 ] || fail "exit status $status, not 1: $(cat err)"
grep -q "'disk.img' changed while it was read" err || fail "not told: $(cat err)"
[ "$(rig_snapshots)" = 0 ] || fail "a snapshot is left of it"

rm "$RIG_DIR/go"
rig_faults '{"op":"PutSnapshotBlock","after":3,"do":"hold"}'
ebs_spawn -f raw disk.img -j 1 -q >out 2>err
ebs_held "$pid" || fail "it ended: $(cat err)"
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
printf again | dd of=disk.img conv=notrunc bs=1 seek=3000000 status=none
ebs_release
ebs_import -f raw disk.img -q >out 2>err || fail "$(cat err)"
[ "$(ebs_check "$(ebs_snapshot)" disk.img)" = 5 ] || fail "not the disk as it is now"
