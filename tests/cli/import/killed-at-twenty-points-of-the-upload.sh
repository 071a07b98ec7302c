# kill -9 at random moments; the same command goes on: the object identical, one task, nothing left behind.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig" --bytes-per-s 60000000 --page 2
head -c 33000000 /dev/urandom >disk.img
options=(-f raw disk.img --part-size 5M -q --poll-interval 1)
began_ms=$(date +%s%3N)
rig_import "${options[@]}" --prefix 0 >/dev/null
whole_ms=$(($(date +%s%3N) - began_ms))
RANDOM=$$
echo "seed $$, undisturbed $whole_ms ms"
for n in $(seq 20); do
    wait_ms=$((whole_ms * (RANDOM % 1000) / 1000))
    rig_spawn "${options[@]}" --prefix "$n" 2>err >/dev/null
    sleep "$((wait_ms / 1000)).$(printf '%03d' $((wait_ms % 1000)))"
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    rig_import "${options[@]}" --prefix "$n" 2>err >out || fail "killed after $wait_ms ms: $(cat err)"
    grep -q '^ami-' out || fail "killed after $wait_ms ms: no AMI"
    cmp disk.img "$(rig_object "$n/disk.img")" || fail "killed after $wait_ms ms: the object is not the image"
    [ "$(rig_tasks)" = $((n + 1)) ] || fail "killed after $wait_ms ms: $(rig_tasks) tasks after $((n + 1)) imports"
    [ "$(rig_uploads)" = 0 ] || fail "killed after $wait_ms ms: $(rig_uploads) uploads are left open"
done
echo "parts sent: $(rig_count UploadPart 200), of which needed: $((7 * 21))"
