# The same for the lane import-snapshot: what it is seen to ask for, a cancel and what comes after an image included.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
used() { /usr/bin/python3 -B "$SLIPWAY_SOURCE/tests/rig/used_actions.py" "$1" "$RIG_DIR" arn:aws:iam::111122223333:role/vmimport; }
policies() { "$SLIPWAY" import --print-iam --lane import-snapshot --bucket lab --prefix p --account 111122223333 --region us-east-1 "$@"; }
rig_start "$PWD/rig"
head -c 11000000 /dev/urandom >disk.img
lane() { rig_import --lane import-snapshot -f raw disk.img --part-size 5M -q "$@"; }
rig_faults '{"op": "CreateMultipartUpload", "do": "drop-reply"}' '{"op": "CompleteMultipartUpload", "do": "drop-reply"}' \
    '{"op": "RegisterImage", "do": "drop-reply"}'
lane --prefix p --name 'web 1' >/dev/null
rig_faults
lane --prefix p --name 'web 2' >/dev/null # the old name goes
# What is imported and cannot be registered is used again, and taken back in the end.
rig_faults '{"op": "RegisterImage", "times": 0, "do": "error", "status": 403, "code": "UnauthorizedOperation"}'
if lane --prefix p/2 2>/dev/null; then fail "it was registered"; fi
if lane --prefix p/2 --description other 2>/dev/null; then fail "it was registered"; fi
rig_faults
cancel() {
    id=$("$SLIPWAY" import list --json | jq -r --arg key "$1/disk.img" '.[] | select(.disks[0].key == $key) | .import')
    "$SLIPWAY" import cancel "$id" --endpoint-url "$RIG_URL" >out 2>err || fail "cancel: $(cat out err)"
}
cancel p/2
echo for-ever >"$RIG_DIR/scenario"
before=$(rig_count DescribeImportSnapshotTasks)
rig_spawn --lane import-snapshot -f raw disk.img --prefix p/3 --part-size 5M -q
rig_wait DescribeImportSnapshotTasks $((before + 3))
kill "$pid"
wait "$pid" || true
cancel p/3
policies --out iam >/dev/null
used iam/operator-policy.json || fail "the policy is not what the lane import-snapshot asks for"

rm "$RIG_DIR/scenario"
after=(--tag a=b --copy-to eu-west-1 --share 444455556666)
lane --prefix p/4 --name 'web 3' "${after[@]}" >/dev/null
if used iam/operator-policy.json >out; then fail "what comes after an image wants nothing"; fi
policies "${after[@]}" --out after >/dev/null
used after/operator-policy.json || fail "the policy is not what comes after an image"
