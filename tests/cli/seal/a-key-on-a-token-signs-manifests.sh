# The private half stays on the token; openssl checks the signature with the public one. A wrong PIN shows before the work.
. "$CASE_LIB/token.sh"
token_start
"$SLIPWAY" keygen aes -q -o aes.key
head -c 100000 /dev/urandom >plain
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
openssl pkey -in ec.pem -pubout -out ec.pub
openssl pkey -in ec.pem -outform DER -out ec.der
openssl pkey -in ec.pem -pubout -outform DER -out ec.pub.der
token_tool --write-object ec.der --type privkey --label signer --id 31 --usage-sign
token_tool --write-object ec.pub.der --type pubkey --label signer --id 31
rm ec.pem ec.der
"$SLIPWAY" seal plain -o p.sealed --to aes:aes.key --sign "$(token_uri object=signer)" -q
openssl dgst -sha256 -verify ec.pub -signature p.manifest.sig p.manifest.json
"$SLIPWAY" verify p.manifest.json --trust ec.pub | grep -q '^p.sealed: right'

rm p.*
token_ec secp384r1 other 32
refused 5 'P-256 and Ed25519 keys sign' "$SLIPWAY" seal plain -o p.sealed --to aes:aes.key --sign "$(token_uri object=other)" -q
refused 5 '' "$SLIPWAY" seal plain -o p.sealed --to aes:aes.key --sign "$(token_uri object=nobody)" -q
refused 2 'a secret key does not sign' "$SLIPWAY" seal plain -o p.sealed --to aes:aes.key --sign "$(token_uri 'object=signer;type=secret-key')" -q
printf '0000' >wrong.pin
chmod 600 wrong.pin
refused 5 'PIN' "$SLIPWAY" seal plain -o p.sealed --to aes:aes.key \
    --sign "pkcs11:token=lab;object=signer?module-path=$TOKEN_MODULE&pin-source=file:$PWD/wrong.pin" -q
[ ! -e p.sealed ] && [ ! -e p.keys ] && [ ! -e p.manifest.json ]
