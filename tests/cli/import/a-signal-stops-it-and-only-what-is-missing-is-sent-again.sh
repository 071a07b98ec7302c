# SIGTERM in the middle: exit 9; what had arrived is not sent again.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 42000000 /dev/urandom >disk.img
rig_faults '{"op":"UploadPart","part":7,"do":"hold"}'
rig_spawn -f raw disk.img --part-size 5M -q -j 1 2>err
rig_wait UploadPart 6
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
[ $status = 9 ] || fail "exit status $status: $(cat err)"
id=$("$SLIPWAY" import list | cut -c1-12)
grep -q "interrupted; the same command goes on from there, or: slipway import --resume $id\$" err || fail "not said how: $(cat err)"
rig_faults
rig_import -f raw disk.img --part-size 5M -q -j 3 --json >out 2>err || fail "it does not go on: $(cat err)"
grep -q '"sent_bytes": 10542720' out || fail "more than parts 7 to 9 was sent: $(cat out)"
cmp disk.img "$(rig_object disk.img)" || fail "the object is not the image"
[[ "$(rig_tasks)" = 1 && "$(rig_uploads)" = 0 ]] || fail "more than one task, or an upload left open"
