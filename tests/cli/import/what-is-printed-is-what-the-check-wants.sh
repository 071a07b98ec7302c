# The printed documents, given to IAM by the AWS CLI, make a role and an operator with which --check finds nothing missing.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_need aws
rig_start "$PWD/rig" --page 2
iam() { aws iam "$@" --endpoint-url "$RIG_URL" --output text; }
"$SLIPWAY" import --print-iam --check --bucket lab --prefix p --role-name importer --account 111122223333 --region us-east-1 --out docs >/dev/null
got=0
rig_import --check --prefix p --role-name importer >out || got=$?
[ $got = 4 ] && grep -q '^refused  role ' out || fail "a role that is not there is fine: $(cat out)"

iam create-role --role-name importer --assume-role-policy-document file://docs/role-trust.json --query Role.Arn >arn
grep -qx 'arn:aws:iam::111122223333:role/importer' arn || fail "$(cat arn)"
iam put-role-policy --role-name importer --policy-name slipway --policy-document file://docs/role-policy.json
iam put-user-policy --user-name rig --policy-name slipway --policy-document file://docs/operator-policy.json
rig_import --check --prefix p --role-name importer >out || fail "$(cat out)"
grep -qx '14 checks, 0 refused, 0 unknown' out || fail "$(cat out)"
grep -q "for this account's imports only" out || fail "$(cat out)"
got=0
rig_import --check --prefix elsewhere --role-name importer >out || got=$?
[ $got = 4 ] && grep -q 's3:PutObject on arn:aws:s3:::lab/elsewhere/slipway-check' out || fail "another prefix is fine: $(cat out)"

# The rig's IAM answers the AWS CLI with the same.
[ "$(iam get-role --role-name importer --query 'Role.AssumeRolePolicyDocument.Statement[0].Principal.Service')" = vmie.amazonaws.com ] ||
    fail "the trust does not read back"
[ "$(iam simulate-principal-policy --policy-source-arn arn:aws:iam::111122223333:role/importer --action-names s3:GetObject s3:PutObject \
    --resource-arns arn:aws:s3:::lab/p/x --query 'EvaluationResults[].EvalDecision')" = "allowed	implicitDeny" ] || fail "the simulation is another"
