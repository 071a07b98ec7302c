# Against the rig's KMS: ARNs, aliases, other regions, throttling; what is a matter of the key ends with 5, the rest with 6.
. "$CASE_LIB/disks.sh"
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_kms_start "$PWD/rig"
head -c 100000 /dev/urandom >plain
opens() { # KEY SEALED [OPTION…]
    rm -f opened
    "$SLIPWAY" open "$2" -o opened --key "$1" -q "${@:3}"
    cmp plain opened
}
told() { # CODE PART SEALED KEY [OPTION…]
    refused "$1" "$2" "$SLIPWAY" open "$3" -o none --key "$4" "${@:5}"
    [ ! -e none ] || fail "there is an output after a failure"
}
log() { grep -F "\"op\": \"$1\"" "$RIG_DIR/requests.jsonl" | tail -n 1; }

"$SLIPWAY" seal plain -o a.sealed --to "kms:$KMS_LAB" --context 'image=wéb "1"' --direct -q
log Encrypt | jq -e --arg arn "$KMS_LAB" '.params | .KeyId == $arn and .EncryptionContext.image == "wéb \"1\"" and
    .EncryptionContext["plaintext-bytes"] == "100000" and (.EncryptionContext.artifact | length == 32)' >/dev/null ||
    fail "Encrypt was not asked with the whole context: $(log Encrypt)"
opens "kms:$KMS_LAB" a.sealed
log Decrypt | jq -e --arg arn "$KMS_LAB" '.params.KeyId == $arn and (.params.EncryptionContext | length) == 4' >/dev/null ||
    fail "Decrypt was not asked with key and context: $(log Decrypt)"

# With a sidecar, its context is the artifact's; an alias stands in the message as the ARN that answered.
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" seal plain -o b.sealed --to kms:alias/lab --to "kms:$KMS_FAR" --to aes:aes.key -q
log Encrypt | jq -e '.params.EncryptionContext.purpose == "artifact-key"' >/dev/null
grep -qaF "$KMS_LAB" b.keys
for key in "kms:$KMS_LAB" "kms:$KMS_FAR" aes:aes.key; do opens "$key" b.sealed; done

# Where it is: behind the key, on the command line, in the environment, in this order.
AWS_ENDPOINT_URL_KMS=http://127.0.0.1:9 opens "kms:$KMS_LAB" b.sealed --endpoint-url "$RIG_URL"
AWS_ENDPOINT_URL_KMS=http://127.0.0.1:9 opens "kms:$KMS_LAB,endpoint=$RIG_URL" b.sealed --endpoint-url http://127.0.0.1:9
env -u AWS_ENDPOINT_URL_KMS AWS_ENDPOINT_URL="$RIG_URL" "$SLIPWAY" open b.sealed -o opened2 --key "kms:$KMS_LAB" -q

# A matter of the key.
told 2 "opening takes the key's ARN" b.sealed kms:alias/lab
told 5 "no key was given that it is sealed to" b.sealed "kms:$KMS_OTHER"
told 5 "no key was given that it is sealed to" b.sealed "kms:${KMS_LAB}1"
refused 5 "it is disabled: DisabledException" "$SLIPWAY" seal plain -o none.sealed --to "kms:$KMS_DISABLED"
refused 5 "the caller may not use it" "$SLIPWAY" seal plain -o none.sealed --to "kms:$KMS_DENIED"
refused 5 "pending deletion" "$SLIPWAY" seal plain -o none.sealed --to "kms:$KMS_DELETED"
refused 5 "there is no such key" "$SLIPWAY" seal plain -o none.sealed --to kms:alias/none
[[ ! -e none.sealed && ! -e none.keys ]] || fail "there is an output after a failure"
# One byte of the context, of the wrapped key, or another key's name: whatever KMS says no to.
python3 - "$KMS_LAB" "$KMS_OTHER" <<'PY'
import sys
lab, other = (arn.encode() for arn in sys.argv[1:])
message = open("a.sealed", "rb").read()
open("context.sealed", "wb").write(message.replace(b'"1"', b'"2"', 1))
open("other.sealed", "wb").write(message.replace(lab, other, 1))
at = message.index(lab) + len(lab) + 2 + 8 + 16 + 12
open("blob.sealed", "wb").write(message[:at] + bytes([message[at] ^ 1]) + message[at + 1:])
PY
told 5 "with this encryption context" context.sealed "kms:$KMS_LAB"
told 5 "with this encryption context" blob.sealed "kms:$KMS_LAB"
told 5 "another key wrapped this data key" other.sealed "kms:$KMS_OTHER"

