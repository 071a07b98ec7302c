# A role's keys that the server refuses after some requests: others are fetched, and the import goes on as if nothing had been.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig" --session-requests 5
head -c 23000000 /dev/urandom >disk.img
cat >config <<END
[profile lab]
role_arn = arn:aws:iam::111122223333:role/lab
source_profile = base
END
printf '[base]\naws_access_key_id = AKIDRIGTEST\naws_secret_access_key = sekrit/+key=\n' >credentials
export AWS_CONFIG_FILE=config AWS_SHARED_CREDENTIALS_FILE=credentials AWS_ENDPOINT_URL_STS=$RIG_URL
rig_import --profile lab -f raw disk.img --part-size 5M -j 1 -v >out 2>err || fail "$(cat err)"
grep -q '^ami-' out || fail "no AMI"
cmp disk.img "$(rig_object disk.img)" || fail "the object is not the image"
[ "$(rig_count AssumeRole 200)" -ge 3 ] || fail "the role was assumed $(rig_count AssumeRole) times"
[[ "$(rig_tasks)" = 1 && "$(rig_count UploadPart 200)" = 5 ]] || fail "a part or the task was sent twice"
if grep -q 'sekrit' out err; then fail "a secret is told"; fi

# So on the other lanes.
head -c 6000000 disk.img >small.img
for lane in import-snapshot ebs-direct; do
    where=(--bucket lab --part-size 5M)
    [ $lane != ebs-direct ] || where=()
    before=$(rig_count AssumeRole 200)
    "$SLIPWAY" import --lane $lane "${where[@]}" --endpoint-url "$RIG_URL" --poll-interval 20 --profile lab -f raw small.img -j 1 \
        -q >out 2>err || fail "$lane: $(cat err)"
    grep -qxE 'ami-[0-9a-f]{17}' out || fail "$lane: no AMI"
    [ $(($(rig_count AssumeRole 200) - before)) -ge 3 ] || fail "$lane: the role was assumed too seldom"
done
[[ "$(rig_count UploadPart 200)" = 7 && "$(rig_count PutSnapshotBlock 201)" = 12 ]] || fail "something was sent twice"

# Keys that nobody can exchange end it, with what to do; the same command goes on with others.
rig_temporary
unset AWS_PROFILE
status=0
rig_import -f raw disk.img --prefix other --part-size 5M -j 1 -q >out 2>err || status=$?
[ $status = 1 ] || fail "expired keys end with $status"
grep -q 'the credentials have expired; put new ones in their place and run the same again: ExpiredToken' err || fail "$(cat err)"
if grep -qF "$AWS_SECRET_ACCESS_KEY" err || grep -qF "$AWS_SESSION_TOKEN" err; then fail "a secret is told"; fi
sent=$(rig_count UploadPart 200)
export AWS_ACCESS_KEY_ID=AKIDRIGTEST AWS_SECRET_ACCESS_KEY=sekrit/+key=
unset AWS_SESSION_TOKEN
rig_import -f raw disk.img --prefix other --part-size 5M -q | grep -q '^ami-' || fail "it does not go on"
[[ "$sent" -gt 7 && "$(rig_count UploadPart 200)" = 12 ]] || fail "parts were sent again"
