# A file that is written to while it goes up would be a mixture: refused before it becomes an object.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 12000000 /dev/urandom >disk.img
rig_faults '{"op":"UploadPart","part":3,"do":"hold"}'
rig_spawn -f raw disk.img --part-size 5M -q 2>err
rig_wait UploadPart 2
printf 'x' | dd of=disk.img bs=1 seek=100 conv=notrunc status=none
touch "$RIG_DIR/go"
status=0
wait "$pid" || status=$?
[ $status = 1 ] || fail "exit status $status: $(cat err)"
grep -q "'disk.img' changed while it was read" err || fail "it does not say why: $(cat err)"
[[ "$(rig_tasks)" = 0 && "$(rig_uploads)" = 0 ]] || fail "something of it is left"
rig_import -f raw disk.img --part-size 5M -q | grep -q '^ami-' || fail "the next run does not import it"
cmp disk.img "$(rig_object disk.img)" || fail "the object is not the image"
