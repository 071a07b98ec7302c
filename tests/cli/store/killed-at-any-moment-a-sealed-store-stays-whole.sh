# kill -9 while a base is taken in: nothing in clear, nothing half there, and the same command ends.
. "$CASE_LIB/build-case.sh"
canary=canary-$RANDOM$RANDOM$RANDOM
recipe_of killed check.yml >recipe.yml
echo 'outputs: [{format: raw, seal: ["aes:k"]}]' >>recipe.yml
write_check
"$SLIPWAY" keygen aes -o k 2>/dev/null
for _ in $(seq 200); do
    echo "$canary"
    head -c 100000 /dev/urandom
done >base.raw
truncate -s 32M base.raw
build() { "$SLIPWAY" build --no-test recipe.yml --store store --out out --key aes:k; }

for round in $(seq 3); do
    rm -rf store out
    "$SLIPWAY" store init --seal-to aes:k --store store 2>/dev/null
    "$SLIPWAY" build --no-test recipe.yml --store store --out out --key aes:k >/dev/null 2>&1 & # not the function: its shell would be killed
    pid=$!
    sleep "0.$(printf %03d "$(shuf -i 1-350 -n 1)")"
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    ! grep -ral "$canary" store "$TMPDIR" >&2 || fail "round $round: plaintext"
    [ ! -d out ] || ! grep -ral "$canary" out >&2 || fail "round $round: plaintext"
    build >/dev/null 2>again || { cat again >&2; fail "round $round"; }
    "$SLIPWAY" store verify --store store --key aes:k | grep -q 'all whole' || fail "round $round: damaged"
    [ -z "$(find store out -name '.*.tmp-*' -o -name '.tmp-*' -o -name '*.partial')" ] || fail "round $round: leftovers"
done
"$SLIPWAY" open out/killed-1.0.0/killed-1.0.0.raw.sealed -o disk.raw --key aes:k 2>/dev/null
cmp disk.raw base.raw
