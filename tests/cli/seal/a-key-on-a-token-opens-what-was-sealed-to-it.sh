# RSA, EC and AES keys that never leave their token; a pair's public half is enough to seal, and asks for no PIN.
. "$CASE_LIB/token.sh"
token_start
head -c 100000 /dev/urandom >plain

open_with() { # KEY SEALED
    rm -f opened
    "$SLIPWAY" open "$2" -o opened --key "$1" -q
    cmp plain opened
}

# An RSA key of which the PEM twin is outside: either opens what the other's public half sealed.
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out twin.pem
openssl pkey -in twin.pem -outform DER -out twin.der
openssl pkey -in twin.pem -pubout -out twin.pub
token_tool --write-object twin.der --type privkey --label twin --id 0a --usage-decrypt
openssl pkey -in twin.pem -pubout -outform DER -out twin.pub.der
token_tool --write-object twin.pub.der --type pubkey --label twin --id 0a
no_pin="pkcs11:token=lab;object=twin?module-path=$TOKEN_MODULE"
setsid -w "$SLIPWAY" seal plain -o token.sealed --to "$no_pin" -q
"$SLIPWAY" seal plain -o pem.sealed --to pem:twin.pub -q
open_with pem:twin.pem token.sealed
open_with "$(token_uri object=twin)" pem.sealed

# A key made on the token; SoftHSM itself knows OAEP with SHA-1 only.
token_rsa seal 01
for padding in sha1 sha384; do
    "$SLIPWAY" seal plain -o rsa.sealed --to "$(token_uri 'object=seal;type=public'),padding=oaep-$padding" -q
    open_with "$(token_uri 'id=%01;type=private'),padding=oaep-$padding" rsa.sealed
done

# EC: keys made on the token, and one whose twin is outside.
token_ec secp384r1 ec384 21
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
openssl pkey -in ec.pem -pubout -out ec.pub
openssl pkey -in ec.pem -outform DER -out ec.der
openssl pkey -in ec.pem -pubout -outform DER -out ec.pub.der
token_tool --write-object ec.der --type privkey --label ec256 --id 22 --usage-derive
token_tool --write-object ec.pub.der --type pubkey --label ec256 --id 22
setsid -w "$SLIPWAY" seal plain -o ec.sealed --to "pkcs11:object=ec384?module-path=$TOKEN_MODULE" --to pem:ec.pub -q
open_with "$(token_uri object=ec384)" ec.sealed
open_with "$(token_uri object=ec256)" ec.sealed
"$SLIPWAY" seal plain -o ec.sealed --to "pkcs11:object=ec256?module-path=$TOKEN_MODULE" -q
open_with pem:ec.pem ec.sealed

# AES: a drop-in raw AES key, by its label, its id or names of one's own.
openssl rand 32 >kek
chmod 600 kek
token_tool --write-object kek --type secrkey --key-type AES:32 --label kek --id 03
"$SLIPWAY" seal plain -o aes.sealed --to "$(token_uri 'object=kek;type=secret-key')" --direct --context image=web -q
open_with aes:kek,name=kek aes.sealed
"$SLIPWAY" seal plain -o aes.sealed --to aes:kek,ns=lab,name=k1 -q
open_with "$(token_uri 'id=%03;type=secret-key'),ns=lab,name=k1" aes.sealed
"$SLIPWAY" seal plain -o aes.sealed --to "$(token_uri 'id=%03;type=secret-key')" -q
open_with aes:kek,name=03 aes.sealed

# Any one of several recipients opens; the module may be named once for all.
"$SLIPWAY" keygen aes -q -o file.key
"$SLIPWAY" seal plain -o several.sealed --to aes:file.key --to 'pkcs11:token=lab;object=seal' --to "$(token_uri object=kek)" \
    --pkcs11-module "$TOKEN_MODULE" -q
open_with "$(token_uri object=seal)" several.sealed
ln -s "$TOKEN_MODULE" here.so
"$SLIPWAY" open several.sealed -o opened3 --pkcs11-module ./here.so --key "pkcs11:object=kek?pin-source=$TOKEN_PIN" -q
cmp plain opened3
# Without any, the modules that p11-kit is configured with are asked; its proxy stands for them.
if compgen -G '/usr/share/p11-kit/modules/softhsm2.module' >/dev/null; then
    open_with "pkcs11:token=lab;object=kek?pin-source=$TOKEN_PIN" several.sealed
    open_with "pkcs11:token=lab;object=kek?module-path=/usr/lib/p11-kit-proxy.so&pin-source=$TOKEN_PIN" several.sealed
fi
open_with "$(token_uri object=kek)" several.sealed
# The token is not even asked for a PIN when another key opens it.
setsid -w "$SLIPWAY" open several.sealed -o opened2 --key aes:file.key --key "$no_pin" -q
cmp plain opened2

# A direct message that is gone on with is for the key that had the name: the same one goes on, another one begins anew.
openssl enc -aes-256-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 40000000 >large || true
resumed=("$SLIPWAY" seal large -o r.sealed --direct --to "$(token_uri object=kek)" --resume-key aes:file.key)
id() { od -An -tx1 -j3 -N32 "$1" | tr -d ' \n'; }
for key in same other; do
    status=0
    "$CASE_LIB/stop-when" KILL .r.sealed.partial 3000000 "${resumed[@]}" -j 1 || status=$?
    [ $status = 137 ]
    first=$(id .r.sealed.partial)
    if [ $key = other ]; then
        token_tool --delete-object --type secrkey --label kek
        token_aes kek 03
    fi
    "${resumed[@]}" 2>said
    if [ $key = same ]; then
        grep -q 'goes on at [1-9]' said
        [ "$(id r.sealed)" = "$first" ]
    else
        grep -q 'begins anew.*is another key now' said
        [ "$(id r.sealed)" != "$first" ]
    fi
    rm -f opened
    "$SLIPWAY" open r.sealed -o opened --key "$(token_uri object=kek)" -q
    cmp large opened
    rm r.sealed
done
