# From wherever an import was killed: no task runs, no upload and no object is left; another object at the key stays.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 6000000 /dev/urandom >one.img
head -c 6000000 /dev/urandom >two.img
echo for-ever >"$RIG_DIR/scenario"
command=(-f raw one.img two.img --part-size 5M -q -j 1)

id_of() { # PREFIX
    "$SLIPWAY" import list --json |
        python3 -c 'import json, sys; print([i["import"] for i in json.load(sys.stdin) if i["disks"][0]["key"] == sys.argv[1]][0])' "$1/one.img"
}
running() { # how many tasks were neither cancelled nor came to an end
    grep -L '"cancelled": true' "$RIG_DIR"/ec2/import-ami-*.json 2>/dev/null | wc -l
}
killed_at() { # OP AFTER KIND: the command, killed at that request
    rm -f "$RIG_DIR/frozen"
    rig_faults '{"op":"'"$1"'","after":'"$2"',"do":"'"$3"'"}'
    rig_spawn "${command[@]}" --prefix "$1-$2-$3" 2>err >/dev/null
    rig_kill_frozen "$1"
}
gone() { # WHEN
    [ "$(rig_uploads)" = 0 ] || fail "$1: $(rig_uploads) uploads are left"
    [ "$(running)" = 0 ] || fail "$1: a task runs on"
    [ -z "$(find "$RIG_DIR/s3/lab/objects" -type f)" ] || fail "$1: an object is left"
    [ -z "$(find "$XDG_STATE_HOME" -name '*.parts')" ] || fail "$1: a log of parts is left"
}
for at in 'CreateMultipartUpload 1 freeze-reply' 'UploadPart 1 freeze' 'CompleteMultipartUpload 1 freeze-reply' \
    'ImportImage 0 freeze' 'ImportImage 0 freeze-reply' 'DescribeImportImageTasks 1 freeze'; do
    # shellcheck disable=SC2086 # three words
    killed_at $at
    rig_import cancel "$(id_of "${at// /-}")" -q 2>err || fail "$at: $(cat err)"
    gone "$at"
done

# A task that EC2 does not show yet is not one that is gone.
killed_at DescribeImportImageTasks 4 freeze
rig_faults '{"op":"DescribeImportImageTasks","times":3,"do":"error","status":400,"code":"InvalidConversionTaskId"}'
rig_import cancel "$(id_of DescribeImportImageTasks-4-freeze)" -q 2>err || fail "$(cat err)"
gone 'a task that is not shown yet'

# A task that may have been begun is not forgotten because the options are others now.
killed_at ImportImage 0 freeze-reply
status=0
rig_import "${command[@]}" --prefix ImportImage-0-freeze-reply --description other 2>err || status=$?
[[ $status = 4 && "$(cat err)" = *"or take it back: slipway import cancel"* ]] || fail "exit status $status: $(cat err)"
rig_import cancel "$(id_of ImportImage-0-freeze-reply)" -q
gone 'options that are others'

# Nor because of keys that are refused: nothing is taken back then, and nothing is said to be.
killed_at ImportImage 0 freeze-reply
id=$(id_of ImportImage-0-freeze-reply)
status=0
AWS_SECRET_ACCESS_KEY=wrong rig_import cancel "$id" -q 2>err || status=$?
[[ $status = 1 && "$(cat err)" = *"whether a task was begun is not known yet"* ]] || fail "exit status $status: $(cat err)"
rig_import cancel "$id" -q 2>err || fail "$(cat err)"
gone 'refused keys'
killed_at ImportImage 0 freeze-reply
if AWS_SECRET_ACCESS_KEY=wrong rig_import "${command[@]}" --prefix ImportImage-0-freeze-reply 2>err; then fail "not refused"; fi
status=0
rig_import "${command[@]}" --prefix ImportImage-0-freeze-reply --description other 2>err || status=$?
[[ $status = 4 && "$(cat err)" = *"or take it back: slipway import cancel"* ]] || fail "exit status $status: $(cat err)"
rig_import cancel "$id" -q 2>err || fail "$(cat err)"
gone 'keys that were refused before'
tasks=$(rig_tasks)

# Killed itself, cancel goes on, and the import does not until it is through.
killed_at DescribeImportImageTasks 2 freeze
id=$(id_of DescribeImportImageTasks-2-freeze)
rm "$RIG_DIR/frozen"
rig_faults '{"op":"DeleteObject","do":"freeze"}'
rig_spawn cancel "$id" 2>err
rig_kill_frozen "cancel"
status=0
rig_resume "$id" 2>err || status=$?
[[ $status = 4 && "$(cat err)" = *"finish that first: slipway import cancel $id"* ]] || fail "exit status $status: $(cat err)"
rig_import cancel "$id" --json >out
gone 'cancel, killed'
grep -q '"stage": "cancelled"' out || fail "$(cat out)"
rig_import cancel "$id" -q || fail "what is cancelled cannot be cancelled again"
"$SLIPWAY" import list | grep -q "^${id:0:12}  cancelled" || fail "the list does not say so"

# What was cancelled may be imported after all, as a task of its own.
echo success-at-once >"$RIG_DIR/scenario"
rig_resume "$id" -q | grep -q '^ami-' || fail "it is not imported anew"
[ "$(rig_tasks)" = $((tasks + 2)) ] || fail "not a task of its own"
status=0
rig_import cancel "$id" -q 2>err || status=$?
[[ $status = 4 && "$(cat err)" = *"the import has an image, 'ami-"* ]] || fail "exit status $status: $(cat err)"

# Another object at the key is not ours to remove.
rm "$RIG_DIR"/s3/lab/objects/*
echo for-ever >"$RIG_DIR/scenario"
killed_at DescribeImportImageTasks 3 freeze
echo other >other
rig_put DescribeImportImageTasks-3-freeze/one.img other
rig_import cancel "$(id_of DescribeImportImageTasks-3-freeze)" -q
cmp other "$(rig_object DescribeImportImageTasks-3-freeze/one.img)" || fail "somebody else's object is gone"
