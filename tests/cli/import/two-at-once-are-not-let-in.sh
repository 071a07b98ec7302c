# One destination, one slipway: the second one says so and touches nothing.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
echo for-ever >"$RIG_DIR/scenario"
head -c 6000000 /dev/urandom >disk.img
rig_spawn -f raw disk.img -q 2>/dev/null
rig_wait DescribeImportImageTasks 1
status=0
rig_import -f raw disk.img -q 2>err || status=$?
kill -9 "$pid"
wait "$pid" || true
[ $status = 1 ] || fail "exit status $status"
grep -q 'another slipway is importing to' err || fail "it does not say why: $(cat err)"
