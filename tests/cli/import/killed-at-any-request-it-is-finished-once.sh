# kill -9 at counted requests, before the server did anything and after it did all, and at random times: the same command
# finishes it with one AMI and one ImportImage, or cancel leaves nothing.
# timeout: 1800
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/kills.sh"
rig_start "$PWD/rig" --page 2
echo success-at-once >"$RIG_DIR/scenario"
head -c 10600000 /dev/urandom >one.img
head -c 1000000 /dev/urandom >two.img
needed=11600000 part=5242880
command=(-f raw one.img two.img --part-size "$part" -q -j 1 --poll-interval 1)
imports=0 prefix='' after=''

running() { find "$RIG_DIR/ec2" -maxdepth 1 -name 'import-ami-*.json' -exec grep -L '"cancelled": true' {} + | wc -l; }

finished() { # POINT
    local first
    first=$(cat out)
    rig_import "${command[@]}" "$after" --prefix "$prefix" >out 2>err || fail "$1: it does not go on: $(cat err)"
    grep -qxE 'ami-[0-9a-f]{17}' out || fail "$1: no AMI"
    [[ -z $first || $first = "$(cat out)" ]] || fail "$1: it was $first before, and is $(cat out) now"
    [ "$(rig_import "${command[@]}" "$after" --prefix "$prefix")" = "$(cat out)" ] || fail "$1: another AMI the next time"
    imports=$((imports + 1))
    [ "$(running)" = $imports ] || fail "$1: $(running) tasks for $imports imports"
    [ "$(rig_uploads)" = 0 ] || fail "$1: $(rig_uploads) uploads are left open"
    [ -z "$(find "$XDG_STATE_HOME" -name '*.parts')" ] || fail "$1: a log of parts is left"
    if [ "$after" = --delete-object ]; then
        [ -z "$(rig_objects)" ] || fail "$1: an object is left: $(rig_objects)"
    else
        cmp one.img "$(rig_object "$prefix/one.img")" && cmp two.img "$(rig_object "$prefix/two.img")" || fail "$1: other bytes"
    fi
    kills_count "$1" UploadPart $needed $((needed + part))
    rm -f "$RIG_DIR"/s3/lab/objects/*
}

kills_begin
prefix=whole after=--quiet
rig_import "${command[@]}" "$after" --prefix whole >out 2>err || fail "it does not work without a kill: $(cat err)"
kills_plan
finished 'not killed'
n=0
for point in "${plan[@]}"; do
    n=$((n + 1)) prefix=$n-${point/:/-}
    after=--quiet
    [ $((n % 2)) = 0 ] || after=--delete-object
    kills_strike "$point" rig_spawn "${command[@]}" "$after" --prefix "$prefix"
    if [ $((n % 4)) = 3 ] && kills_taken_back one.img "$prefix"; then
        [ "$(running)" = $imports ] || fail "$point: cancelled, and a task runs on"
        continue
    fi
    finished "$point"
done

# Between the note that the first object is there and the end of its log of parts.
prefix=log after=--quiet
kills_lines=$(wc -l <"$RIG_DIR/requests.jsonl")
rm -f "$RIG_DIR/frozen"
rig_faults '{"op":"UploadPart","after":3,"do":"freeze"}'
rig_spawn "${command[@]}" --prefix log >out 2>err
rig_kill_frozen "the second disk"
log=$(find "$XDG_STATE_HOME" -name '*.json' -newer one.img -exec grep -l '"sending"' {} +)
[ -e "$log" ] || fail "there is no journal of it: $log"
touch "${log%.json}.1.parts"
finished 'a log that was left'
kills_told
