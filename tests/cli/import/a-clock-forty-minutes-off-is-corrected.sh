# The server's Date corrects the clock once, on every lane; every request after that is right at once.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
head -c 6000000 /dev/urandom >disk.img
refused() { grep -cE '"code": "(RequestTimeTooSkewed|RequestExpired|InvalidSignatureException)"' "$RIG_DIR/requests.jsonl" || true; }
for offset in 2400 -2400; do
    rig_start "$PWD/rig$offset" --clock-offset-s $offset
    n=0
    for lane in import-image import-snapshot ebs-direct; do
        where=(--bucket lab --part-size 5M --prefix "$lane")
        [ $lane != ebs-direct ] || where=()
        cp disk.img "disk$offset.img"
        n=$((n + 1))
        "$SLIPWAY" import --lane $lane "${where[@]}" --endpoint-url "$RIG_URL" --poll-interval 20 -f raw "disk$offset.img" \
            >out 2>err || fail "$lane, $offset s: $(cat err)"
        grep -q '^ami-' out || fail "$lane: no AMI"
        grep -q "clock is -\?2[34][0-9]* s off" err || fail "$lane: the clock is not mentioned: $(cat err)"
        [ "$(refused)" = $n ] || fail "$lane: $(refused) requests were refused for their time in $n imports"
    done
    rig_stop
done
