# A part that nobody answers: the connection is given up, and the part goes over another one.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 12000000 /dev/urandom >disk.img
rig_faults '{"op":"UploadPart","part":2,"do":"hold"}'
SLIPWAY_STALL_S=1 rig_import -f raw disk.img --part-size 5M -q | grep -q '^ami-' || fail "no AMI"
cmp disk.img "$(rig_object disk.img)" || fail "the object is not the image"
[ "$(rig_tasks)" = 1 ] || fail "$(rig_tasks) tasks"
touch "$RIG_DIR/go"
