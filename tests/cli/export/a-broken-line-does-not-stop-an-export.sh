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
