# Killed at counted requests of --lane import-snapshot, before the server did anything and after it did all, and at random times:
# the same command ends with one image over one ImportSnapshot a disk, or cancel leaves nothing.
# timeout: 1800
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/kills.sh"
rig_start "$PWD/rig"
echo success-at-once >"$RIG_DIR/scenario"
head -c 5600000 /dev/urandom >root.img
head -c 300000 /dev/urandom >data.img
needed=5900000 part=5242880
options=(--lane import-snapshot -f raw -j 1 --poll-interval 1 --part-size "$part" --tag a=b --share 444455556666 -q root.img data.img)
lane() { rig_import "${options[@]}" --prefix "$1" --name "web $1" --copy-to "eu-west-1,name=far $1"; }
imports=0

things() { echo "$(rig_images) $(rig_snapshots) $(rig_uploads)"; }

finished() { # POINT PREFIX
    local first
    first=$(cat out)
    lane "$2" >out 2>err || fail "$1: it does not go on: $(cat err)"
    [[ -z $first || $first = "$(cat out)" ]] || fail "$1: it was $first before, and is $(cat out) now"
    [ "$(lane "$2")" = "$(cat out)" ] || fail "$1: another image the next time"
    imports=$((imports + 1))
    [ "$(things)" = "$((2 * imports)) $((4 * imports)) 0" ] || fail "$1: images, snapshots, uploads after $imports imports: $(things)"
    grep -q "\"Name\": \"web $2\"" "$RIG_DIR/ec2/images/$(cat out).json" || fail "$1: not the image that is there"
    cmp -s root.img "$(rig_object "$2/root.img")" || fail "$1: the object is not the disk"
    kills_count "$1" UploadPart $needed $((needed + part))
    rm -f "$RIG_DIR"/s3/lab/objects/*
}

kills_begin
lane whole >out 2>err || fail "it does not work without a kill: $(cat err)"
kills_plan
finished 'not killed' whole
n=0 taken_back=0
for point in "${plan[@]}"; do
    n=$((n + 1)) prefix=$n-${point/:/-}
    kills_strike "$point" rig_spawn "${options[@]}" --prefix "$prefix" --name "web $prefix" --copy-to "eu-west-1,name=far $prefix"
    if [ $((n % 4)) = 3 ] && kills_taken_back root.img "$prefix"; then
        taken_back=$((taken_back + 1))
        [ "$(things)" = "$((2 * imports)) $((4 * imports)) 0" ] || fail "$point: cancelled, and left are: $(things)"
        continue
    fi
    finished "$point" "$prefix"
done
tasks=$(rig_tasks import-snap)
[[ $tasks -ge $((2 * imports)) && $tasks -le $((2 * (imports + taken_back))) ]] || fail "$tasks tasks for $imports imports"
kills_told
