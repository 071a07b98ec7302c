# kill -9 while the n-th range is on its way: the same command gives the identical file, one export, no range twice in vain.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 5000000 /dev/urandom >disk.raw
truncate -s 5000192 disk.raw
rig_exports raw disk.raw 1048576
ranges=20 kills=${SLIPWAY_TEST_KILLS:-4}
run=(--disk-image-format RAW --bucket lab --range-size 256K -j 2 -q)
for n in $(seq "$kills"); do
    at=$((n * ranges / (kills + 1))) ami=ami-0$n
    before=$(rig_count GetObject)
    rm -f rig/go
    rig_faults "{\"op\":\"GetObject\",\"after\":$at,\"times\":0,\"do\":\"hold\"}"
    rig_export_spawn "$ami" "${run[@]}" -o "$n.raw" 2>err
    rig_wait GetObject $((before + at))
    kill -9 "$pid"
    wait "$pid" || true
    rig_faults
    touch rig/go
    [ ! -e "$n.raw" ] || fail "killed at range $at: the file is there"
    rig_export "$ami" "${run[@]}" --json -o "$n.raw" >out 2>err || fail "killed at range $at: $(cat err)"
    cmp disk.raw "$n.raw" || fail "killed at range $at: the file is another one"
    kept=$(grep -o '"kept_bytes": [0-9]*' out | cut -d' ' -f2) got=$(grep -o '"fetched_bytes": [0-9]*' out | cut -d' ' -f2)
    [ $((kept + got)) = 5000192 ] || fail "killed at range $at: $kept kept and $got fetched are not the object"
    # The two on their way, and one that had come but was not noted yet.
    [ "$kept" -ge $(((at - 1) * 262144)) ] || fail "killed at range $at: only $kept bytes were kept"
    [ "$(rig_count ExportImage)" = "$n" ] || fail "killed at range $at: exported twice"
done
read -r asked needed < <(rig_ranges)
echo "ranges asked for: $asked, of which needed: $needed"
[ "$needed" = $((kills * ranges)) ] || fail "the ranges are not those of the object"
[ "$asked" -le $((needed + 3 * kills)) ] || fail "ranges were fetched again without need"
[ -z "$(rig_objects)" ] || fail "the object was left in the bucket"
