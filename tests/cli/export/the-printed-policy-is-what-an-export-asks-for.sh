# The printed policies are held against what the rig saw of exports, of an image and of snapshots; --check names what is missing.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
used() { /usr/bin/python3 -B "$SLIPWAY_SOURCE/tests/rig/used_actions.py" "$1" "$RIG_DIR" arn:aws:iam::111122223333:role/vmimport; }
policies() { "$SLIPWAY" export --print-iam --region us-east-1 "$@"; }
rig_start "$PWD/rig"
head -c 1048576 /dev/urandom >disk.raw
rig_exports raw disk.raw
by_image=(--bucket lab --prefix p/)
run() { rig_export "${by_image[@]}" --disk-image-format RAW -q "$@" 2>err || fail "$(cat err)"; }
run ami-01 -o a.raw
run ami-01 -o b.raw # its object is gone: it is looked for, and made anew
echo for-ever >rig/scenario
before=$(rig_count DescribeExportImageTasks)
rig_export_spawn ami-02 "${by_image[@]}" -o c.raw -q 2>err
rig_wait DescribeExportImageTasks $((before + 1))
rig_export cancel "$("$SLIPWAY" export list --json | jq -r '.[] | select(.stage == "exporting").task_id')"
wait "$pid" || true
rm rig/scenario
policies "${by_image[@]}" --account 111122223333 --out iam >/dev/null
used iam/operator-policy.json || fail "the policy is not what the export of an image asks for"
run ami-03 -o d.raw --tag a=b
if used iam/operator-policy.json >out; then fail "a tag of the task wants nothing"; fi
policies "${by_image[@]}" --account 111122223333 --tag a=b | jq '."operator-policy"' >tags.json
used tags.json || fail "the policy is not what a tag asks for"

check() { # STATUS TEXT ARGUMENT…
    local want=$1 text=$2 status=0
    shift 2
    rig_export --check "$@" >out 2>err || status=$?
    [ $status = "$want" ] || fail "exit status $status, not $want, of the check: $(cat out err)"
    grep -qFe "$text" out || fail "'$text' is not in: $(cat out)"
}
check 4 's3:GetBucketAcl on arn:aws:s3:::lab; s3:PutObject on arn:aws:s3:::lab/p/export-ami-' ami-01 "${by_image[@]}"
rig_iam ".roles.vmimport.inline.vmimport = $(jq -c . iam/role-policy.json)"
before=$(rig_count CreateMultipartUpload)
check 0 '10 checks, 0 refused, 0 unknown' ami-01 "${by_image[@]}"
[ "$(rig_count CreateMultipartUpload)" = "$before" ] || fail "an upload was begun in the bucket"
echo '{"algorithm": "aws:kms", "key": "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-4111-8111-111111111111"}' >rig/s3/lab/encryption.json
check 4 'EC2 exports to no bucket that encrypts with keys of KMS' ami-01 "${by_image[@]}"
rm rig/s3/lab/encryption.json

ebs_disk disk.img 8
ebs_import -f raw disk.img -q >/dev/null
parent=$(ebs_snapshot)
printf other | dd of=disk.img conv=notrunc bs=1 seek=9 status=none
ebs_import -f raw disk.img -q --parent-snapshot "$parent" >/dev/null
child=$(basename "$(grep -l "\"parent\": \"$parent\"" "$RIG_DIR"/ec2/snapshots/*.json)" .json)
: >"$RIG_DIR/requests.jsonl"
rig_export "$parent" base.qcow2 -q
policies >all
[ "$(jq -c keys all)" = '["operator-policy"]' ] || fail "a snapshot goes by no role: $(cat all)"
jq '."operator-policy"' all >snapshot.json
used snapshot.json || fail "the policy is not what the export of a snapshot asks for"
rig_export "$child" delta.qcow2 -B base.qcow2 --parent-snapshot "$parent" -q
if used snapshot.json >out; then fail "a parent wants nothing"; fi
policies --parent-snapshot "$parent" | jq '."operator-policy"' >delta.json
used delta.json || fail "the policy is not what a parent asks for"
check 0 '3 checks, 0 refused, 0 unknown' "$child"
check 4 'ebs:ListSnapshotBlocks, ebs:GetSnapshotBlock on arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0' snap-0123456789abcdef0
