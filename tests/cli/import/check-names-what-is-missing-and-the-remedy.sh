# Each thing that may be wrong, one at a time: the line is refused (exit 4) or unknown (exit 0), and names the permission.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_kms_start "$PWD/rig"
printf '{"AKIDROOT": {"secret_key": "x", "arn": "arn:aws:iam::111122223333:root"}}' >root.json
denied() { printf '{"op": "%s", "times": 0, "do": "error", "status": %s, "code": "%s", "message": "%s"}' "$1" "${2:-403}" "${3:-AccessDenied}" "${4:-not authorized}"; }
forget() {
    rig_faults
    rm -f "$RIG_DIR/iam.json" "$RIG_DIR/volumes.json" "$RIG_DIR/s3/lab/encryption.json"
}
asked=0
# expect EXIT STATUS NAME TEXT…: the check ends so, and the line of that name has the texts, with what stands beneath it.
expect() {
    local code=$1 status=$2 name=$3 text got=0
    shift 3
    # A sanitizer wants every third: they differ in what the rig says.
    asked=$((asked + 1))
    if [ -n "${SLIPWAY_SANITIZED:-}" ] && [ $((asked % 3)) != 1 ]; then
        forget
        return
    fi
    rig_import --check "${options[@]}" --json >json 2>err || got=$?
    [ "$got" = "$code" ] || fail "$name: exit $got, not $code: $(cat json err)"
    jq -e --arg name "$name" --arg status "$status" 'any(.checks[]; .name == $name and .status == $status)' json >/dev/null ||
        fail "$name is not $status: $(cat json)"
    for text; do
        jq -r --arg name "$name" '.checks[] | select(.name == $name) | .detail, .permission, .remedy' json | grep -qF -- "$text" ||
            fail "$name does not say '$text': $(cat json)"
    done
    forget
    [ "$(rig_uploads)" = 0 ] || fail "$name: an upload is left behind"
}
options=()
object='arn:aws:s3:::lab/*'

# The bucket.
rig_faults "$(denied GetBucketLocation)"
expect 0 unknown bucket-region 's3:GetBucketLocation on arn:aws:s3:::lab'
rig_faults "$(denied GetBucketLocation 404 NoSuchBucket gone)"
expect 4 refused bucket-region NoSuchBucket 'in the region of the import'
cp "$RIG_DIR/s3/lab/bucket.json" kept
echo '{"region": "us-east-1", "owner": "999922223333"}' >"$RIG_DIR/s3/lab/bucket.json"
expect 0 unknown bucket-owner 'account 111122223333 does not own'
mv kept "$RIG_DIR/s3/lab/bucket.json"
rig_faults "$(denied GetBucketEncryption)"
expect 0 unknown bucket-encryption 's3:GetEncryptionConfiguration on arn:aws:s3:::lab'
rig_faults "$(denied CreateMultipartUpload)"
expect 4 refused object-write "s3:PutObject on $object" '--print-iam'
rig_faults "$(denied UploadPart 403 AccessDenied 'not authorized to perform: kms:GenerateDataKey on this resource')"
expect 4 refused object-write 'kms:GenerateDataKey, kms:Decrypt on'
rig_faults "$(denied ListParts)"
expect 4 refused object-list "s3:ListMultipartUploadParts on $object"
echo '{"algorithm": "aws:kms", "key": "'"$KMS_DISABLED"'"}' >"$RIG_DIR/s3/lab/encryption.json"
expect 4 refused bucket-key "$KMS_DISABLED" 'is not enabled'
options=(--no-probe)
echo '{"algorithm": "aws:kms", "key": "'"$KMS_LAB"'"}' >"$RIG_DIR/s3/lab/encryption.json"
rig_faults "$(denied GenerateDataKey 400 AccessDeniedException)"
expect 4 refused bucket-key-use "kms:GenerateDataKey on $KMS_LAB"

# Keys of the volumes.
options=(--no-probe --kms-key-id "$KMS_LAB")
expect 4 refused role-policies "kms:CreateGrant, kms:Decrypt" "on $KMS_LAB"
options=(--no-probe --kms-key-id "$KMS_DENIED")
expect 0 unknown kms-key "kms:DescribeKey on $KMS_DENIED"
options=(--no-probe)
echo '{"encrypted": true, "key": "'"$KMS_OTHER"'"}' >"$RIG_DIR/volumes.json"
expect 4 refused role-policies 'kms:CreateGrant' "on $KMS_OTHER"
rig_faults "$(denied GetEbsEncryptionByDefault 403 UnauthorizedOperation)"
expect 0 unknown volume-encryption 'ec2:GetEbsEncryptionByDefault'

