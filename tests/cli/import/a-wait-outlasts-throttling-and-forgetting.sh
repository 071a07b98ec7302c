# Questions that EC2 throttles do not end the wait; a task that it forgot is known by the image that it made.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
echo success-at-once >"$RIG_DIR/scenario"
head -c 6000000 /dev/urandom >disk.img

rig_faults '{"op":"DescribeImportImageTasks","times":6,"do":"error","status":503,"code":"RequestLimitExceeded"}'
AWS_MAX_ATTEMPTS=2 rig_import -f raw disk.img -q >out 2>err || fail "throttling ended the wait: $(cat err)"
[ "$(rig_count DescribeImportImageTasks 503)" = 6 ] || fail "it was not throttled"
rig_faults '{"op":"DescribeImportImageTasks","times":0,"do":"error","status":403,"code":"UnauthorizedOperation"}'
if rig_import -f raw disk.img --prefix denied -q >out 2>err; then fail "a refusal did not end the wait"; fi
grep -q UnauthorizedOperation err || fail "the refusal is not told: $(cat err)"

rig_faults '{"op":"DescribeImportImageTasks","after":1,"do":"freeze-reply"}'
rig_spawn -f raw disk.img --prefix forgotten -q >out 2>err
rig_kill_frozen "import"
rm "$RIG_DIR"/ec2/import-ami-*.json
rig_import -f raw disk.img --prefix forgotten -q >out 2>err || fail "the image of a forgotten task is not found: $(cat err)"
grep -q '"Name": "import-ami-' "$RIG_DIR/ec2/images/$(cat out).json" || fail "not the image of that task: $(cat out)"
[ "$(rig_tasks)" = 0 ] || fail "it imported anew"
