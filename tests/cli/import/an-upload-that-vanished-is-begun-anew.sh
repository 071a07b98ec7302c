# A lifecycle rule took the unfinished upload, somebody took the object, a disk crash took the log of parts.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 12000000 /dev/urandom >disk.img
stop_at() {
    rig_faults '{"op":"'"$1"'","times":0,"do":"error","status":403,"code":"AccessDenied"'"$2"'}'
    rig_import -f raw disk.img --part-size 5M -q --prefix "$3" 2>err && fail "$1 was not refused"
    rig_faults
}
go_on() {
    rig_import -f raw disk.img --part-size 5M -q --prefix "$1" 2>err | grep -q '^ami-' || fail "$1: $(cat err)"
    cmp disk.img "$(rig_object "$1/disk.img")" || fail "$1: the object is not the image"
    [ "$(rig_uploads)" = 0 ] || fail "$1: an upload is left open"
}
stop_at UploadPart ',"part":3' upload
rm -r "$RIG_DIR"/s3/lab/uploads/*
go_on upload

stop_at ImportImage '' object
rm "$(rig_object object/disk.img)"*
go_on object

stop_at ImportImage '' foreign
echo other >"$(rig_object foreign/disk.img)"
sed -i 's/"size": [0-9]*/"size": 6/' "$(rig_object foreign/disk.img).json"
go_on foreign

stop_at CompleteMultipartUpload '' log
rm "$XDG_STATE_HOME"/slipway/import/*.parts
go_on log
[ "$(rig_tasks)" = 4 ] || fail "four imports made $(rig_tasks) tasks"
