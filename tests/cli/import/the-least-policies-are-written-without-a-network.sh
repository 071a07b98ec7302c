# --print-iam needs neither network nor credentials, and writes what `aws iam` takes, for the account and partition that are named.
unset "${!AWS_@}"
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null HTTPS_PROXY=http://127.0.0.1:1
fail() { echo "FAIL: $*" >&2; exit 1; }
key=arn:aws-cn:kms:cn-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
"$SLIPWAY" import --print-iam --bucket lab --prefix 'a b/*' --role-name importer --account 111122223333 --region cn-north-1 --kms-key $key \
    --tag a=b --out 'new/iam files' >out
[ "$(sort out)" = "$(printf 'new/iam files/%s.json\n' operator-policy role-policy role-trust)" ] || fail "$(cat out)"
jq -e '.Version == "2012-10-17" and (.Statement | all(.Effect == "Allow" and (.Action | length) > 0))' new/*/*.json >/dev/null || fail "a document is no policy"
if grep -q 'arn:aws:' new/*/*.json; then fail "China has a partition of its own"; fi
jq -e '[.Statement[] | select(.Action[] == "s3:PutObject") | .Resource] == [["arn:aws-cn:s3:::lab/a b/${*}/*"]]' new/*/operator-policy.json >/dev/null ||
    fail "the prefix is not taken by the letter: $(cat new/*/operator-policy.json)"
jq -e '.Statement[] | select(.Action == ["iam:PassRole"]) | .Resource == ["arn:aws-cn:iam::111122223333:role/importer"] and
    .Condition.StringEquals."iam:PassedToService" == "vmie.amazonaws.com"' new/*/operator-policy.json >/dev/null || fail "PassRole is for more than the role"
jq -e '.Statement[] | select(.Sid == "TagImportTask") | .Condition.StringEquals."ec2:CreateAction" == "ImportImage"' new/*/operator-policy.json >/dev/null ||
    fail "tags are for more than the task"
jq -e '[.Statement[] | select(.Resource == ["'$key'"])] | length == 1' new/*/role-policy.json >/dev/null || fail "the role may not use the key"
jq -e '.Statement[0].Condition.StringEquals == {"sts:Externalid": "vmimport", "aws:SourceAccount": "111122223333"}' new/*/role-trust.json >/dev/null ||
    fail "the trust is for more than this account"

"$SLIPWAY" import --print-iam --lane ebs-direct --region us-gov-west-1 >direct
jq -e 'keys == ["operator-policy"] and ([.[].Statement[].Action[]] | any(startswith("s3:")) | not)' direct >/dev/null || fail "$(cat direct)"
jq -e '.[].Statement[] | select(.Sid == "WriteSnapshot") | .Resource == ["arn:aws-us-gov:ec2:us-gov-west-1::snapshot/*"]' direct >/dev/null || fail "$(cat direct)"

refused() { # TEXT OPTION…
    local text=$1 got=0
    shift
    "$SLIPWAY" import --print-iam "$@" >out 2>err || got=$?
    [ $got = 2 ] && grep -qF -- "$text" err && [ ! -s out ] || fail "exit $got, no '$text': $(cat out err)"
}
refused '--account is needed' --bucket lab
refused '--bucket is needed' --account 111122223333
refused '12 digits' --bucket lab --account 1234
refused 'no name of a bucket' --bucket 'lab/*' --account 111122223333
refused 'partition' --bucket lab --account 111122223333 --region xx-nowhere-1
refused 'no ARN of a KMS key' --bucket lab --account 111122223333 --kms-key alias/x
