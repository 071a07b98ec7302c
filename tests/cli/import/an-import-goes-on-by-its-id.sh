# --resume needs no other word: paths, bucket and options are the journal's; keys are given again, and nothing twice.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
echo success-at-once >"$RIG_DIR/scenario"
head -c 12000000 /dev/urandom >disk.img
sha256sum <disk.img >plain.sum
"$SLIPWAY" keygen aes -q -o key
"$SLIPWAY" seal disk.img -o disk.img.sealed --to aes:key -q
rm disk.img
rig_faults '{"op":"UploadPart","part":3,"times":0,"do":"error","status":403,"code":"AccessDenied"}'
if rig_import -q -f raw disk.img.sealed --key aes:key --part-size 5M --prefix p --description d --tag a=b 2>err; then
    fail "part 3 was not refused"
fi
rig_faults
id=$("$SLIPWAY" import list --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["import"])')

refused() { # STATUS TEXT ARGUMENT…
    status=0
    "$SLIPWAY" import -q "${@:3}" >out 2>err || status=$?
    [ $status = "$1" ] && grep -qF -- "$2" err || fail "${*:3}: exit status $status, $(cat err)"
}
refused 2 'name it again (--key)' --resume "$id"
refused 2 'with --resume, --bucket is what the journal says' --resume "$id" --bucket other
refused 2 'with --resume, IMAGE is' --resume "$id" disk.img.sealed
refused 2 'went to another place' --resume "$id" --key aes:key --endpoint-url http://127.0.0.1:9
[ "$(rig_count CreateMultipartUpload)" = 1 ] || fail "a refused resume began something"
mkdir elsewhere
(
    cd elsewhere || exit 1
    AWS_DEFAULT_REGION='' "$SLIPWAY" import --resume "${id:0:8}" --key aes:../key --part-size 5M --poll-interval 20 -q --json >out
)
grep -q '"sent_bytes": 1514240' elsewhere/out || fail "more than part 3 was sent: $(cat elsewhere/out)"
sha256sum <"$(rig_object p/disk.img)" | cmp - plain.sum || fail "the object is not the disk"
grep -q '"Description": "d"' "$RIG_DIR"/ec2/import-ami-*.json || fail "the description was forgotten"
[[ "$(rig_tasks)" = 1 && "$(rig_uploads)" = 0 ]] || fail "not finished once"
if grep -rqF "$(od -An -tx1 key | tr -d ' \n' | head -c 40)" "$XDG_STATE_HOME"; then fail "the key is in the journal"; fi
if grep -rqF "$AWS_SECRET_ACCESS_KEY" "$XDG_STATE_HOME"; then fail "the secret is in the journal"; fi

# What has been sent is not needed any more: neither the disk nor a key.
mv disk.img.sealed kept
rig_resume "$id" -q | grep -q '^ami-' || fail "it wants the disk that it has sent"
mv kept disk.img.sealed

# --delete-object, also said afterwards: the object goes, the image stays, and nothing is imported again.
rig_resume "$id" --key aes:key --delete-object -q | grep -q '^ami-' || fail "no image"
[ ! -e "$(rig_object p/disk.img)" ] || fail "the object is still there"
[ "$(rig_tasks)" = 1 ] || fail "it was imported again"
rig_faults '{"op":"ImportImage","do":"error","status":403,"code":"UnauthorizedOperation"}'
if rig_import -q -f raw disk.img.sealed --key aes:key --part-size 5M --prefix q 2>/dev/null; then fail "it was not refused"; fi
rm "$(rig_object q/disk.img)"*
refused 1 "'s3://lab/q/disk.img' is not there any more" --resume "$("$SLIPWAY" import list | head -n 1 | cut -c1-12)"
# Another task wants the object back.
rig_import -q -f raw disk.img.sealed --key aes:key --part-size 5M --prefix p --description other --delete-object | grep -q '^ami-'
[[ "$(rig_tasks)" = 2 && ! -e "$(rig_object p/disk.img)" ]] || fail "the second task"

# Keys that are named now are those of the copies in other regions, too.
for profile in old new; do
    printf '[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$profile" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"
done >credentials
head -c 1000000 /dev/urandom >disk.img
rig_faults '{"op":"CopyImage","do":"error","status":403,"code":"UnauthorizedOperation"}'
if AWS_SHARED_CREDENTIALS_FILE=credentials rig_import -q -f raw disk.img --prefix r --profile old --copy-to eu-west-1 2>/dev/null; then
    fail "the copy was not refused"
fi
sed -i '1,3d' credentials
id=$("$SLIPWAY" import list | head -n 1 | cut -c1-12)
AWS_SHARED_CREDENTIALS_FILE=credentials rig_resume "$id" -q --profile new 2>err | grep -q '^ami-' || fail "not with the keys of now: $(cat err)"
