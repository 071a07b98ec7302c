# Too little room is said before anything is fetched; a disk that fills up meanwhile keeps what came.
unshare -m true 2>/dev/null || { echo "skip: there are no mount namespaces"; exit 77; }
cat >inner <<'SH'
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
mkdir small
mount -t tmpfs -o size=3m none small || { echo "skip: no tmpfs may be mounted"; exit 77; }
rig_start "$PWD/rig"
head -c 4000256 /dev/urandom >disk.raw
rig_put k "$PWD/disk.raw"
run=(--object s3://lab/k -f raw --range-size 256K -j 1 -q -o small/out.qcow2)
status=0
rig_export "${run[@]}" 2>err || status=$?
[ $status = 1 ] || fail "exit status $status: $(cat err)"
grep -q "has 4000256 bytes, of which 4000256 are still to come, and the disk has room for" err || fail "$(cat err)"
[ "$(rig_count GetObject)" = 0 ] || fail "something was fetched all the same"

mount -o remount,size=6m small
rig_faults '{"op":"GetObject","after":8,"times":0,"do":"hold"}'
rig_export_spawn "${run[@]}" 2>err
rig_wait GetObject 8
head -c 4000000 /dev/zero >small/fill 2>/dev/null || true
rig_faults
touch rig/go
status=0
wait $pid || status=$?
[ $status = 1 ] || fail "exit status $status: $(cat err)"
grep -q 'No space left on device' err || fail "$(cat err)"
[ ! -e small/out.qcow2 ] || fail "there is a file"
rm small/fill
mount -o remount,size=20m small
rig_export "${run[@]}" --json >out 2>err || fail "it does not go on: $(cat err)"
kept=$(grep -o '"kept_bytes": [0-9]*' out | cut -d' ' -f2)
[ "$kept" -ge $((7 * 262144)) ] || fail "what came was not kept: $(cat out)"
"$SLIPWAY" convert -q small/out.qcow2 back.raw
cmp disk.raw back.raw || fail "the disk is another one"
SH
unshare -m bash -eu -o pipefail inner