# The role.
rig_iam '.roles = {}'
expect 4 refused role NoSuchEntity 'aws iam create-role --role-name vmimport'
rig_faults "$(denied GetRole)"
expect 0 unknown role 'iam:GetRole on arn:aws:iam::111122223333:role/vmimport'
rig_iam '.roles.vmimport.trust.Statement[0].Principal.Service = "ec2.amazonaws.com"'
expect 4 refused role-trust 'sts:AssumeRole for vmie.amazonaws.com' 'aws iam update-assume-role-policy'
rig_iam '.roles.vmimport.trust.Statement[0].Condition.StringEquals."sts:Externalid" = "other"'
expect 4 refused role-trust 'sts:Externalid vmimport'
rig_iam '.roles.vmimport.trust.Statement[0].Condition.StringEquals."aws:SourceAccount" = "999922223333"'
expect 4 refused role-trust 'aws:SourceAccount 111122223333'
rig_iam '.roles.vmimport.trust.Statement[0].Condition.StringEquals."aws:SourceAccount" = "111122223333"'
expect 0 ok role-trust "for this account's imports only"
rig_iam '.roles.vmimport.trust.Statement[0].Condition.IpAddress = {"aws:SourceIp": "10.0.0.0/8"}'
expect 0 unknown role-trust 'aws:SourceIp'
rig_iam '.roles.vmimport.trust = "%7Bnot JSON"'
expect 0 unknown role-trust 'the policy'

# What the role may do: as IAM simulates it, and by its own policies, which must come to the same.
for simulation in allowed denied; do
    again() {
        rig_faults
        [ $simulation = allowed ] || rig_faults "$(denied SimulatePrincipalPolicy)"
    }
    again
    expect 0 ok role-policies "$([ $simulation = allowed ] && echo 'IAM simulates' || echo 'by its own policies')"
    again
    rig_iam '.roles.vmimport.inline.vmimport.Statement[0].Action = "s3:ListBucket"'
    expect 4 refused role-policies 's3:GetBucketLocation on arn:aws:s3:::lab' 's3:GetObject on arn:aws:s3:::lab/slipway-check' 'aws iam put-role-policy'
    again
    rig_iam '.roles.vmimport.attached."arn:aws:iam::111122223333:policy/no".Statement = [{"Effect": "Deny", "Action": "ec2:Copy*", "Resource": "*"}]'
    expect 4 refused role-policies 'ec2:CopySnapshot on * (an explicit denial)'
    again
    rig_iam '.roles.vmimport.boundary = "arn:aws:iam::111122223333:policy/b" |
        .boundaries."arn:aws:iam::111122223333:policy/b".Statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}'
    expect 4 refused role-policies 'ec2:CopySnapshot, ec2:DescribeImages'
    again
    rig_iam '.roles.vmimport.inline.vmimport.Statement[0].Condition.StringEquals = {"aws:SourceVpce": "vpce-1"}'
    expect 0 unknown role-policies 'aws:SourceVpce'
done
rig_faults "$(denied SimulatePrincipalPolicy)" "$(denied ListRolePolicies)"
expect 0 unknown role-policies 'iam:SimulatePrincipalPolicy, or iam:ListRolePolicies' 'role/vmimport'

# The caller.
rig_faults "$(denied SimulatePrincipalPolicy)"
expect 0 unknown pass-role 'iam:SimulatePrincipalPolicy on arn:aws:iam::111122223333:user/rig'
rig_iam '.callers."arn:aws:iam::111122223333:user/rig" = [{"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}]'
expect 4 refused pass-role 'iam:PassRole on arn:aws:iam::111122223333:role/vmimport'
rig_iam '.callers."arn:aws:iam::111122223333:user/rig" = [{"Statement": {"Effect": "Allow", "Action": ["s3:*", "iam:*"], "Resource": "*"}}]'
expect 4 refused operator-policies 'ec2:CancelImportTask, ec2:DescribeImages, ec2:DescribeImportImageTasks, ec2:ImportImage on *'
rig_faults "$(denied ImportImage 403 UnauthorizedOperation 'You are not authorized to perform this operation.')"
expect 4 refused ec2-dry-run 'ec2:ImportImage on *'
asked=0
AWS_SECRET_ACCESS_KEY=wrong
expect 4 refused credentials SignatureDoesNotMatch
[ "$(jq '.checks | length' json)" = 1 ] || fail "it went on without credentials"
