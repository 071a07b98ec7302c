# What is printed can be pasted: every type of key seals and opens with the texts of its own output.
command -v jq >/dev/null || exit 77
echo secret >plain
for type in aes rsa ec ec-p256 ec-p521; do
    "$SLIPWAY" keygen $type -o "a key, of $type" --json >made
    to=$(jq -r .seal_to made) with=$(jq -r .open_with made)
    "$SLIPWAY" seal plain -o p.sealed --to "$to" -q
    rm -f opened
    "$SLIPWAY" open p.sealed -o opened --key "$with" -q
    cmp plain opened
done
"$SLIPWAY" keygen ec -o lab.pem 2>said
grep -q 'seal with --to pem:lab.pem.pub, open with --key pem:lab.pem$' said
# What is said about a key is never the key.
"$SLIPWAY" keygen aes -o lab.key --json >said 2>&1
! grep -qF "$(cat lab.key)" said || exit 1
