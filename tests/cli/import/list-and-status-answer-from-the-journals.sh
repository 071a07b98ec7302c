# Without a network: every import, what became of it, and what cannot be read; with one: the task, and what lies about.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
[ "$("$SLIPWAY" import list)" = '' ] && [ "$("$SLIPWAY" import list --json)" = '[]' ] || fail "nothing is not nothing"
rig_start "$PWD/rig"
head -c 6000000 /dev/urandom >'done.img'
head -c 6000000 /dev/urandom >running.img
rig_import -q -f raw done.img >ami
echo for-ever >"$RIG_DIR/scenario"
before=$(rig_count DescribeImportImageTasks)
rig_spawn -f raw running.img -q 2>/dev/null
rig_wait DescribeImportImageTasks $((before + 3))
"$SLIPWAY" import status --offline >busy
rig_import status >asked
kill -9 "$pid"
wait "$pid" || true
grep -q 'a slipway is at work on it' asked || fail "it is not said that a slipway is at work: $(cat asked)"

asked_before=$(wc -l <"$RIG_DIR/requests.jsonl")
"$SLIPWAY" import list >out
env -u AWS_ACCESS_KEY_ID "$SLIPWAY" import list --json >json
[ "$(wc -l <"$RIG_DIR/requests.jsonl")" = "$asked_before" ] || fail "list asked the server"
grep -q "^[0-9a-f]\{12\}  completed  .*s3://lab/done.img  $(cat ami)" out || fail "the finished one: $(cat out)"
grep -q "^[0-9a-f]\{12\}  importing  .*s3://lab/running.img  import-ami-[0-9a-f]* active 19% converting" out ||
    fail "the running one: $(cat out)"
head -n 1 out | grep -q running || fail "the last changed is not the first: $(cat out)"
id=$(python3 -c 'import json; print([i["import"] for i in json.load(open("json")) if i["stage"] == "importing"][0])')

# What the service says is kept; by then the journal knows it without asking.
rig_import status "${id:0:6}" --json >status
python3 - <<'PY'
import json
s = json.load(open("status"))
assert s["stage"] == "importing" and s["busy"] is False and s["uploads"] == [] and s["tasks"][0]["status"] == "active", s
PY
echo unsupported-kernel >"$RIG_DIR/scenario"
sed -i 's/"scenario": "for-ever"/"scenario": "unsupported-kernel"/' "$RIG_DIR"/ec2/import-ami-*.json
for _ in 1 2 3 4; do rig_import status "$id" >out; done
grep -q '  failed, lane import-image' out || fail "the failure is not seen: $(cat out)"
"$SLIPWAY" import list | grep -q 'failed .*ClientError: Unsupported kernel' || fail "the outcome is not kept"

# An upload that somebody left at this key is named; where nobody can be asked, the journal answers.
rig_faults '{"op":"UploadPart","times":0,"do":"error","status":403,"code":"AccessDenied"}'
if rig_import -q -f raw running.img --prefix x 2>/dev/null; then fail "the part was not refused"; fi
rig_import status >out
grep -q "unfinished upload of s3://lab/x/running.img, begun 20.*(this import's)" out || fail "it is not named: $(cat out)"
rig_stop
AWS_MAX_ATTEMPTS=1 rig_import status "$id" >out 2>err || fail "no answer without the server: $(cat err)"
grep -q 'as the journal has it' err && grep -q 'failed' out || fail "it does not say so: $(cat err out)"
AWS_ACCESS_KEY_ID='' rig_import status "$id" 2>err | grep -q failed || fail "no answer without credentials: $(cat err)"

# Damaged journals, older ones, and names that are no id.
state=$XDG_STATE_HOME/slipway/import
echo '{' >"$state/$id.json"
echo '{"stage": "importing", "input": {}}' >"$state/00000000000000000000000000000000.json"
touch "$state/notes.json"
"$SLIPWAY" import list >out || fail "a damaged journal ends the list"
grep -q "^${id:0:12}  .*remove it to start anew" out || fail "the damaged one is hidden: $(cat out)"
grep -q '^000000000000  .*an earlier slipway wrote it' out || fail "the old one is hidden: $(cat out)"
[ "$(wc -l <out)" = 4 ] || fail "$(cat out)"
"$SLIPWAY" import list --json | python3 -c 'import json, sys; assert sum("fault" in i for i in json.load(sys.stdin)) == 2'
refused() {
    status=0
    "$SLIPWAY" import "${@:3}" >out 2>err || status=$?
    [ $status = "$1" ] && grep -qF "$2" err || fail "${*:3}: $status, $(cat err)"
}
refused 2 'is no id of an import' status ../../etc
refused 2 'is no id of an import' status 123
refused 2 '0 imports have an id' cancel 1234567
refused 2 'takes the id of one import' cancel
refused 5 'remove it to start anew' status "$id"
id=$("$SLIPWAY" import list | sed -n '/  sending /{s/ .*//p;q}')
refused 2 'ftp://x' status "$id" --endpoint-url ftp://x
