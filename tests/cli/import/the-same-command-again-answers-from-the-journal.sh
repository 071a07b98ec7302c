# A finished import is not done twice: the same id, and not one request.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 6000000 /dev/urandom >disk.img
first=$(rig_import -f raw disk.img -q)
before=$(wc -l <"$RIG_DIR/requests.jsonl")
second=$(rig_import -f raw disk.img -q --lane import-image)
[ "$first" = "$second" ] || fail "$first, then $second"
[ "$(wc -l <"$RIG_DIR/requests.jsonl")" = "$before" ] || fail "the second run asked the server"
rig_import -f raw disk.img -q --json | grep -q '"already_imported": true' || fail "--json does not say so"

# Another description is another task over the same object.
third=$(rig_import -f raw disk.img -q --description other)
[[ "$third" != "$first" && "$(rig_tasks)" = 2 ]] || fail "the other description made no task of its own"
[ "$(rig_count UploadPart)" = 1 ] || fail "the object was sent again"
