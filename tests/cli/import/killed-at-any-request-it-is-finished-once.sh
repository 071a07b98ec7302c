# kill -9 at the n-th request, before the server did anything and after it did all; the same command finishes it: one
# AMI, one ImportImage, nothing left over. SLIPWAY_TEST_KILLS: at how many requests of each kind (default 3, spread).
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig" --page 2
echo success-at-once >"$RIG_DIR/scenario"
head -c 11000000 /dev/urandom >one.img
head -c 6000000 /dev/urandom >two.img
needed=$((11000000 + 6000000))
command=(-f raw one.img two.img --part-size 5M -q -j 1 --poll-interval 1)
imports=0 sent_needed=0

requests() { wc -l <"$RIG_DIR/requests.jsonl"; }

check() { # PREFIX WHEN: what holds once it is finished
    grep -qxE 'ami-[0-9a-f]{17}' out || fail "$2: no AMI"
    [ "$(rig_import "${command[@]}" --prefix "$1")" = "$(cat out)" ] || fail "$2: another AMI the next time"
    imports=$((imports + 1)) sent_needed=$((sent_needed + needed))
    [ "$(rig_tasks)" = $imports ] || fail "$2: $(rig_tasks) tasks after $imports imports"
    [ "$(rig_uploads)" = 0 ] || fail "$2: $(rig_uploads) uploads are left open"
    [ -z "$(find "$XDG_STATE_HOME" -name '*.parts')" ] || fail "$2: a log of parts is left"
    if [ "$3" = --delete-object ]; then
        [ ! -e "$(rig_object "$1/one.img")" ] && [ ! -e "$(rig_object "$1/two.img")" ] || fail "$2: an object is left"
    else
        cmp one.img "$(rig_object "$1/one.img")" && cmp two.img "$(rig_object "$1/two.img")" || fail "$2: other bytes"
    fi
}

for kind in freeze freeze-reply; do
    after=--quiet
    [ $kind = freeze ] || after=--delete-object
    command=(-f raw one.img two.img --part-size 5M -q -j 1 --poll-interval 1 "$after")
    before=$(requests)
    rig_import "${command[@]}" --prefix "$kind" >out
    all=$(($(requests) - before))
    check "$kind" "$kind, undisturbed" $after
    kills=${SLIPWAY_TEST_KILLS:-3}
    [ "$kills" -lt "$all" ] || kills=$all
    for k in $(seq "$kills"); do
        n=$((kills > 1 ? 1 + (k - 1) * (all - 1) / (kills - 1) : all / 2))
        rm -f "$RIG_DIR/frozen"
        rig_faults '{"op":"*","after":'$((n - 1))',"do":"'$kind'"}'
        rig_spawn "${command[@]}" --prefix "$kind-$n" >out 2>err
        rig_kill_frozen "$kind $n of $all"
        rig_import "${command[@]}" --prefix "$kind-$n" >out 2>err || fail "$kind $n of $all: $(cat err)"
        check "$kind-$n" "killed at request $n of $all ($kind)" $after
    done
done
python3 - "$RIG_DIR/requests.jsonl" $sent_needed <<'PY'
import json, sys
sent = sum(l.get("bytes", 0) for l in map(json.loads, open(sys.argv[1])) if l.get("op") == "UploadPart")
print(f"bytes sent over bytes needed: {sent} / {sys.argv[2]} = {sent / int(sys.argv[2]):.3f}")
PY
