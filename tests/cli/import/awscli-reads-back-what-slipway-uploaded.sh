# Another client, the same object: aws s3 cp gets what went up, and aws ec2 sees the task.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_need aws
rig_start "$PWD/rig"
head -c 17000000 /dev/urandom >disk.img
ami=$(rig_import -f raw disk.img --prefix 'ä +' -q)
aws s3 cp --endpoint-url "$RIG_URL" 's3://lab/ä +/disk.img' back.img --only-show-errors
cmp disk.img back.img || fail "aws s3 cp reads something else"
aws ec2 describe-import-image-tasks --endpoint-url "$RIG_URL" --query 'ImportImageTasks[].ImageId' --output text >seen
[ "$(cat seen)" = "$ami" ] || fail "aws ec2 sees '$(cat seen)', slipway said '$ami'"
[ -z "$(find "$XDG_STATE_HOME" -name '*.parts')" ] || fail "the log of parts is left behind"
