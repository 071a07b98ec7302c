# store init --seal-to, then build, plan, ls, verify and export with --key; without it, and after damage, exit code 5.
. "$CASE_LIB/build-case.sh"
need qemu-img
canary=canary-$RANDOM$RANDOM$RANDOM
recipe_of "web-$canary" check.yml >recipe.yml
echo 'outputs: [{format: vmdk, seal: ["aes:out.key"]}]' >>recipe.yml
component_of test Check "echo $canary" >check.yml
echo "description: $canary" >>check.yml
head -c 4000000 /dev/urandom >base.raw
echo "$canary" >>base.raw
truncate -s 16M base.raw
"$SLIPWAY" keygen rsa -o lab.pem 2>/dev/null
for key in courier out wrong; do "$SLIPWAY" keygen aes -o $key.key 2>/dev/null; done
store() { "$SLIPWAY" store "$@" --store store; }

store init --seal-to pem:lab.pem.pub --seal-to aes:courier.key
"$SLIPWAY" build --no-test recipe.yml --store store --out out --key aes:courier.key
"$SLIPWAY" plan recipe.yml --store store --key pem:lab.pem | tee plan
[ "$(grep -c '^cached' plan)" = 2 ]
store ls --key pem:lab.pem | tee ls
grep -q "web-$canary:1.0.0: 1 layer" ls
store verify --key pem:lab.pem | grep 'all whole'
store export "web-$canary:1.0.0" out.qcow2 --key aes:courier.key 2>said
# What leaves it in clear is told, and is for its owner alone.
[ "$(stat -c %a out.qcow2)" = 600 ] && [ "$(grep -c 'in clear' said)" = 1 ] || { cat said; exit 1; }
"$SLIPWAY" build --no-test recipe.yml --store store --out clear --key aes:courier.key -O raw -O qcow2 2>said
[ "$(stat -c %a clear/*/*.raw clear/*/*.qcow2 | sort -u)" = 600 ] || fail "others may read an output"
[ "$(grep -c 'in clear' said)" = 1 ] && grep -q '2 of 2 outputs' said || { cat said; exit 1; }
"$SLIPWAY" build --no-test recipe.yml --store store --out quiet --key aes:courier.key -O raw --seal-to aes:out.key 2>said
! grep 'in clear' said || fail "nothing is in clear"
rm -r clear quiet
qemu-img compare -f raw -F qcow2 base.raw out.qcow2
"$SLIPWAY" open "out/web-$canary-1.0.0/web-$canary-1.0.0.vmdk.sealed" -o out.vmdk --key aes:out.key 2>/dev/null
qemu-img compare -f raw -F vmdk base.raw out.vmdk

# Neither words nor names nor layers without a key; each file is a message.
! grep -ra "$canary" store >&2 || fail "the store holds the canary"
! find store | grep "$canary" >&2 || fail "a name holds the canary"
find store -type f ! -name lock ! -name version | while read -r file; do
    [ "$(head -c 3 "$file" | od -An -tx1 | tr -d ' ')" = 020478 ] || fail "$file is no message"
done
# An object opens with the store's own keys, as any other message does.
blob=$(find store/blobs -type f -size +1000k)
"$SLIPWAY" open "$blob" -o layer.qcow2 --keys store/store.keys --key pem:lab.pem 2>/dev/null
qemu-img compare -f raw -F qcow2 base.raw layer.qcow2

refused() { # COMMAND…
    local status=0
    "$@" >refused 2>&1 || status=$?
    cat refused >&2
    [ "$status" = 5 ] || fail "exit status $status: $*"
    ! grep "$canary:" refused || fail "it tells what the store holds"
}
for key in none aes:wrong.key; do
    [ $key = none ] && with=() || with=(--key "$key")
    refused store ls "${with[@]}"
    refused store verify "${with[@]}"
    refused store export "web-$canary:1.0.0" no.raw "${with[@]}"
    refused "$SLIPWAY" plan recipe.yml --store store "${with[@]}"
    refused "$SLIPWAY" build --no-test recipe.yml --store store --out no "${with[@]}"
done
[ ! -e no.raw ] && [ ! -e no ] || fail "something was written"

# One bit of the layer.
cp "$blob" kept
printf '\x55' | dd of="$blob" bs=1 seek=2000000 conv=notrunc status=none
cmp -s kept "$blob" && printf '\xaa' | dd of="$blob" bs=1 seek=2000000 conv=notrunc status=none
refused store verify --key pem:lab.pem
refused store export "web-$canary:1.0.0" no.raw --key pem:lab.pem
[ ! -e no.raw ] || fail "half a disk was written"
cp kept "$blob"
store verify --key pem:lab.pem | grep 'all whole'

# A store is made once, and sealed from its beginning.
status=0
store init --seal-to aes:courier.key 2>&1 || status=$?
[ "$status" = 2 ] || fail "exit status $status"
