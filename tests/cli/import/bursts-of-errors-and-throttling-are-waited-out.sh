# 500s, SlowDown, 200 with an error, RequestLimitExceeded: the import goes through, once.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 16000000 /dev/urandom >disk.img
rig_faults '{"op":"CreateMultipartUpload","do":"error","status":503,"code":"ServiceUnavailable"}' \
    '{"op":"UploadPart","part":1,"times":3,"do":"error","status":500,"code":"InternalError"}' \
    '{"op":"UploadPart","part":2,"times":2,"do":"error","status":503,"code":"SlowDown"}' \
    '{"op":"UploadPart","part":4,"do":"error","status":400,"code":"RequestTimeout"}' \
    '{"op":"CompleteMultipartUpload","times":2,"do":"ok-error","code":"InternalError"}' \
    '{"op":"ImportImage","times":2,"do":"error","status":503,"code":"RequestLimitExceeded"}' \
    '{"op":"DescribeImportImageTasks","after":1,"times":2,"do":"error","status":500,"code":"InternalError"}'
rig_import -f raw disk.img --part-size 5M -q | grep -q '^ami-' || fail "no AMI"
cmp disk.img "$(rig_object disk.img)" || fail "the object is not the image"
[[ "$(rig_count UploadPart 500)" = 3 && "$(rig_count ImportImage 503)" = 2 ]] || fail "the faults did not strike"
[[ "$(rig_tasks)" = 1 && "$(rig_uploads)" = 0 ]] || fail "more than one task, or an upload left open"

# The lane of snapshots, with what it asks besides.
head -c 6000000 disk.img >small.img
rig_faults '{"op":"CreateMultipartUpload","do":"ok-error","code":"InternalError"}' \
    '{"op":"UploadPart","part":2,"times":4,"do":"error","status":503,"code":"SlowDown"}' \
    '{"op":"CompleteMultipartUpload","do":"error","status":500,"code":"InternalError"}' \
    '{"op":"ImportSnapshot","times":2,"do":"error","status":503,"code":"RequestLimitExceeded"}' \
    '{"op":"DescribeImportSnapshotTasks","after":1,"times":2,"do":"error","status":500,"code":"InternalError"}' \
    '{"op":"RegisterImage","times":2,"do":"error","status":503,"code":"RequestLimitExceeded"}' \
    '{"op":"RegisterImage","times":2,"do":"error","status":500,"code":"InternalError"}'
rig_import --lane import-snapshot -f raw small.img --part-size 5M -q | grep -q '^ami-' || fail "no AMI over a snapshot"
cmp small.img "$(rig_object small.img)" || fail "the object is not the small image"
[[ "$(rig_count UploadPart 503)" = 6 && "$(rig_count RegisterImage)" = 5 ]] || fail "the faults did not strike"
[[ "$(rig_tasks import-snap)" = 1 && "$(rig_images)" = 2 && "$(rig_uploads)" = 0 ]] || fail "more than one task or image"

# A refusal is no burst: it ends at once.
rig_faults '{"op":"UploadPart","times":0,"do":"error","status":403,"code":"AccessDenied","message":"not yours"}'
status=0
rig_import -f raw disk.img --prefix other -q 2>err || status=$?
[ $status = 1 ] || fail "a refusal ends with $status"
grep -q 'part [0-9]*: AccessDenied: not yours (HTTP 403)' err || fail "AWS's code and message are missing: $(cat err)"

# A server that never recovers is exit 6.
rig_faults '{"op":"UploadPart","times":0,"do":"error","status":500,"code":"InternalError"}'
status=0
AWS_MAX_ATTEMPTS=2 rig_import -f raw disk.img --prefix other -q 2>err || status=$?
[ $status = 6 ] || fail "a server that fails for ever ends with $status"
