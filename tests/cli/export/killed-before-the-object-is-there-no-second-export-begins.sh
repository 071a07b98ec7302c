# Killed with the reply of ExportImage lost, and while the task runs: the same command finds the same task. Killed when the file is
# whole and the object gone: it finds the file.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 1048576 /dev/urandom >disk.raw
rig_exports raw disk.raw
run=(ami-01 --disk-image-format RAW --bucket lab -o out.raw -q)
rig_faults '{"op":"ExportImage","do":"delay-reply","ms":20000}'
rig_export_spawn "${run[@]}" 2>err
for _ in $(seq 300); do
    [ -z "$(find rig/ec2-export -name '*.json' 2>/dev/null)" ] || break
    sleep 0.05
done
kill -9 $pid
wait $pid || true
[ "$(find rig/ec2-export -name '*.json' | wc -l)" = 1 ] || fail "the first request never came"
# What may have been begun is not asked for with other words, nor forgotten because of keys that are refused.
if AWS_SECRET_ACCESS_KEY=wrong rig_export "${run[@]}" 2>err; then fail "a wrong secret was taken"; fi
status=0
rig_export "${run[@]}" --description other 2>err || status=$?
[[ $status = 4 && "$(cat err)" = *"may have been begun: run that command again"* ]] || fail "exit status $status: $(cat err)"
[ "$(find rig/ec2-export -name '*.json' | wc -l)" = 1 ] || fail "there is a second task"
echo for-ever >rig/scenario
rig_faults '{"op":"DescribeExportImageTasks","after":1,"do":"hold"}'
rig_export_spawn "${run[@]}" 2>err
rig_wait DescribeExportImageTasks 1
kill -9 $pid
wait $pid || true
rig_faults
touch rig/go
rig_export "${run[@]}" 2>err || fail "it does not go on: $(cat err)"
cmp disk.raw out.raw || fail "the disk is another one"
[ "$(find rig/ec2-export -name '*.json' | wc -l)" = 1 ] || fail "there is a second task"
"$SLIPWAY" export list | grep -q ' done .*ami-01 ' || fail "the list does not tell: $("$SLIPWAY" export list)"

# Done, and the object is gone: it is exported again, under another token.
rm out.raw rig/scenario
rig_export "${run[@]}" 2>err || fail "it is not exported again: $(cat err)"
[ "$(find rig/ec2-export -name '*.json' | wc -l)" = 2 ] || fail "the second export is no task of its own"
# Done, and the object was kept: it is only read again.
rig_export "${run[@]}" --keep-object 2>err
rig_export "${run[@]}" 2>err
[ "$(find rig/ec2-export -name '*.json' | wc -l)" = 3 ] || fail "an object that was still there was exported again"

# An object that may not be removed does not make of FILE less than it is.
rig_faults '{"op":"DeleteObject","times":0,"do":"error","status":403,"code":"AccessDenied"}'
if rig_export "${run[@]}" 2>err; then fail "it was not refused"; fi
grep -q "'out.raw' is whole; removing the object that it was made of (--keep-object leaves it): " err || fail "$(cat err)"
rig_faults

rm out.raw
run=(ami-01 --disk-image-format RAW --bucket lab -q)
rig_faults '{"op":"DeleteObject","do":"freeze-reply"}'
rig_export_spawn "${run[@]}" -o last.raw 2>err
rig_kill_frozen "the last request"
cmp disk.raw last.raw || fail "the file was not whole before the object went"
exports() { find rig/ec2-export -name '*.json' | wc -l; }
tasks=$(exports) ranges=$(rig_count GetObject)
# Another file is not that one.
rig_export "${run[@]}" -o other.raw 2>err || fail "another file: $(cat err)"
[ "$(exports)" = $((tasks + 1)) ] || fail "another file was taken for the one that is whole"
rm rig/frozen
rig_faults '{"op":"DeleteObject","do":"freeze-reply"}'
rig_export_spawn "${run[@]}" -o last.raw 2>err
rig_kill_frozen "the last request"
tasks=$(exports) ranges=$(rig_count GetObject)
rig_export "${run[@]}" -o last.raw --json >out 2>err || fail "the file that is whole: $(cat err)"
[[ "$(exports)" = "$tasks" && "$(rig_count GetObject)" = "$ranges" ]] || fail "what is whole was exported or fetched again"
grep -q '"object_bytes": 1048576' out || fail "nothing is told of it: $(cat out)"
"$SLIPWAY" export list | grep -q ' done .*ami-01 ' || fail "it is not done: $("$SLIPWAY" export list)"
