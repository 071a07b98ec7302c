# A base and a component that a trusted key did not sign are used by no verb, whether the store knows them or not.
. "$CASE_LIB/build-case.sh"
"$SLIPWAY" keygen rsa-2048 -q -o lab.pem
"$SLIPWAY" keygen sign-ec -q -o signer
"$SLIPWAY" keygen sign-ed25519 -q -o stranger
head -c 3000000 /dev/urandom >disk.raw
truncate -s 4M disk.raw
"$SLIPWAY" convert -q -f raw disk.raw -O raw base.raw.sealed --seal-to pem:lab.pem.pub --sign pem:signer
{
    echo 'name: hello'
    component_of test Say true
} >hello.yml
"$SLIPWAY" seal hello.yml -q -o hello.yml.sealed --to pem:lab.pem.pub --sign pem:signer
recipe_of web hello.yml.sealed | sed 's/base.raw/&.sealed/; /parentImageFormat/d' >recipe.yml
outputs_of raw >>recipe.yml
verb() { # VERB OPTION…
    local name=$1 more=()
    shift
    case $name in
    build) more=(--store store --out out --plain-scratch --no-test) ;;
    plan) more=(--store store) ;;
    bundle) more=(-o bundle) ;;
    esac
    "$SLIPWAY" "$name" recipe.yml --key pem:lab.pem "${more[@]}" "$@"
}
refuse() { # STATUS PART VERB OPTION…
    rm -rf out bundle
    refused "$1" "$2" verb "${@:3}"
    [ ! -e out ] && [ ! -e bundle ] || fail "$*: something was made"
}

# What a trusted key signed is built, as are documents that are in clear.
export SLIPWAY_TRUST=$PWD/signer.pub
for name in lint plan bundle build; do verb "$name" >said 2>&1 || { cat said >&2; fail "$name failed"; }; done
cmp disk.raw out/web-1.0.0/web-1.0.0.raw
refuse 5 'no trusted key made the signature' build --trust stranger.pub
refuse 2 'exclude each other' plan --trust stranger.pub --allow-unsigned

# Anybody can seal another component to the lab's public key, with the same context.
mkdir forged
sed "s/'true'/'false'/" hello.yml >forged/hello.yml
(cd forged && "$SLIPWAY" seal hello.yml -q -o hello.yml.sealed --to pem:../lab.pem.pub)
mkdir good
cp hello.yml.* base.raw.* good
cp forged/hello.yml.sealed forged/hello.yml.keys .
for name in lint plan bundle build; do refuse 5 "vouches for" "$name"; done
rm hello.yml.manifest.json
for name in lint plan bundle build; do refuse 5 "'hello.yml.sealed' is not vouched for" "$name"; done
verb build --allow-unsigned -q
verb lint --allow-unsigned -q
cp good/* .

# The same with the base: before there is a layer of it, and when the store has it from a build that demanded nothing.
refused_base() {
    refuse 5 "$1" plan
    refuse 5 "$1" build
}
head -c 1000000 /dev/urandom >forged/disk.raw
truncate -s 1M forged/disk.raw
"$SLIPWAY" convert -q -f raw -O raw forged/disk.raw forged/base.raw.sealed --seal-to pem:lab.pem.pub
cp forged/base.raw.sealed forged/base.raw.keys .
refused_base "vouches for"
rm base.raw.manifest.json
refused_base "is not vouched for"
verb build --allow-unsigned -q
refused_base "is not vouched for"
# Bytes of the same length that the manifest does not list, known to the store.
cp good/base.raw.* .
mkdir other
head -c 4194304 /dev/urandom >other/disk.raw
"$SLIPWAY" convert -q -f raw other/disk.raw -O raw other/base.raw.sealed --seal-to pem:lab.pem.pub
[ "$(stat -c %s other/base.raw.sealed)" = "$(stat -c %s good/base.raw.sealed)" ] || fail "not the same length"
cp other/base.raw.sealed other/base.raw.keys .
verb build --allow-unsigned -q
refuse 5 "are not those that" build
verb build --allow-unsigned >said 2>&1
grep -q "known" said || fail "the store did not know it"
