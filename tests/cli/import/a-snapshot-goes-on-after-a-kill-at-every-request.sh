# Killed at counted requests of --lane ebs-direct, before the server did anything and after it did all, and at random times: the
# same command ends with one snapshot and one AMI, or cancel leaves nothing.
# timeout: 1800
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
. "$SLIPWAY_SOURCE/tests/rig/kills.sh"
rig_start "$PWD/rig"
ebs_disk disk.img 8
block=524288 needed=$((4 * 524288)) jobs=4

finished() { # POINT IMAGE
    local first
    first=$(cat out)
    ebs_import -f raw "$2" -q >out 2>err || fail "$1: it does not go on: $(cat err)"
    [[ -z $first || $first = "$(cat out)" ]] || fail "$1: it was $first before, and is $(cat out) now"
    images=$(cd "$RIG_DIR/ec2/images" && echo *)
    [ "$images" = "$(cat out).json" ] || fail "$1: not one AMI, the one that is told, but $images"
    [ "$(ebs_check "$(ebs_snapshot)" disk.img)" = 4 ] || fail "$1: there are more blocks than 4"
    kills_count "$1" PutSnapshotBlock $needed $((needed + jobs * block))
    rm -rf "$RIG_DIR"/ec2/snapshots/* "$RIG_DIR"/ec2/images/* "$2"
}

kills_begin
cp disk.img whole.img
ebs_import -f raw whole.img -q >out 2>err || fail "it does not work without a kill: $(cat err)"
kills_plan
finished 'not killed' whole.img
n=0
for point in "${plan[@]}"; do
    n=$((n + 1)) image=$n-${point/:/-}.img
    cp disk.img "$image"
    kills_strike "$point" ebs_spawn -f raw "$image" -q
    if [ $((n % 4)) = 3 ] && kills_taken_back "$image" ''; then
        [ "$(rig_snapshots)$(rig_images)" = 00 ] || fail "$point: cancelled, and a snapshot or an image is left"
        continue
    fi
    finished "$point" "$image"
done
kills_told
