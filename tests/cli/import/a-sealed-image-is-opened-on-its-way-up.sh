# What arrives is the plaintext, named without .sealed; a kill, a wrong key and a flipped bit are what they are elsewhere.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 12000000 /dev/urandom >disk.img
"$SLIPWAY" keygen aes -o key
"$SLIPWAY" keygen aes -o other
"$SLIPWAY" seal disk.img -o disk.img.sealed --to aes:key -q
sha256sum <disk.img >plain.sum
mv disk.img kept

rig_faults '{"op":"UploadPart","part":3,"do":"delay-reply","ms":30000}'
rig_spawn -f raw disk.img.sealed --key aes:key --part-size 5M -q
rig_wait UploadPart 2
kill -9 "$pid"
wait "$pid" || true
rig_faults
rig_import -f raw disk.img.sealed --key aes:key --part-size 5M -q | grep -q '^ami-' || fail "no AMI"
sha256sum <"$(rig_object disk.img)" | cmp - plain.sum || fail "the object is not the plaintext"
[[ "$(rig_tasks)" = 1 && "$(rig_uploads)" = 0 ]] || fail "more than one task, or an upload left open"

ends() { # STATUS OPTION…
    wanted=$1 status=0
    shift
    rig_import -q --prefix never "$@" >out 2>err || status=$?
    [ $status = "$wanted" ] || fail "$*: exit status $status, not $wanted: $(cat err)"
}
ends 5 -f raw disk.img.sealed --key aes:other
ends 2 disk.img.sealed
grep -q 'looks sealed: name the key' err || fail "the key is not asked for: $(cat err)"
cp disk.img.sealed bad.sealed
cp disk.img.keys bad.keys
printf '\377' | dd of=bad.sealed bs=1 seek=7000000 conv=notrunc status=none
cmp -s bad.sealed disk.img.sealed && printf '\0' | dd of=bad.sealed bs=1 seek=7000000 conv=notrunc status=none
ends 5 -f raw bad.sealed --key aes:key --part-size 5M
[ ! -e "$(rig_object never/bad)" ] || fail "a damaged image became an object"
[ "$(rig_uploads)" = 0 ] || fail "half of a damaged image is left in the bucket"
[ "$(rig_tasks)" = 1 ] || fail "a damaged image was imported"
