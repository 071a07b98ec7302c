# Questions that EC2 throttles do not end the wait; a task that it forgot is known by what it made.
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

# The same of ImportSnapshot: the description of a snapshot names its task. Without one, what to do is said.
lane() { rig_import --lane import-snapshot -f raw disk.img -q "$@"; }
forget() { # PREFIX: the task is done, and EC2 has forgotten it before anybody heard
    rm "$RIG_DIR/frozen"
    rig_faults '{"op":"DescribeImportSnapshotTasks","after":1,"do":"freeze-reply"}'
    rig_spawn --lane import-snapshot -f raw disk.img --prefix "$1" -q >out 2>err
    rig_kill_frozen "$1"
    rm "$RIG_DIR"/ec2/import-snap-*.json
}
forget snapshot
lane --prefix snapshot >out 2>err || fail "the snapshot of a forgotten task is not found: $(cat err)"
[ "$(rig_tasks import-snap)" = 0 ] || fail "the snapshot was imported anew"
made() { grep -l 'service for import-snap-' "$RIG_DIR"/ec2/snapshots/snap-*.json; }
snapshot=$(basename "$(made)" .json)
grep -q "$snapshot" "$RIG_DIR/ec2/images/$(cat out).json" || fail "not an image of that snapshot: $(cat out)"
forget taken-back
id=$("$SLIPWAY" import list --json | jq -r '.[] | select(.disks[0].key == "taken-back/disk.img") | .import')
"$SLIPWAY" import cancel "$id" --endpoint-url "$RIG_URL" >out 2>err || fail "cancel: $(cat err)"
[ "$(made)" = "$RIG_DIR/ec2/snapshots/$snapshot.json" ] || fail "the snapshot of a forgotten task was left behind"
forget lost
made | grep -v "$snapshot" | xargs rm
if lane --prefix lost >out 2>err; then fail "there is an image of no snapshot: $(cat out)"; fi
grep -q 'no snapshot of yours has its id in the description; running again imports anew' err || fail "not told: $(cat err)"
lane --prefix lost >out 2>err || fail "it is not imported anew: $(cat err)"
