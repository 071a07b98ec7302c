#!/bin/bash
# Debian's awscli uploads, imports, polls, cancels and reads back against the rig.
set -eu
. "$(dirname "$0")/../rig.sh"
rig_need aws
work=$(mktemp -d)
trap 'rig_stop; rm -rf "$work"' EXIT
cd "$work"
rig_start "$work/rig" --page 2
trap 'rig_stop; rm -rf "$work"' EXIT
key='a b/ü+ö.vmdk'
api() { aws "$@" --endpoint-url "$RIG_URL" --output text; }

head -c 21000000 /dev/urandom >image
api s3 cp image "s3://lab/$key" --quiet
cmp image "$(rig_object "$key")" || fail "the stored object is not what aws s3 cp sent"
api s3 cp "s3://lab/$key" back --quiet
cmp image back || fail "the object reads back differently"
[ "$(rig_count UploadPart 200)" = 3 ] || fail "aws s3 cp did not send three parts"

echo success-at-once >"$RIG_DIR/scenario"
container="Format=vmdk,UserBucket={S3Bucket=lab,S3Key='$key'}"
task=$(api ec2 import-image --disk-containers "$container" --client-token one --query ImportTaskId)
again=$(api ec2 import-image --disk-containers "$container" --client-token one --query ImportTaskId)
[ "$task" = "$again" ] || fail "the same client token made a second task"
if api ec2 import-image --disk-containers "$container" --description x --client-token one 2>err; then
    fail "a used client token was taken for other parameters"
fi
grep -q IdempotentParameterMismatch err || fail "no IdempotentParameterMismatch: $(cat err)"
poll() { api ec2 describe-import-image-tasks --import-task-ids "$task" --query "ImportImageTasks[0].[$1]"; }
[ "$(poll 'Status,StatusMessage')" = "active	pending" ] || fail "the first step is not pending"
case $(poll 'Status,ImageId') in "completed	ami-"*) ;; *) fail "the task does not complete with an image" ;; esac

echo deleted-with-prefix >"$RIG_DIR/scenario"
task=$(api ec2 import-image --disk-containers "$container" --client-token two --query ImportTaskId)
poll 'Status,StatusMessage' | grep -q '^deleted	CLIENT_ERROR : ClientError: Disk validation failed' ||
    fail "the failing task is not deleted with its reason"

upload=$(api s3api create-multipart-upload --bucket lab --key k --server-side-encryption aws:kms --ssekms-key-id x --query UploadId)
for part in 1 2 3; do
    api s3api upload-part --bucket lab --key k --upload-id "$upload" --part-number $part --body err >/dev/null
done
listed=$(api s3api list-parts --bucket lab --key k --upload-id "$upload" --query 'Parts[].PartNumber' | tr -s '\t\n' ' ')
[ "$listed" = "1 2 3 " ] || fail "ListParts pages do not join: '$listed'"
api s3api list-multipart-uploads --bucket lab --query 'Uploads[].UploadId' | grep -qF "$upload" || fail "the upload is not listed"
api s3api abort-multipart-upload --bucket lab --key k --upload-id "$upload"
[ "$(rig_uploads)" = 0 ] || fail "an aborted upload is still there"

export AWS_SECRET_ACCESS_KEY=wrong
api s3 cp image s3://lab/x --only-show-errors 2>err && fail "a wrong secret was accepted by S3"
grep -q SignatureDoesNotMatch err || fail "S3 does not say SignatureDoesNotMatch: $(cat err)"
api ec2 describe-import-image-tasks 2>err && fail "a wrong secret was accepted by EC2"
grep -q AuthFailure err || fail "EC2 does not say AuthFailure: $(cat err)"
