# A raw disk goes up in parts, is imported once, and its AMI's id is all that stdout gets.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 23000000 /dev/urandom >'my disk.img'
rig_import 'my disk.img' --prefix 'a b/ü+ö' --format raw --part-size 5M --description 'a & b=ü' --boot-mode uefi >out 2>err

grep -qxE 'ami-[0-9a-f]{17}' out || fail "stdout is not an AMI's id: $(cat out)"
cmp 'my disk.img' "$(rig_object 'a b/ü+ö/my disk.img')" || fail "the object is not the image"
[ "$(rig_count UploadPart 200)" = 5 ] || fail "not five parts: $(rig_count UploadPart)"
[[ "$(rig_tasks)" = 1 && "$(rig_uploads)" = 0 ]] || fail "more than one task, or an upload left open"
for step in 'active 2% pending' 'active 19% converting' 'active 58% booting' 'completed'; do
    grep -q "import-ami-.*: $step" err || fail "'$step' was not told: $(cat err)"
done
grep -q '"BootMode": "uefi"' "$RIG_DIR"/ec2/*.json || fail "the boot mode did not arrive"
grep -q '"Description": "a & b=\\u00fc"' "$RIG_DIR"/ec2/*.json || fail "the description did not arrive"
grep -q '"ClientToken": "slipway-' "$RIG_DIR"/ec2/*.json || fail "there is no client token"
[ "$(stat -c %a "$XDG_STATE_HOME/slipway/import")" = 700 ] || fail "the journal's folder is open to others"
! grep -rqF "$AWS_SECRET_ACCESS_KEY" "$XDG_STATE_HOME" || fail "the secret key is in the journal"
