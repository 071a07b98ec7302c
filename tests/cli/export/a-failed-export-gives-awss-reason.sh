# A task that ends as deleted gives AWS's reason at once; what EC2 refuses is said; the next run tries anew.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 1048576 /dev/urandom >disk.raw
rig_exports raw disk.raw
run() { rig_export --disk-image-format RAW -o out.raw "$@"; }
expect() { # STATUS TEXT ARGUMENT…
    local want=$1 text=$2 status=0
    shift 2
    run "$@" >out 2>err || status=$?
    [ $status = "$want" ] || fail "exit status $status, not $want: $(cat err)"
    grep -qFe "$text" err || fail "'$text' is not in: $(cat err)"
}
echo deleted >rig/scenario
expect 1 'ended as deleted: ClientError: Encrypted snapshots are not supported' --bucket lab ami-01
grep -q '(EC2 does not export this image: .*; export its snapshots instead.*slipway export snap-' err || fail "not explained: $(cat err)"
grep -q ': active 10% validating$' err || fail "the progress was not shown: $(cat err)"
grep -q ': deleting ClientError' err || fail "the change was not shown: $(cat err)"
"$SLIPWAY" export list | grep -A1 ' failed ' | grep -q 'Encrypted snapshots' || fail "the list does not tell the reason"
echo server-error >rig/scenario
expect 6 'ServerError: an internal error' --bucket lab ami-02
echo no-object >rig/scenario
expect 1 "completed, but there is no 's3://lab/export-ami-" --bucket lab ami-03
rm rig/scenario
expect 1 "InvalidAMIID.NotFound: The image id '[ami-99]' does not exist" --bucket lab ami-99
expect 1 'The service role nobody provided does not exist' --bucket lab ami-04 --role-name nobody
(
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_EC2_METADATA_DISABLED
    export AWS_EC2_METADATA_SERVICE_ENDPOINT=$RIG_URL
    expect 1 'no AWS credentials' --bucket lab ami-01
    run --bucket lab ami-01 -q --use-imds 2>err || fail "a failed export is not tried anew, by an instance: $(cat err)"
)
cmp disk.raw out.raw

before=$(wc -l <rig/requests.jsonl)
expect 2 '--description has more than 255 characters' --bucket lab ami-05 --description "$(printf 'ü%.0s' $(seq 256))"
expect 2 "EC2 exports VMDK, VHD or RAW, not 'qcow2'" --bucket lab ami-05 --disk-image-format qcow2
expect 2 "'i-05' is no id of an AMI" --bucket lab i-05
expect 2 'one of AMI, SNAPSHOT, --task ID and --object' --bucket lab ami-05 --task export-ami-1
if rig_export --object lab/x -o out.raw 2>err; then fail "that is no object"; fi
grep -qF -e "--object: 'lab/x' is not s3://BUCKET/KEY" err || fail "$(cat err)"
[ "$(wc -l <rig/requests.jsonl)" = "$before" ] || fail "wrong words led to requests"
