# Resets in the middle of a part, and replies that never arrive after the work was done.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 23000000 /dev/urandom >disk.img
rig_faults '{"op":"UploadPart","every":3,"times":0,"do":"drop","bytes":1000000}' \
    '{"op":"CreateMultipartUpload","times":2,"do":"drop-reply"}' \
    '{"op":"CompleteMultipartUpload","do":"drop-reply"}' \
    '{"op":"ImportImage","times":2,"do":"drop-reply"}' \
    '{"op":"ListParts","do":"cut-reply","bytes":40}' \
    '{"op":"DescribeImportImageTasks","after":2,"do":"cut-reply","bytes":100}'
rig_import -f raw disk.img --part-size 5M -q | grep -q '^ami-' || fail "no AMI"
cmp disk.img "$(rig_object disk.img)" || fail "the object is not the image"
[ "$(rig_count UploadPart 0)" -ge 2 ] || fail "no part was dropped"
[ "$(rig_count ImportImage)" = 3 ] || fail "ImportImage was asked $(rig_count ImportImage) times"
[ "$(rig_tasks)" = 1 ] || fail "there are $(rig_tasks) tasks"
[ "$(rig_uploads)" = 0 ] || fail "$(rig_uploads) uploads are left open"
