# The same for the lane ebs-direct: neither bucket nor role; blocks, a parent's too, an image, and what is taken back.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
used() { /usr/bin/python3 -B "$SLIPWAY_SOURCE/tests/rig/used_actions.py" "$1" "$RIG_DIR" none; }
policies() { "$SLIPWAY" import --print-iam --lane ebs-direct --region us-east-1 "$@"; }
rig_start "$PWD/rig"
ebs_disk disk.img 12
named() { echo "distribution: [{region: us-east-1, amiDistributionConfiguration: {name: $1}}]" >named.yml; }
named 'web 1'
rig_faults '{"op": "RegisterImage", "do": "drop-reply"}'
ebs_import -f raw disk.img --distribution named.yml -q >/dev/null
parent=$(ebs_snapshot)
named 'web 2'
ebs_import -f raw disk.img --distribution named.yml -q >/dev/null # the old name goes
rig_faults '{"op": "RegisterImage", "times": 0, "do": "error", "status": 403, "code": "UnauthorizedOperation"}'
ebs_disk other.img 13
if ebs_import -f raw other.img -q 2>/dev/null; then fail "it was registered"; fi
rig_faults
id=$("$SLIPWAY" import list --json | jq -r '.[] | select(.disks[0].path | endswith("other.img")) | .import')
"$SLIPWAY" import cancel "$id" --endpoint-url "$RIG_URL" >out 2>err || fail "cancel: $(cat out err)"
policies --out iam >out
[ "$(cat out)" = iam/operator-policy.json ] || fail "a lane without a role has more than one document: $(cat out)"
used iam/operator-policy.json || fail "the policy is not what the lane ebs-direct asks for"

after=(--tag a=b --copy-to eu-west-1 --share 444455556666 --parent-snapshot "$parent")
printf x | dd of=disk.img conv=notrunc bs=1 seek=5 status=none
ebs_import -f raw disk.img --name 'web 3' -q "${after[@]}" >/dev/null
if used iam/operator-policy.json >out; then fail "what comes after an image, and a parent, want nothing"; fi
policies "${after[@]}" | jq '."operator-policy"' >after.json
used after.json || fail "the policy is not what comes after an image"
# The check's own questions, where every volume is encrypted.
echo '{"encrypted": true, "key": "alias/aws/ebs"}' >"$RIG_DIR/volumes.json"
ebs_import --check >out || fail "$(cat out)"
grep -qx '4 checks, 0 refused, 0 unknown' out || fail "$(cat out)"
if grep -q 'bucket\|role' out; then fail "it asks for what the lane has not: $(cat out)"; fi
policies "${after[@]}" --check | jq '."operator-policy"' >check.json
used check.json || fail "the policy with --check is not what the lane and the check ask for"
