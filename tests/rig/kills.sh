# shellcheck shell=bash
# For sweeps of kill -9: `. rig.sh; . kills.sh`. SLIPWAY_TEST_KILLS says at how many points (3 without it), SLIPWAY_TEST_SEED at
# which (the same ones without it). Whatever moment a point hits, the same must hold after it: nothing depends on how fast it is.

# kills_begin: before the run that nobody disturbs. kills_plan after it: $plan has the points, one a word.
# freeze:N and freeze-reply:N are the N-th request before and after the server's work; at:MS is a time within the run.
kills_begin() {
    kills_lines=$(wc -l <"$RIG_DIR/requests.jsonl")
    kills_from=$(date +%s%N)
    kills_sent=0 kills_needed=0 kills_done=0
}
kills_plan() {
    local ms=$((($(date +%s%N) - kills_from) / 1000000)) requests
    requests=$(($(wc -l <"$RIG_DIR/requests.jsonl") - kills_lines))
    mapfile -t plan < <(awk -v count="${SLIPWAY_TEST_KILLS:-3}" -v seed="${SLIPWAY_TEST_SEED:-1}" -v requests=$requests -v ms=$ms '
        BEGIN {
            srand(seed)
            counted = count - int(count / 3)
            if (counted > 2 * requests) counted = 2 * requests
            for (i = 0; i < counted; i++)
                printf "%s:%d\n", i % 2 ? "freeze-reply" : "freeze", 1 + int((i + rand()) * requests / counted)
            for (i = 0; i < count - counted; i++)
                printf "at:%d\n", (i + rand()) * ms / (count - counted)
        }')
    echo "a run asks $requests times in $ms ms; points: ${plan[*]}"
}

# kills_strike POINT COMMAND…: the command, which runs in the background as $pid, is killed there. It may be done by then;
# its stdout is in out.
kills_strike() {
    local kind=${1%:*} at=${1#*:} status=0
    shift
    rm -f "$RIG_DIR/frozen"
    kills_lines=$(wc -l <"$RIG_DIR/requests.jsonl")
    [ "$kind" = at ] || rig_faults "{\"op\":\"*\",\"after\":$((at - 1)),\"do\":\"$kind\"}"
    "$@" >out 2>err
    if [ "$kind" = at ]; then
        sleep "$(printf '%d.%03d' $((at / 1000)) $((at % 1000)))"
    else
        # shellcheck disable=SC2154 # the command set it
        until [ -e "$RIG_DIR/frozen" ] || ! kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
    fi
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" || status=$?
    rig_faults
    [[ $status = 0 || $status = 137 ]] || fail "$kind:$at: it ended by itself with $status: $(cat err)"
}

# kills_count POINT OP NEEDED MOST: what went over the line since the point began is NEEDED bytes, and no more than MOST.
kills_count() {
    local sent
    sent=$(tail -n +$((kills_lines + 1)) "$RIG_DIR/requests.jsonl" |
        jq -s --arg op "$2" 'map(select(.op == $op) | .bytes // 0) | add // 0')
    [[ $sent -ge $3 && $sent -le $4 ]] || fail "$1: $sent bytes were sent; $3 are needed, and more than $4 are wasted"
    kills_sent=$((kills_sent + sent)) kills_needed=$((kills_needed + $3)) kills_done=$((kills_done + 1))
}

# kills_told: the sum.
kills_told() {
    awk -v n="$kills_done" -v points="${#plan[@]}" -v sent="$kills_sent" -v needed="$kills_needed" \
        'BEGIN { printf "killed at %d points; %d imports came to an end: bytes sent over bytes needed %d / %d = %.3f\n", points, n, sent, needed, sent / needed }'
}

# kills_taken_back FILE PREFIX: cancels the import of that image. False when it was done before.
kills_taken_back() {
    local id status=0
    id=$("$SLIPWAY" import list --json | jq -r --arg file "$1" --arg key "$2/$1" '
        .[] | select((.disks[0].key // $key) == $key and (.disks[0].path | endswith("/" + $file))) | .import')
    if [ -n "$id" ]; then
        "$SLIPWAY" import cancel "$id" --endpoint-url "$RIG_URL" --poll-interval 1 -q 2>err || status=$?
        if [[ $status = 4 && "$(cat err)" = *image* ]]; then return 1; fi
        [ $status = 0 ] || fail "cancel: exit status $status: $(cat err)"
    fi
    [ "$(rig_uploads)" = 0 ] || fail "cancelled, and $(rig_uploads) uploads are left"
    [ -z "$(rig_objects)" ] || fail "cancelled, and objects are left: $(rig_objects)"
    [ -z "$(find "$XDG_STATE_HOME" -name '*.parts')" ] || fail "cancelled, and a log of parts is left"
}
