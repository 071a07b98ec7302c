# timeout: 900
# AWS KMS (the rig's) and a token's keys: the SDK opens what slipway sealed to them, and slipway what the SDK sealed.
. "$SLIPWAY_SOURCE/tests/interop/esdk/setup.sh"
. "$CASE_LIB/token.sh"
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
token_start
rig_kms_start "$PWD/rig"
head -c 200000 /dev/urandom >plain
openssl rand 32 >kek
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out rsa.pem
openssl pkey -in rsa.pem -pubout -out rsa.pub
openssl pkey -in rsa.pem -outform DER -out rsa.der
openssl pkey -in rsa.pem -pubout -outform DER -out rsa.pub.der
chmod 600 kek rsa.pem
token_tool --write-object kek --type secrkey --key-type AES:32 --label kek --id 03
token_tool --write-object rsa.der --type privkey --label rsa --id 04 --usage-decrypt
token_tool --write-object rsa.pub.der --type pubkey --label rsa --id 04
kek=$(token_uri 'object=kek;type=secret-key'),ns=lab
rsa=$(token_uri 'object=rsa'),ns=lab,name=rsa

"$SLIPWAY" seal plain -o kms.sealed --to "kms:$KMS_LAB" --context 'image=wéb "1"' --context 'über=€' --direct -q
"$SLIPWAY" seal plain -o far.sealed --to "kms:$KMS_OTHER" --to "kms:$KMS_FAR" -q
"$SLIPWAY" seal plain -o signed.sealed --to "kms:$KMS_OTHER" --suite 0578 --direct -q
"$SLIPWAY" seal plain -o kek.sealed --to "$kek" --context image=web --direct -q
"$SLIPWAY" seal plain -o rsa.sealed --to "$rsa" --direct -q
python3 - "$KMS_LAB" "$KMS_OTHER" "$KMS_FAR" <<'PY'
import json, sys
lab, other, far = ({"type": "kms", "arn": arn} for arn in sys.argv[1:])
kek = {"type": "aes", "ns": "lab", "name": "kek", "file": "kek"}
rsa = {"type": "rsa", "ns": "lab", "name": "rsa", "file": "rsa.pem"}
context = {"image": "w\u00e9b \"1\"", "\u00fcber": "\u20ac"}
def opens(name, key):
    return {"op": "decrypt", "suite": "0478", "keys": [key], "in": name, "out": name + ".opened"}
def seals(name, *keys):
    return {"op": "encrypt", "suite": "0478", "keys": list(keys), "in": "plain", "out": name, "frame": 65536, "context": context}
json.dump([opens("kms.sealed", lab), dict(opens("kms.sealed", other), out="none", fail=True), opens("far.keys", far), opens("far.keys", other),
           opens("kek.sealed", kek), opens("rsa.sealed", rsa),
           dict(opens("signed.sealed", other), suite="0578"), dict(seals("sdk-signed.esdk", other), suite="0578"),
           seals("sdk-kms.esdk", lab, other, far), seals("sdk-all.esdk", dict(rsa, file="rsa.pub"), kek, lab)],
          open("jobs.json", "w"))
PY
rig jobs.json
for name in kms signed kek rsa; do cmp plain $name.sealed.opened; done
[ "$(wc -c <far.keys.opened)" = 32 ]
jq -e '.["über"] == "€"' kms.sealed.opened.context >/dev/null

opens() { # SEALED KEY
    rm -f opened
    "$SLIPWAY" open "$1" -o opened --key "$2" --expect über=€ -q
    cmp plain opened
}
for arn in "$KMS_LAB" "$KMS_OTHER" "$KMS_FAR"; do opens sdk-kms.esdk "kms:$arn"; done
opens sdk-signed.esdk "kms:$KMS_OTHER"
opens sdk-all.esdk "kms:$KMS_LAB"
opens sdk-all.esdk "$kek"
opens sdk-all.esdk "$rsa"
