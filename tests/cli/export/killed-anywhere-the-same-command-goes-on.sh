# kill -9 at counted requests, before the server did anything and after it did all, and at random times: the same command gives
# the identical file, one export, no range twice in vain.
# timeout: 1800
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/kills.sh"
rig_start "$PWD/rig"
head -c 5000192 /dev/urandom >disk.raw
rig_exports raw disk.raw 1048576
ranges=20 size=5000192
run=(--disk-image-format RAW --bucket lab --range-size 256K -j 2 -q --poll-interval 1)
exports() { find rig/ec2-export -name '*.json' | wc -l; }
number() { grep -o "\"$1\": [0-9]*" out | cut -d' ' -f2; }

kills_begin
rig_export ami-0 "${run[@]}" -o whole.raw 2>err || fail "it does not work without a kill: $(cat err)"
kills_plan
n=0 again=0 over=0
for point in "${plan[@]}"; do
    n=$((n + 1)) ami=ami-0$n before=$(rig_count GetObject 206)
    kills_strike "$point" rig_export_spawn "$ami" "${run[@]}" -o "$n.raw"
    came=$(($(rig_count GetObject 206) - before))
    if [ -e "$n.raw" ]; then
        # Done, but for a word about it: it may be fetched once more, but never exported.
        cmp disk.raw "$n.raw" || fail "$point: the file that is there is not whole"
        again=$((again + 1)) came=0
        # Or it had noted that all is done: then the same command is another export.
        if grep -q " done .*$ami " <<<"$("$SLIPWAY" export list)"; then over=$((over + 1)); fi
    fi
    rig_export "$ami" "${run[@]}" --json -o "$n.raw" >out 2>err || fail "$point: it does not go on: $(cat err)"
    cmp disk.raw "$n.raw" || fail "$point: the file is another one"
    [ $(($(number kept_bytes) + $(number fetched_bytes))) = $size ] || fail "$point: what was kept and fetched is not the object"
    # The two on their way, and one that had come but was not noted yet.
    [ "$(number kept_bytes)" -ge $(((came - 3) * 262144)) ] || fail "$point: $came ranges came, and only $(number kept_bytes) bytes were kept"
    [ "$(exports)" = $((n + 1 + over)) ] || fail "$point: exported twice"
done
read -r asked needed < <(rig_ranges)
echo "killed at $n points, $again of them when the file was there; ranges asked for over needed: $asked / $needed"
[ "$needed" = $(((n + 1 + over) * ranges)) ] || fail "the ranges are not those of the object"
[ "$asked" -le $((needed + 3 * n + again * ranges)) ] || fail "ranges were fetched again without need"
[ -z "$(rig_objects)" ] || fail "the object was left in the bucket: $(rig_objects)"
