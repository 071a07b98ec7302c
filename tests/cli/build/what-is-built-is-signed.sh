# The manifest of a build has the digests of every output, of any format, and is the same for any number of jobs.
. "$CASE_LIB/build-case.sh"
need mke2fs qemu-img jq openssl
make_base
"$SLIPWAY" keygen sign-ed25519 -q -o lab.sign
"$SLIPWAY" keygen aes -q -o aes.key
recipe_of signed check.yml | sed 's/1\.0\.0/1.2.3/' >recipe.yml
outputs_of vmdk raw vhd qcow2 >>recipe.yml
write_check
export SOURCE_DATE_EPOCH=1700000000
"$SLIPWAY" build --no-test recipe.yml --out out --store store --sign pem:lab.sign -j 1 -q
dir=out/signed-1.2.3
"$SLIPWAY" verify "$dir" --trust lab.sign.pub >said || { cat said; exit 1; }
[ "$(grep -c ': right: ' said)" = 4 ] || fail "not every output was looked at: $(cat said)"
grep -q 'recipe signed 1.2.3' said
(cd "$dir" && jq -r '.outputs[] | "\(.sha256)  \(.file)"' manifest.json | sha256sum -c) || fail "sha256sum says no"
jq -e --arg recipe "$(sha256sum <recipe.yml | cut -d' ' -f1)" '.recipeSha256 == $recipe and .baseLayer == .layers[0].digest and
    ([.layers[] | has("state")] | any | not)' "$dir/manifest.json" || fail "the sources are not what they are"
cp "$dir/manifest.json" first.json
cp "$dir/manifest.sig" first.sig
"$SLIPWAY" build --no-test recipe.yml --out out --store store --sign pem:lab.sign -j 4 -q
cmp first.json "$dir/manifest.json"
cmp first.sig "$dir/manifest.sig" # Ed25519 has no random in it

# What lies there besides is named; an unsigned build leaves no old signature.
cp lab.sign.pub "$dir/surprise"
"$SLIPWAY" verify "$dir" --trust lab.sign.pub | grep -q '^extra: surprise' || fail "what is extra is not named"
"$SLIPWAY" build --no-test recipe.yml --out out --store store --seal-to aes:aes.key -O vmdk -q
[ ! -e "$dir/manifest.sig" ] || fail "an old signature is left"
"$SLIPWAY" verify "$dir" --allow-unsigned >said
grep -q '^signed-1.2.3.vmdk.sealed: right' said
status=0
"$SLIPWAY" build --no-test recipe.yml --out other --store other.store --sign pem:nowhere 2>stderr || status=$?
[ "$status" = 5 ] || fail "exit status $status"
[ ! -e other ] && [ ! -e other.store ] || fail "something was made"
