# kill -9 before and after the server's work, at the n-th request; the same command ends with one snapshot and one AMI.
# SLIPWAY_TEST_KILLS says how many points; "all": every one, before and after.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
rig_start "$PWD/rig"
ebs_disk disk.img 8
cp disk.img whole.img
ebs_import -f raw whole.img -q >/dev/null
total=$(wc -l <"$RIG_DIR/requests.jsonl")
killed=0

# kill_at N FAULT: an import of its own, killed while the rig holds its N-th request.
kill_at() {
    rm -rf "$RIG_DIR/go" "$RIG_DIR/held" "$RIG_DIR"/ec2/snapshots/* "$RIG_DIR"/ec2/images/*
    cp disk.img "$1-$2.img"
    rig_faults '{"op":"*","after":'$(($1 - 1))',"do":"'"$2"'"}'
    ebs_spawn -f raw "$1-$2.img" -q >out 2>err
    if ! ebs_held "$pid"; then
        # How often a state is asked for differs: this one had come to its end before.
        wait "$pid" || fail "$2 at request $1: $(cat err)"
        ebs_release
        return
    fi
    kill -9 "$pid"
    wait "$pid" 2>/dev/null || true
    killed=$((killed + 1))
    ebs_release
    ebs_import -f raw "$1-$2.img" -q >out 2>err || fail "$2 at request $1: $(cat err)"
    images=$(cd "$RIG_DIR/ec2/images" && echo *)
    [ "$images" = "$(cat out).json" ] || fail "$2 at request $1: not one AMI, the one that is told, but $images"
    [ "$(ebs_check "$(ebs_snapshot)" disk.img)" = 4 ] || fail "$2 at request $1: there are more blocks than 4"
}

if [ "${SLIPWAY_TEST_KILLS-}" = all ]; then
    for n in $(seq "$total"); do
        kill_at "$n" hold
        kill_at "$n" hold-reply
    done
else
    points=${SLIPWAY_TEST_KILLS:-4}
    for i in $(seq "$points"); do
        if [ $((i % 2)) = 0 ]; then fault=hold; else fault=hold-reply; fi
        kill_at $((1 + (i - 1) * (total - 1) / (points > 1 ? points - 1 : 1))) $fault
    done
fi
echo "killed at $killed of $total requests; blocks sent: $(rig_count PutSnapshotBlock), of which needed: $((4 * (killed + 1)))"
