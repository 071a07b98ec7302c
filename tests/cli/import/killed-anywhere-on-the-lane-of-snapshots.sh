# Killed at counted requests of --lane import-snapshot (SLIPWAY_TEST_KILLS: at how many; 3 without it), when the server has
# done its work and nobody noted it: the same command ends with one image over one ImportSnapshot a disk.
# timeout: 1800
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 11000000 /dev/urandom >root.img
head -c 3000000 /dev/urandom >data.img
options=(--lane import-snapshot -f raw -j 1 --poll-interval 1 --part-size 5M --tag a=b --share 444455556666 -q root.img data.img)
lane() { rig_import "${options[@]}" --prefix "$1" --name "web $1" --copy-to eu-west-1,name="far $1"; }

lane whole >out || fail "it does not work without a kill"
all=$(wc -l <"$RIG_DIR/requests.jsonl")
kills=${SLIPWAY_TEST_KILLS:-3}
[ "$kills" -lt "$all" ] || kills=$all
for i in $(seq "$kills"); do
    n=$((i * all / kills))
    rm -f "$RIG_DIR/frozen"
    rig_faults '{"op":"*","after":'$((n - 1))',"do":"freeze-reply"}'
    rig_spawn "${options[@]}" --prefix "$n" --name "web $n" --copy-to "eu-west-1,name=far $n" >out 2>err
    rig_kill_frozen "request $n of $all"
    lane "$n" >out 2>err || fail "request $n of $all: it does not go on: $(cat err)"
    got="$(rig_images) $(rig_snapshots) $(rig_tasks import-snap) $(rig_uploads)"
    [ "$got" = "$((2 * i + 2)) $((4 * i + 4)) $((2 * i + 2)) 0" ] || fail "request $n of $all: images, snapshots, tasks, uploads: $got"
    grep -q "\"Name\": \"web $n\"" "$RIG_DIR/ec2/images/$(cat out).json" || fail "request $n: not the image that is there"
    cmp -s root.img "$(rig_object "$n/root.img")" || fail "request $n: the object is not the disk"
done
echo "killed at $kills of $all requests"
