#!/bin/bash
# Debian's awscli wraps and unwraps against the rig's KMS; the encryption context is bound, and a wrong one refused.
set -eu
. "$(dirname "$0")/../rig.sh"
rig_need aws
work=$(mktemp -d)
trap 'rig_stop; rm -rf "$work"' EXIT
cd "$work"
rig_kms_start "$work/rig"
trap 'rig_stop; rm -rf "$work"' EXIT
kms() { aws kms "$@" --endpoint-url "$RIG_URL" --output text; }
refused() { # CODE ARGUMENT…
    local code=$1
    shift
    ! kms "$@" >out 2>err || fail "kms $* was accepted"
    grep -q "$code" err || fail "kms $*: no $code: $(cat err)"
}

printf 'a data key' >plain
kms encrypt --key-id alias/lab --plaintext fileb://plain --encryption-context a=1,b=2 --query CiphertextBlob | base64 -d >blob
! grep -q 'a data key' blob || fail "the blob is not encrypted"
[ "$(kms decrypt --ciphertext-blob fileb://blob --encryption-context b=2,a=1 --query '[KeyId,Plaintext]')" = \
    "$KMS_LAB	$(base64 <plain)" ] || fail "it does not decrypt"
refused InvalidCiphertextException decrypt --ciphertext-blob fileb://blob --encryption-context a=1
refused InvalidCiphertextException decrypt --ciphertext-blob fileb://plain
refused IncorrectKeyException decrypt --ciphertext-blob fileb://blob --encryption-context a=1,b=2 --key-id "$KMS_OTHER"
refused NotFoundException encrypt --key-id alias/none --plaintext fileb://plain
refused NotFoundException encrypt --key-id "$KMS_FAR" --plaintext fileb://plain
refused DisabledException encrypt --key-id "$KMS_DISABLED" --plaintext fileb://plain
refused AccessDeniedException encrypt --key-id "$KMS_DENIED" --plaintext fileb://plain
refused UnsupportedOperation list-keys
[ "$(kms generate-data-key --key-id alias/lab --key-spec AES_256 --query Plaintext | base64 -d | wc -c)" = 32 ] ||
    fail "the generated key is not of 32 bytes"
AWS_SECRET_ACCESS_KEY=wrong refused InvalidSignatureException decrypt --ciphertext-blob fileb://blob
