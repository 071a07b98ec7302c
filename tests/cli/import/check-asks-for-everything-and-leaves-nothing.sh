# --check against an account where all is well: every line is ok, exit code 0, and neither object nor upload is left behind.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
rig_import --check --prefix 'a b' >out || fail "exit $?: $(cat out)"
for name in credentials bucket-region bucket-owner bucket-encryption object-write object-list object-abort volume-encryption \
    role role-trust role-policies pass-role operator-policies ec2-dry-run; do
    grep -qE "^ok +$name " out || fail "$name is not ok: $(cat out)"
done
tail -n 1 out | grep -qx '14 checks, 0 refused, 0 unknown' || fail "$(tail -n 1 out)"
[ "$(rig_uploads)" = 0 ] || fail "an upload is left behind"
[ -z "$(ls "$RIG_DIR/s3/lab/objects")" ] || fail "an object is left behind"
[ "$(rig_tasks)" = 0 ] || fail "a task was started"
grep -q 'keeps other accounts out' out || fail "nothing is said of the confused deputy"

rig_import --check --json >json
[ "$(jq -r '.lane, .account, .caller, .refused, .unknown, (.checks | length)' json | paste -sd ' ')" = \
    'import-image 111122223333 arn:aws:iam::111122223333:user/rig 0 0 14' ] || fail "$(cat json)"
jq -e '.checks | all(.status == "ok" and (.detail | length) > 0 and .remedy == null)' json >/dev/null || fail "$(cat json)"

# Without the probe nothing but questions goes out.
lines=$(wc -l <"$RIG_DIR/requests.jsonl")
rig_import --check --no-probe >out
grep -q '^11 checks' out || fail "$(cat out)"
if tail -n +$((lines + 1)) "$RIG_DIR/requests.jsonl" | grep -E '"method": "(PUT|DELETE)"|CreateMultipartUpload'; then fail "a probe went out"; fi
