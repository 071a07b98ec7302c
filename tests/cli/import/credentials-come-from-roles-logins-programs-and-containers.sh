# Every source that the AWS CLI knows, each against the rig's own side of it; a dry run is one signed request.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
unset AWS_EC2_METADATA_DISABLED AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
head -c 1000 /dev/urandom >disk.img
printf '[base]\naws_access_key_id = AKIDRIGTEST\naws_secret_access_key = sekrit/+key=\n' >credentials
cat >config <<END
[profile guarded]
role_arn = arn:aws:iam::111122223333:role/guarded
source_profile = base
external_id = ext-1
duration_seconds = 900
[profile stranger]
role_arn = arn:aws:iam::111122223333:role/guarded
source_profile = base
external_id = ext-2
[profile chain]
role_arn = arn:aws:iam::111122223333:role/second
source_profile = guarded
[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Builder
[sso-session corp]
sso_region = us-east-1
sso_start_url = https://corp.example/start
[profile program]
credential_process = sh give 'one word'
END
cat >give <<'END'
[ "$1" = 'one word' ] || exit 1
grep 'core file size' "/proc/$PPID/limits" >limits
echo "thinking about it" >&2
echo '{"Version": 1, "AccessKeyId": "ASIARIGTEST", "SecretAccessKey": "temporary/secret", "SessionToken": "a+session/token=="}'
END
export AWS_CONFIG_FILE=config AWS_SHARED_CREDENTIALS_FILE=credentials AWS_ENDPOINT_URL_STS=$RIG_URL AWS_ENDPOINT_URL_SSO=$RIG_URL
ask() { "$SLIPWAY" import --bucket lab --endpoint-url "$RIG_URL" --dry-run -f raw disk.img -v "$@" >out 2>err; }
refused() {
    local why=$1
    shift
    if ask "$@"; then fail "$* is let in"; fi
    grep -q "$why" err || fail "'$why' is not in: $(cat err)"
}
ask --profile guarded || fail "a role: $(cat err)"
ask --profile chain || fail "a chain of roles: $(cat err)"
[ "$(rig_count AssumeRole 200)" = 3 ] || fail "$(rig_count AssumeRole 200) roles were assumed"
refused "role/guarded': AccessDenied: User: arn:aws:iam::111122223333:user/rig is not authorized" --profile stranger
ask --profile program || fail "a program: $(cat err)"
grep -q 'thinking about it' err || fail "what the program says is lost"
read -r _ _ _ _ soft hard _ <limits
[ "$soft $hard" = '0 0' ] || fail "it holds keys and would leave a core: $(cat limits)"

refused 'run .aws sso login --profile sso' --profile sso
cache=$HOME/.aws/sso/cache/$(printf corp | sha1sum | cut -c1-40).json
mkdir -p "$(dirname "$cache")"
until=$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)
echo "{\"accessToken\": \"rig-sso-token\", \"expiresAt\": \"$until\"}" >"$cache"
ask --profile sso || fail "a login of SSO: $(cat err)"
echo "{\"accessToken\": \"revoked\", \"expiresAt\": \"$until\"}" >"$cache"
refused 'does not take the login any more: run .aws sso login' --profile sso

printf 'rig.web.identity\n' >token
AWS_WEB_IDENTITY_TOKEN_FILE=token AWS_ROLE_ARN=arn:aws:iam::111122223333:role/lab ask || fail "a web identity: $(cat err)"
export AWS_CONTAINER_CREDENTIALS_FULL_URI=$RIG_URL/container/credentials
AWS_CONTAINER_AUTHORIZATION_TOKEN='Bearer rig-container' ask || fail "a container: $(cat err)"
AWS_CONTAINER_AUTHORIZATION_TOKEN=wrong refused "the authorization token is wrong"
unset AWS_CONTAINER_CREDENTIALS_FULL_URI

# The instance is not asked unless somebody says so.
export AWS_EC2_METADATA_SERVICE_ENDPOINT=$RIG_URL
refused 'no AWS credentials'
[ "$(rig_count GetImdsToken)" = 0 ] || fail "the instance was asked"
ask --use-imds || fail "an instance: $(cat err)"
AWS_EC2_METADATA_DISABLED=true refused 'AWS_EC2_METADATA_DISABLED forbids it' --use-imds