# The rest: a wrong login, throttling that passes and that does not, nobody there.
AWS_SECRET_ACCESS_KEY=wrong refused 1 "InvalidSignatureException" "$SLIPWAY" open b.sealed -o none --key "kms:$KMS_LAB"
env -u AWS_SECRET_ACCESS_KEY -u AWS_ACCESS_KEY_ID "$SLIPWAY" open b.sealed -o none --key "kms:$KMS_LAB" 2>err && fail "opened without a login"
grep -q "no AWS credentials" err
rig_faults '{"op":"Decrypt","do":"error","code":"ThrottlingException","status":400,"times":2}'
opens "kms:$KMS_LAB" b.sealed
rig_faults '{"op":"Decrypt","do":"error","code":"KMSInternalException","status":500,"times":0}'
AWS_MAX_ATTEMPTS=2 told 6 "after 2 attempts: KMSInternalException" b.sealed "kms:$KMS_LAB"
AWS_MAX_ATTEMPTS=1 told 6 "127.0.0.1:9" b.sealed "kms:$KMS_LAB" --endpoint-url http://127.0.0.1:9

# Another key gets it, and the first one no longer opens it; without any key inspect names who does.
rm "$RIG_DIR/faults.json"
cp b.sealed c.sealed
cp b.keys c.keys
"$SLIPWAY" rewrap c.sealed --key "kms:$KMS_LAB" --to "kms:$KMS_OTHER" -q
cmp b.sealed c.sealed
opens "kms:$KMS_OTHER" c.sealed
told 5 "no key was given that it is sealed to" c.sealed "kms:$KMS_LAB"
"$SLIPWAY" inspect c.sealed | grep -qF "$KMS_OTHER"

# An import opens it on the way up, with the same login.
truncate -s 1M disk
echo data | dd of=disk conv=notrunc status=none
"$SLIPWAY" seal disk -o disk.sealed --to "kms:$KMS_LAB" -q
rig_import disk.sealed --key "kms:$KMS_LAB" --format raw -q >ami
cmp disk "$(rig_object disk)"

# A direct message that is gone on with is for the key that the alias meant: while nobody answers all of it is left, and
# where another key has that name now (here: in another region) it begins anew.
openssl enc -aes-256-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 40000000 >large || true
resumed=("$SLIPWAY" seal large -o r.sealed --direct --to kms:alias/lab --resume-key aes:aes.key)
id() { od -An -tx1 -j3 -N32 "$1" | tr -d ' \n'; }
for region in us-east-1 eu-west-1; do
    "$CASE_LIB/stop-when" KILL .r.sealed.partial 3000000 "${resumed[@]}" -j 1 && fail "it was not stopped"
    first=$(id .r.sealed.partial)
    rig_faults '{"op":"Encrypt","do":"error","code":"KMSInternalException","status":500,"times":0}'
    AWS_MAX_ATTEMPTS=1 AWS_DEFAULT_REGION=$region refused 6 "alias/lab" "${resumed[@]}"
    rm "$RIG_DIR/faults.json"
    AWS_DEFAULT_REGION=$region "${resumed[@]}" 2>said
    if [ $region = us-east-1 ]; then
        grep -q 'goes on at [1-9]' said || fail "it did not go on: $(cat said)"
        [ "$(id r.sealed)" = "$first" ] || fail "another message"
        grep -qaF "$KMS_LAB" r.sealed
    else
        grep -q 'begins anew.*is another key now' said || fail "it did not begin anew: $(cat said)"
        [ "$(id r.sealed)" != "$first" ] || fail "the same message"
        grep -qaF "$KMS_FAR_LAB" r.sealed
    fi
    rm r.sealed
done

# A verb that promises to stay offline asks nobody.
before=$(wc -l <"$RIG_DIR/requests.jsonl")
refused 4 "this command opens no connections" "$SLIPWAY" convert -f raw disk disk.vmdk --seal-to "kms:$KMS_LAB"
[ "$(wc -l <"$RIG_DIR/requests.jsonl")" = "$before" ]
! grep -rqF "$AWS_SECRET_ACCESS_KEY" b.keys a.sealed "$RIG_DIR/requests.jsonl" || fail "the secret key is in a file"
