# store export --seal-to: of a sealed store and of a plain one, with nothing of the disk in clear; --sign says who made it.
. "$CASE_LIB/build-case.sh"
need qemu-img
canary=canary-$RANDOM$RANDOM$RANDOM
recipe_of web check.yml >recipe.yml
write_check
head -c 1000000 /dev/urandom >base.raw
for _ in $(seq 500); do echo "$canary"; done >>base.raw
truncate -s 4M base.raw
for key in vault site other; do "$SLIPWAY" keygen aes -q -o $key.key; done
"$SLIPWAY" keygen sign-ec -q -o signer
"$SLIPWAY" store init --store sealed --seal-to aes:vault.key
mkdir made
for store in sealed plain; do
    with=(--store "$store")
    [ $store = plain ] || with+=(--key aes:vault.key)
    "$SLIPWAY" build --no-test recipe.yml "${with[@]}" --out made/$store -q
    for format in vmdk raw; do
        "$SLIPWAY" store export web:1.0.0 $store.$format.sealed "${with[@]}" --seal-to aes:site.key --sign pem:signer 2>said
        if grep 'in clear' said; then fail "it is not in clear"; fi
        if grep -aq "$canary" $store.$format.*; then fail "the canary is in $store.$format"; fi
        "$SLIPWAY" verify $store.$format.manifest.json --trust signer.pub -q
        SLIPWAY_TRUST=signer.pub "$SLIPWAY" open $store.$format.sealed -q -o back --key aes:site.key
        qemu-img compare -q -f raw -F $format base.raw back
        rm back
        # Its format is known without being named.
        SLIPWAY_TRUST=signer.pub "$SLIPWAY" convert $store.$format.sealed --key aes:site.key -O raw back -q
        cmp base.raw back
        rm back
    done
done
refuse() { # STATUS PART OPTION…
    refused "$1" "$2" "$SLIPWAY" store export web:1.0.0 --store sealed --key aes:vault.key "${@:3}"
    [ ! -e no.vmdk.sealed ] && [ ! -e no.keys ] && [ ! -e no.vmdk.keys ] || fail "$*: something was written"
}
refuse 5 "nowhere" no.vmdk.sealed --seal-to aes:nowhere
refuse 2 "qcow2 cannot be sealed as it is written; these can: raw, vhd (subformat=fixed), vmdk" no.vmdk.sealed -O qcow2 --seal-to aes:site.key
refuse 5 "nowhere" no.vmdk.sealed --seal-to aes:site.key --sign pem:nowhere
cp sealed.vmdk.sealed away
rm sealed.vmdk.sealed
refuse 2 "holds the key of another file" sealed.vmdk.sealed --seal-to aes:other.key
"$SLIPWAY" open away --keys sealed.vmdk.keys -q -o back --key aes:site.key --allow-unsigned
qemu-img compare -q -f raw -F vmdk base.raw back
