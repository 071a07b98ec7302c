# What is wrong with the credentials is said, with what to set.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 6000000 /dev/urandom >disk.img
refused() { # TEXT; the environment is the caller's
    status=0
    rig_import -f raw disk.img -q >out 2>err || status=$?
    [ $status = 1 ] || fail "$1: exit status $status"
    [ ! -s out ] || fail "$1: something is on stdout"
    grep -qF "$1" err || fail "'$1' is not in: $(cat err)"
    ! grep -qF 'sekrit' err || fail "the secret is shown"
}
AWS_SECRET_ACCESS_KEY=wrong refused 'SignatureDoesNotMatch: The request signature we calculated'
AWS_ACCESS_KEY_ID=NOBODY refused 'InvalidAccessKeyId: The AWS Access Key Id you provided does not exist'
AWS_ACCESS_KEY_ID=ASIARIGTEST AWS_SECRET_ACCESS_KEY=temporary/secret refused 'InvalidToken'
AWS_SECRET_ACCESS_KEY='' refused 'the environment: it has an access key without its secret'
AWS_ACCESS_KEY_ID='' AWS_SECRET_ACCESS_KEY='' refused 'no AWS credentials: set AWS_ACCESS_KEY_ID'
AWS_DEFAULT_REGION='' refused 'no AWS region: pass --region, set AWS_REGION'
AWS_PROFILE=nobody refused "profile 'nobody' is in neither"
[[ "$(rig_count UploadPart)" = 0 && "$(rig_uploads)" = 0 ]] || fail "something was uploaded"
