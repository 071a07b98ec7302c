# Whoever has the public key can make a store for it, with layers and records of their choice: a signature says whose it is.
. "$CASE_LIB/build-case.sh"
need openssl
"$SLIPWAY" keygen rsa-2048 -q -o lab.pem
"$SLIPWAY" keygen aes -q -o site.key
"$SLIPWAY" keygen sign-ec -q -o signer
"$SLIPWAY" keygen sign-ec -q -o stranger
recipe_of web check.yml >recipe.yml
echo 'outputs: [{format: raw, seal: ["aes:site.key"]}]' >>recipe.yml
write_check
head -c 1000000 /dev/urandom >base.raw
truncate -s 1M base.raw
"$SLIPWAY" store init --store vault --seal-to pem:lab.pem.pub --sign pem:signer
openssl dgst -sha256 -verify signer.pub -signature vault/store.manifest.sig vault/store.manifest.json
export SLIPWAY_TRUST=$PWD/signer.pub
"$SLIPWAY" build --no-test recipe.yml --store vault --out out --key pem:lab.pem -q
"$SLIPWAY" store ls --store vault --key pem:lab.pem | grep -q 'web:1.0.0'
"$SLIPWAY" verify vault/store.manifest.json -q
# It stays so for those whom the key is given to.
"$SLIPWAY" rewrap vault/store.sealed --key pem:lab.pem --to aes:site.key --to pem:lab.pem.pub -q
"$SLIPWAY" store verify --store vault --key aes:site.key | grep 'all whole'

refused() { # PART STORE OPTION…
    local part=$1 store=$2 status
    shift 2
    for verb in "store ls" "store verify" "store export web:1.0.0 no.raw" "plan recipe.yml" "build recipe.yml --out no"; do
        status=0
        # shellcheck disable=SC2086 # words on purpose
        "$SLIPWAY" $verb --store "$store" --key pem:lab.pem "$@" >said 2>&1 || status=$?
        [ "$status" = 5 ] || { cat said >&2; fail "$verb: exit status $status"; }
        grep -qF -- "$part" said || { cat said >&2; fail "$verb: '$part' is not in the message"; }
    done
    [ ! -e no ] && [ ! -e no.raw ] || fail "something was written"
}
# Another's: unsigned, signed by a stranger, and in the place of the first.
"$SLIPWAY" store init --store forged --seal-to pem:lab.pem.pub
(unset SLIPWAY_TRUST && "$SLIPWAY" build --no-test recipe.yml --store forged --out out2 --key pem:lab.pem -q)
refused 'is not vouched for' forged
"$SLIPWAY" store ls --store forged --key pem:lab.pem --allow-unsigned | grep -q 'web:1.0.0'
"$SLIPWAY" store init --store signed --seal-to pem:lab.pem.pub --sign pem:stranger
refused 'no trusted key made the signature' signed
cp vault/store.manifest.* forged
refused 'vouches for' forged
cp vault/store.sealed kept.sealed
cp vault/store.keys kept.keys
cp forged/store.sealed forged/store.keys vault
refused 'vouches for' vault
# The true beginning with keys that do not open it.
cp kept.sealed vault/store.sealed
refused '' vault
cp kept.keys vault/store.keys
"$SLIPWAY" store verify --store vault --key pem:lab.pem | grep 'all whole'
rm vault/store.manifest.sig
refused 'is not signed' vault
# A key that cannot sign is told before there is a store.
status=0
"$SLIPWAY" store init --store none --seal-to pem:lab.pem.pub --sign pem:nowhere 2>said || status=$?
[ "$status" = 5 ] && [ ! -e none ] || { cat said >&2; fail "exit status $status, or something was made"; }
