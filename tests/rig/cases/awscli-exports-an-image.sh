#!/bin/bash
# Debian's awscli begins, polls and cancels exports against the rig, and reads ranges under an ETag.
set -eu
. "$(dirname "$0")/../rig.sh"
rig_need aws
work=$(mktemp -d)
trap 'rig_stop; rm -rf "$work"' EXIT
cd "$work"
rig_start "$work/rig"
trap 'rig_stop; rm -rf "$work"' EXIT
api() { aws "$@" --endpoint-url "$RIG_URL" --output text; }

head -c 3000000 /dev/urandom >disk
rig_exports vmdk disk 1000000
begin() {
    api ec2 export-image --image-id ami-0123 --disk-image-format VMDK --s3-export-location 'S3Bucket=lab,S3Prefix=a b/ü+' \
        --tag-specifications 'ResourceType=export-image-task,Tags=[{Key=k,Value=ö}]' --query ExportImageTaskId "$@"
}
task=$(begin --client-token one)
[ "$task" = "$(begin --client-token one)" ] || fail "the same client token made a second task"
if begin --client-token one --description x 2>err; then fail "a used client token was taken for another request"; fi
grep -q IdempotentParameterMismatch err || fail "no IdempotentParameterMismatch: $(cat err)"
poll() { api ec2 describe-export-image-tasks --export-image-task-ids "$task" --query "ExportImageTasks[0].[$1]"; }
[ "$(poll 'Status,Progress,Tags[0].Value')" = "active	0	ö" ] || fail "the task does not begin with its tags"
for _ in 1 2; do poll Status >last; done
[ "$(poll 'Status,S3ExportLocation.S3Prefix')" = "completed	a b/ü+" ] || fail "the task does not complete"
key="a b/ü+$task.vmdk"
api s3 cp "s3://lab/$key" back --quiet
cmp disk back || fail "the object is not what the test put there"

etag=$(api s3api head-object --bucket lab --key "$key" --query ETag)
[ "$(api s3api head-object --bucket lab --key "$key" --part-number 3 --query '[ContentLength,PartsCount]')" = "1000000	3" ] ||
    fail "the parts are not told"
api s3api get-object --bucket lab --key "$key" --if-match "$etag" --range bytes=10-19 ten >/dev/null
cmp ten <(tail -c +11 disk | head -c 10) || fail "the range is another one"
if api s3api get-object --bucket lab --key "$key" --if-match '"other"' no 2>err; then fail "another ETag was taken"; fi
grep -q PreconditionFailed err || fail "no PreconditionFailed: $(cat err)"

echo for-ever >"$RIG_DIR/scenario"
task=$(begin --client-token two)
api ec2 cancel-export-task --export-task-id "$task"
poll 'Status,StatusMessage' | grep -q '^deleted	Client initiated' || fail "a cancelled task is not deleted"
