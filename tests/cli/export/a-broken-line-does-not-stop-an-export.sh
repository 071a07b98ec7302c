# Resets in the middle of ranges, cut and short replies, 503 and throttling: the same disk comes out.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 4000256 /dev/urandom >disk.raw
rig_exports raw disk.raw 1048576
rig_faults '{"op":"GetObject","every":7,"times":0,"do":"reset-reply","bytes":100000}' \
    '{"op":"GetObject","every":5,"times":0,"do":"cut-reply","bytes":70000}' \
    '{"op":"GetObject","every":4,"times":3,"do":"error","status":503,"code":"SlowDown"}' \
    '{"op":"HeadObject","do":"drop-reply"}' \
    '{"op":"ExportImage","do":"drop-reply"}' \
    '{"op":"DescribeExportImageTasks","times":2,"do":"error","status":503,"code":"RequestLimitExceeded"}'
rig_export ami-01 --disk-image-format RAW --bucket lab --range-size 256K -o out.raw -q --json >out 2>err ||
    fail "it gives up: $(cat err)"
cmp disk.raw out.raw || fail "the disk is another one"
grep -q '"checked": true' out || fail "it was not checked"
grep -q '"fault": "reset-reply"' rig/requests.jsonl || fail "no line was reset"
[ "$(find rig/ec2-export -name '*.json' | wc -l)" = 1 ] || fail "there is a second task"

# A server that answers with other bytes than were asked for is not believed.
rig_faults '{"op":"GetObject","times":0,"do":"short-reply","bytes":1000}'
status=0
rig_export ami-02 --disk-image-format RAW --bucket lab --range-size 256K -o short.raw -q 2>err || status=$?
[ $status = 6 ] || fail "exit status $status: $(cat err)"
grep -q 'the server sent 1000 of 262144 bytes' err || fail "the reason is not told: $(cat err)"
[ ! -e short.raw ] || fail "there is a file"

# A line that stands still, and a server that is gone for a while: it goes on by itself, and what came does not come again.
ranges() { grep -c '"range"' rig/requests.jsonl || true; }
rig_faults '{"op":"HeadObject","do":"hold-reply"}' '{"op":"GetObject","after":5,"do":"hold"}'
SLIPWAY_STALL_S=1 rig_export ami-03 --disk-image-format RAW --bucket lab --range-size 256K -j 1 -o still.raw -q 2>err ||
    fail "a line that stands still: $(cat err)"
cmp disk.raw still.raw || fail "a line that stands still: the disk is another one"
touch rig/go
before=$(ranges)
rig_faults '{"op":"GetObject","after":5,"do":"freeze"}'
rig_export_spawn ami-04 --disk-image-format RAW --bucket lab --range-size 256K -j 1 -o gone.raw -q 2>err
rig_frozen export
port=${RIG_URL##*:}
rig_stop
sleep "${SLIPWAY_TEST_GONE_S:-1}"
rm rig/faults.json
rig_start "$PWD/rig" --port "$port"
wait "$pid" || fail "a server that was gone: $(cat err)"
cmp disk.raw gone.raw || fail "a server that was gone: the disk is another one"
[ $(($(ranges) - before)) = 16 ] || fail "$(($(ranges) - before)) ranges were asked for, not 16"
[ "$(find rig/ec2-export -name '*.json' | wc -l)" = 4 ] || fail "an export was begun twice"
rig_stop

# A clock that is forty minutes off.
rig_start "$PWD/late" --clock-offset-s 2400
rig_exports raw disk.raw 1048576
rig_export ami-05 --disk-image-format RAW --bucket lab -o late.raw 2>err || fail "a wrong clock: $(cat err)"
grep -q 'clock is -2[34][0-9]* s off' err || fail "the clock is not mentioned: $(cat err)"
cmp disk.raw late.raw || fail "a wrong clock: the disk is another one"
