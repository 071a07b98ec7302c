# --events: one JSON line each, to a file that grows or to a descriptor; a reader that goes away does not end the import.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
echo success-at-once >"$RIG_DIR/scenario"
head -c 6000000 /dev/urandom >disk.img
rig_faults '{"op":"ImportImage","do":"error","status":403,"code":"UnauthorizedOperation"}'
if rig_import -q -f raw disk.img --events events.jsonl --delete-object 2>err; then fail "it was not refused"; fi
rig_import -q -f raw disk.img --events events.jsonl --delete-object >out
python3 - "$(cat out)" <<'PY'
import json, re, sys
lines = [json.loads(line) for line in open("events.jsonl")]
for line in lines:
    assert list(line)[:3] == ["time", "event", "import"] and re.match(r"20\d\d-.*Z$", line["time"]), line
seen = [line.get("stage") or line.get("status") or line["event"] for line in lines]
assert seen == ["sending", "upload-begun", "uploaded", "sent", "importing", "active", "completed",
                "finishing", "object-deleted", "completed"], seen
assert lines[-1]["image_id"] == sys.argv[1], lines[-1]
assert len({line["import"] for line in lines}) == 1
PY
rig_import -q -f raw disk.img --prefix fd --events fd:7 7>fd.jsonl >/dev/null
grep -q '"stage":"completed"' fd.jsonl || fail "nothing came through the descriptor"
rig_import -q -f raw disk.img --prefix pipe --events fd:7 7> >(head -n 1 >first) 2>err | grep -q '^ami-' || fail "a reader went away: $(cat err)"

refused() { # STATUS TEXT WHERE
    status=0
    rig_import -q -f raw disk.img --prefix never --events "$3" >out 2>err || status=$?
    [ $status = "$1" ] && grep -qF "$2" err || fail "$3: exit status $status, $(cat err)"
}
refused 2 'is not open for writing' fd:9
refused 2 'is no descriptor' fd:x
refused 1 "cannot open 'no/where'" no/where
[ ! -e "$(rig_object never/disk.img)" ] || fail "something was sent"
