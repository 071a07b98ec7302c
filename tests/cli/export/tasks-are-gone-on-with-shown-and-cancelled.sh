# --task goes on with any task and finds its format; status asks EC2; cancel ends it; an object alone is converted.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_need aws
rig_start "$PWD/rig"
head -c 2097152 /dev/urandom >disk.raw
"$SLIPWAY" convert -q -f raw disk.raw disk.vhd
rig_exports vhd disk.vhd
rig_exports raw disk.raw
api() { aws ec2 "$@" --endpoint-url "$RIG_URL" --output text; }
# Somebody else's task: its format stands in no reply.
task=$(api export-image --image-id ami-07 --disk-image-format VHD --s3-export-location S3Bucket=lab,S3Prefix=p/ --query ExportImageTaskId)
rig_export status "$task" >out
grep -q "^$task: active 0% validating" out || fail "the status is not told: $(cat out)"
rig_export --task "$task" --keep-object -q --json -o a.raw >out 2>err || fail "$(cat err)"
cmp disk.raw a.raw || fail "the disk is another one"
grep -q "\"key\": \"p/$task.vhd\"" out || fail "the object is another one: $(cat out)"
rig_export --object "s3://lab/p/$task.vhd" -q -o b.raw 2>err || fail "$(cat err)"
cmp disk.raw b.raw || fail "the object is another disk"
[ "$(rig_objects | wc -l)" = 1 ] || fail "an object that was only read is gone"

# Our own, cancelled while it is waited for: AWS's reason ends the waiting.
echo for-ever >rig/scenario
before=$(rig_count DescribeExportImageTasks)
rig_export_spawn ami-08 --bucket lab --disk-image-format RAW -o c.raw 2>err
rig_wait DescribeExportImageTasks $((before + 2))
task=$("$SLIPWAY" export list --json | grep -A1 exporting | grep -o 'export-ami-[0-9a-f]*')
status=0
rig_export ami-08 --bucket lab --disk-image-format RAW -o d.raw 2>err2 || status=$?
[ $status = 4 ] || fail "a second one was let in: $status $(cat err2)"
rig_export cancel "$task"
status=0
wait $pid || status=$?
[ $status = 1 ] || fail "exit status $status: $(cat err)"
grep -q "task '$task' ended as deleted: Client initiated task cancelation" err || fail "$(cat err)"
rm rig/scenario
rig_export ami-08 --bucket lab --disk-image-format RAW -o c.raw -q 2>err || fail "it cannot be exported again: $(cat err)"
cmp disk.raw c.raw
status=0
rig_export --task export-ami-0 -o e.raw 2>err || status=$?
[ $status = 1 ] || fail "exit status $status"
grep -q "EC2 does not know task 'export-ami-0'" err || fail "$(cat err)"
if rig_export cancel export-ami-0 2>err; then fail "a task that is none was cancelled"; fi
# EC2 forgets a task: its object is found all the same, the journal tells how it was, and without the object it begins anew.
echo success-at-once >rig/scenario
rig_faults '{"op":"DescribeExportImageTasks","do":"freeze-reply"}'
rig_export_spawn ami-06 --bucket lab --disk-image-format RAW -o g.raw -q 2>err
rig_kill_frozen export
rm rig/ec2-export/*
run=(ami-06 --bucket lab --disk-image-format RAW -o g.raw -q)
before=$(rig_count ExportImage)
rig_export "${run[@]}" 2>err || fail "the object of a forgotten task is not found: $(cat err)"
cmp disk.raw g.raw
[ "$(rig_count ExportImage)" = "$before" ] || fail "it was exported again"
task=$("$SLIPWAY" export list --json | jq -r '.[] | select(.image_id == "ami-06").task_id')
rig_export status "$task" >out 2>err || fail "the journal does not tell: $(cat err)"
grep -q " done .* $task " out || fail "$(cat out)"
rig_faults '{"op":"DescribeExportImageTasks","do":"freeze-reply"}'
rm rig/frozen
rig_export_spawn "${run[@]}" 2>err
rig_kill_frozen export
rm -r rig/ec2-export/* rig/s3/lab/objects/*
if rig_export "${run[@]}" 2>err; then fail "there is a disk of no object"; fi
grep -q "and there is no 's3://lab/export-ami-.*running again exports 'ami-06' anew" err || fail "not told: $(cat err)"
rig_export "${run[@]}" 2>err || fail "it is not exported anew: $(cat err)"
rm rig/scenario

# A signal: exit 9, and the command can be given again.
echo for-ever >rig/scenario
rig_export_spawn ami-09 --bucket lab --disk-image-format RAW -o f.raw -q 2>err
before=$(rig_count DescribeExportImageTasks)
rig_wait DescribeExportImageTasks $((before + 2))
kill -TERM $pid
status=0
wait $pid || status=$?
[ $status = 9 ] || fail "exit status $status after a signal: $(cat err)"
