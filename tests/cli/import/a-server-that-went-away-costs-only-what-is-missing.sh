# The server is gone in the middle of a part, comes back, and takes no part twice; so it is with a token that expired.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
port=${RIG_URL##*:}
echo success-at-once >"$RIG_DIR/scenario"
head -c 27000000 /dev/urandom >disk.img
rig_faults '{"op":"UploadPart","part":4,"do":"freeze"}'
AWS_MAX_ATTEMPTS=2 rig_spawn -f raw disk.img --part-size 5M -q -j 1 2>err
rig_frozen "import"
rig_stop
status=0
wait "$pid" || status=$?
[ $status = 6 ] || fail "exit status $status: $(cat err)"
"$SLIPWAY" import list | grep -q ' sending ' || fail "the list does not say so"
rm "$RIG_DIR/faults.json"
rig_start "$PWD/rig" --port "$port"

rig_faults '{"op":"UploadPart","part":5,"times":0,"do":"error","status":400,"code":"ExpiredToken","message":"The provided token has expired."}'
status=0
rig_import -f raw disk.img --part-size 5M -q -j 1 2>err || status=$?
[[ $status != 0 && "$(cat err)" = *"ExpiredToken: The provided token has expired."* ]] || fail "exit status $status: $(cat err)"
rig_faults '{"op":"UploadPart","every":2,"times":0,"do":"drop","bytes":1000000}'
rig_import -f raw disk.img --part-size 5M -q -j 1 --json >out 2>err || fail "it does not go on: $(cat err)"
grep -q '"sent_bytes": 6028480' out || fail "more than parts 5 and 6 were sent: $(cat out)"
cmp disk.img "$(rig_object disk.img)" || fail "the object is not the image"
[ "$(rig_count UploadPart 200)" = 6 ] || fail "$(rig_count UploadPart 200) parts arrived"
[[ "$(rig_tasks)" = 1 && "$(rig_uploads)" = 0 ]] || fail "not finished once"
