# --seal-to and the recipe's own recipients: the outputs exist sealed only, any recipient opens them to the same disk.
. "$CASE_LIB/build-case.sh"
need mke2fs qemu-img
make_base
"$SLIPWAY" keygen rsa -o lab.pem 2>/dev/null
"$SLIPWAY" keygen aes -o courier.key 2>/dev/null
recipe_of sealed check.yml | sed 's/1\.0\.0/2.1.0/' >recipe.yml
cat >>recipe.yml <<'YAML'
outputs:
  - format: vmdk
    seal: ["pem:lab.pem.pub"]
  - format: raw
    seal: ["pem:lab.pem.pub"]
YAML
write_check
"$SLIPWAY" build --no-test recipe.yml --out out --store store --seal-to aes:courier.key
dir=out/sealed-2.1.0
[ "$(cd "$dir" && ls)" = "$(printf '%s\n' manifest.json sealed-2.1.0.raw.keys sealed-2.1.0.raw.sealed sealed-2.1.0.vmdk.keys sealed-2.1.0.vmdk.sealed)" ] ||
    fail "not exactly the sealed outputs: $(ls "$dir")"
"$SLIPWAY" open "$dir/sealed-2.1.0.vmdk.sealed" -o by-lab.vmdk --key pem:lab.pem --expect image-format=vmdk
"$SLIPWAY" open "$dir/sealed-2.1.0.raw.sealed" -o by-courier.raw --key aes:courier.key
qemu-img compare -f raw -F vmdk base.raw by-lab.vmdk
cmp base.raw by-courier.raw

# An unusable recipient is found before anything is written.
status=0
"$SLIPWAY" build --no-test recipe.yml --out other --store other.store --seal-to pem:nowhere.pem 2>stderr || status=$?
cat stderr >&2
[ "$status" = 5 ] || fail "exit status $status"
grep -q nowhere.pem stderr
[ ! -e other ] && [ ! -e other.store ] || fail "something was made"
