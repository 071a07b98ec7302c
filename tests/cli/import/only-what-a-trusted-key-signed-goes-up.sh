# Plain and sealed: the bytes that arrive are those of the manifest; what is not vouched for is not even begun.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 12000256 /dev/urandom >disk.img
"$SLIPWAY" keygen aes -q -o key
"$SLIPWAY" keygen sign-ec -q -o signer
mkdir -p "$XDG_CONFIG_HOME/slipway/trust"
cp signer.pub "$XDG_CONFIG_HOME/slipway/trust"
sha256sum <disk.img >plain.sum

ends() { # STATUS OPTION…
    wanted=$1 status=0
    shift
    rig_import -q "$@" >out 2>err || status=$?
    [ $status = "$wanted" ] || fail "$*: exit status $status, not $wanted: $(cat err)"
}
ends 5 -f raw disk.img
grep -q 'is not vouched for' err || fail "the reason is not given: $(cat err)"
[ "$(rig_uploads)" = 0 ] || fail "something was begun"
[ ! -e "$(rig_object disk.img)" ] || fail "an unsigned image went up"

"$SLIPWAY" seal disk.img -o disk.img.sealed --to aes:key --sign pem:signer -q
ends 0 -f raw disk.img.sealed --key aes:key --part-size 5M
sha256sum <"$(rig_object disk.img)" | cmp - plain.sum || fail "the object is not the plaintext"

# A plain image, as a build or convert leaves it.
"$SLIPWAY" convert -f raw disk.img plain.img -O raw --sign pem:signer -q
ends 0 -f raw plain.img --part-size 5M --prefix plain
sha256sum <"$(rig_object plain/plain.img)" | cmp - plain.sum || fail "the object is not the image"
printf 'xyz' | dd of=plain.img bs=1 seek=7000000 conv=notrunc status=none
ends 5 -f raw plain.img --part-size 5M --prefix changed
grep -q 'are not those' err || fail "the reason is not given: $(cat err)"
[ ! -e "$(rig_object changed/plain.img)" ] || fail "a changed image became an object"
ends 0 -f raw plain.img --part-size 5M --prefix changed --allow-unsigned
