# A role's keys that the server refuses after some requests: others are fetched, and no range is fetched twice.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig" --session-requests 6
head -c 4000256 /dev/urandom >disk.raw
rig_exports raw disk.raw 1048576
printf '[profile lab]\nrole_arn = arn:aws:iam::111122223333:role/lab\nsource_profile = base\n' >config
printf '[base]\naws_access_key_id = AKIDRIGTEST\naws_secret_access_key = sekrit/+key=\n' >credentials
export AWS_CONFIG_FILE=config AWS_SHARED_CREDENTIALS_FILE=credentials AWS_ENDPOINT_URL_STS=$RIG_URL
rig_export ami-01 --profile lab --bucket lab --disk-image-format RAW --range-size 256K -j 2 -q -o out.raw 2>err ||
    fail "$(cat err)"
cmp disk.raw out.raw || fail "the disk is another one"
[ "$(rig_count AssumeRole 200)" -ge 3 ] || fail "the role was assumed $(rig_count AssumeRole 200) times"
read -r asked needed < <(rig_ranges)
# One more, of a byte, tells why a HEAD failed.
[[ "$needed" -le 17 && "$asked" -le $((needed + 6)) ]] || fail "$asked ranges were asked for, and the object has 16"
[ "$(rig_count ExportImage 200)" = 1 ] || fail "it was exported more than once"
