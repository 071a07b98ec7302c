# Another client, the same object: aws s3 cp gets what went up, and aws ec2 sees the task.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_need aws
rig_start "$PWD/rig"
head -c 17000000 /dev/urandom >disk.img
ami=$(rig_import -f raw disk.img --prefix 'ä +' -q)
aws s3 cp --endpoint-url "$RIG_URL" 's3://lab/ä +/disk.img' back.img --only-show-errors
cmp disk.img back.img || fail "aws s3 cp reads something else"
# S3 keeps the SHA-256 of the parts' digests: an object that has another one is sent anew, before it is imported.
sum=$(aws s3api head-object --bucket lab --key 'ä +/disk.img' --checksum-mode ENABLED --endpoint-url "$RIG_URL" --query ChecksumSHA256 --output text)
want=$(for part in 0 1 2; do tail -c +$((part * 8388608 + 1)) disk.img | head -c 8388608 | openssl dgst -sha256 -binary; done | openssl dgst -sha256 -binary | base64)
[ "$sum" = "$want-3" ] || fail "S3 keeps $sum of the object, not $want-3"
refused='{"op":"ImportImage","do":"error","status":400,"code":"InvalidParameter"}'
rig_faults "$refused"
if rig_import -f raw disk.img --prefix rot -q 2>err; then fail "it was imported"; fi
before=$(rig_count UploadPart)
rig_faults "$refused"
if rig_import -f raw disk.img --prefix rot -q 2>err; then fail "it was imported"; fi
[ "$(rig_count UploadPart)" = "$before" ] || fail "an object that is whole was sent again"
sed -i "s|$want|$(openssl rand -base64 32)|" "$(rig_object rot/disk.img).json"
rig_faults
rig_import -f raw disk.img --prefix rot -q >/dev/null 2>err || fail "$(cat err)"
[ "$(rig_count UploadPart)" = $((before + 3)) ] || fail "an object of other bytes was imported"
aws ec2 describe-import-image-tasks --endpoint-url "$RIG_URL" --query 'ImportImageTasks[].ImageId' --output text >seen
grep -qw "$ami" seen || fail "aws ec2 sees '$(cat seen)', slipway said '$ami'"
[ -z "$(find "$XDG_STATE_HOME" -name '*.parts')" ] || fail "the log of parts is left behind"
