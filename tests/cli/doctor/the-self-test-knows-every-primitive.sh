# Each primitive by name, with who published its answer; the exit status and the JSON say the same.
command -v jq >/dev/null || exit 77
"$SLIPWAY" doctor --self-test >said
cat said
for primitive in SHA-256 HMAC-SHA-256 AES-128-GCM AES-256-GCM HKDF-SHA-256 HKDF-SHA-384 HKDF-SHA-512 \
    scrypt RSA-OAEP-SHA-256 RSA-PKCS1 'ECDH P-256' KBKDF-HMAC-SHA-384 \
    'ECDSA P-256' 'ECDSA P-384 in a message' Ed25519 'Encryption SDK message'; do
    grep -q "^ok  *$primitive  *[A-Z]" said
done
! grep -q WRONG said || exit 1
"$SLIPWAY" doctor --self-test --json >said.json
[ "$(jq -r .right said.json)" = true ]
[ "$(jq '.answers | length' said.json)" = "$(wc -l <said)" ]
[ "$(jq '[.answers[] | select(.right and .source != "")] | length' said.json)" = "$(wc -l <said)" ]
