# The operator's policy is held against what the rig saw of each lane, faults and cancel included: nothing lacks, nothing is idle.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
used() { /usr/bin/python3 -B "$SLIPWAY_SOURCE/tests/rig/used_actions.py" "$1" "$RIG_DIR" arn:aws:iam::111122223333:role/vmimport; }
policies() { "$SLIPWAY" import --print-iam --bucket lab --account 111122223333 --region us-east-1 "$@"; }
rig_start "$PWD/rig"
head -c 11000000 /dev/urandom >disk.img

# Lost replies make it look for uploads and objects, a cancel takes everything back.
rig_faults '{"op": "CreateMultipartUpload", "do": "drop-reply"}' '{"op": "CompleteMultipartUpload", "do": "drop-reply"}'
rig_import -f raw disk.img --prefix p --part-size 5M >/dev/null
rig_faults
echo for-ever >"$RIG_DIR/scenario"
before=$(rig_count DescribeImportImageTasks)
rig_spawn -f raw disk.img --prefix p/2 --part-size 5M -q
rig_wait DescribeImportImageTasks $((before + 2))
kill "$pid"
wait "$pid" || true
echo success-at-once >"$RIG_DIR/scenario"
# EC2 forgets the task: its image is looked for by name.
rig_faults '{"op": "DescribeImportImageTasks", "times": 0, "do": "error", "status": 400, "code": "InvalidConversionTaskId", "message": "gone"}'
rig_import -f raw disk.img --prefix p/3 --part-size 5M -q >/dev/null 2>&1 || true
[ "$(rig_count DescribeImages)" -gt 0 ] || fail "nobody looked for the image"
rig_faults
id=$("$SLIPWAY" import list --json | jq -r '.[] | select(.disks[0].key == "p/2/disk.img") | .import')
"$SLIPWAY" import cancel "$id" --endpoint-url "$RIG_URL" >out 2>err || fail "cancel: $(cat out err)"
policies --prefix p --out iam >/dev/null
used iam/operator-policy.json || fail "the policy is not what the lane import-image asks for"

# The comparison sees what is missing and what is too much, and the prefix counts.
jq '.Statement[0].Action -= ["s3:PutObject"]' iam/operator-policy.json >less.json
if used less.json >out; then fail "a missing action goes unseen"; fi
grep -q 'UploadPart is not allowed: s3:PutObject on arn:aws:s3:::lab/p/disk.img' out || fail "$(cat out)"
jq '.Statement[0].Action += ["s3:PutObjectAcl"]' iam/operator-policy.json >more.json
if used more.json >out; then fail "an idle action goes unseen"; fi
grep -qx 's3:PutObjectAcl is allowed and never used' out || fail "$(cat out)"
policies --prefix q --out other >/dev/null
if used other/operator-policy.json >out; then fail "the prefix does not count"; fi

# A name, tags, copies and launch permissions want more, and only then.
cat >after.yml <<'YML'
distribution:
  - region: us-east-1
    amiDistributionConfiguration: {name: web 1, amiTags: {stage: lab}, launchPermission: {userIds: ['444455556666']}}
  - region: eu-west-1
    amiDistributionConfiguration: {targetAccountIds: ['777788889999']}
YML
after=(--tag a=b --distribution after.yml)
rig_import -f raw disk.img --prefix p/4 --part-size 5M -q "${after[@]}" >/dev/null
if used iam/operator-policy.json >out; then fail "what comes after an image wants nothing"; fi
policies --prefix p "${after[@]}" --out after >/dev/null
used after/operator-policy.json || fail "the policy is not what comes after an image"

# With --check the check's own questions are in it: an account where IAM may not simulate makes it read every policy.
rig_iam '.roles.vmimport.boundary = "arn:aws:iam::111122223333:policy/b" |
    .boundaries."arn:aws:iam::111122223333:policy/b".Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}'
echo '{"encrypted": true, "key": "alias/aws/ebs"}' >"$RIG_DIR/volumes.json"
rig_faults '{"op": "SimulatePrincipalPolicy", "times": 1, "do": "error", "status": 403, "code": "AccessDenied"}'
rig_import --check --prefix p >out || fail "$(cat out)"
policies --prefix p "${after[@]}" --check | jq '."operator-policy"' >check.json
used check.json || fail "the policy with --check is not what the lane and the check ask for"
if used after/operator-policy.json >out; then fail "the check asks for nothing of its own"; fi
