# The shared files as the AWS CLI reads them, and temporary keys.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 6000000 /dev/urandom >disk.img
cat >credentials <<END
# a comment
[lab]
aws_access_key_id = ASIARIGTEST
aws_secret_access_key=temporary/secret
aws_session_token = a+session/token==
END
cat >config <<END
[profile lab]
region = us-east-1
services = here
[services here]
ec2 =
  endpoint_url = $RIG_URL
s3 =
  endpoint_url = $RIG_URL
[profile process]
region = us-east-1
credential_process = /bin/false
END
slipway_as() { "$SLIPWAY" import --bucket lab --poll-interval 20 -f raw -q disk.img "$@"; }
# Keys in the environment lose against a profile that was named.
AWS_ACCESS_KEY_ID=NOBODY AWS_CONFIG_FILE=config AWS_SHARED_CREDENTIALS_FILE=credentials AWS_DEFAULT_REGION='' \
    slipway_as --profile lab --prefix one | grep -q '^ami-' || fail "--profile does not work"
export AWS_CONFIG_FILE=config AWS_SHARED_CREDENTIALS_FILE=credentials
(
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION
    AWS_PROFILE=lab slipway_as --prefix two | grep -q '^ami-' || fail "AWS_PROFILE does not work"
    AWS_PROFILE=process slipway_as --endpoint-url "$RIG_URL" 2>err && fail "a profile without keys worked"
    grep -q 'credential_process' err || fail "the source that is missing is not named: $(cat err)"
)
AWS_ENDPOINT_URL=$RIG_URL slipway_as --prefix three | grep -q '^ami-' || fail "AWS_ENDPOINT_URL does not work"
AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_ENDPOINT_URL_S3=$RIG_URL AWS_ENDPOINT_URL_EC2=$RIG_URL \
    slipway_as --prefix four | grep -q '^ami-' || fail "AWS_ENDPOINT_URL_S3 does not win"
[ "$(rig_tasks)" = 4 ] || fail "$(rig_tasks) tasks"
