# shellcheck shell=bash
# A SoftHSM token of the case's own, in the folder it runs in. Skips the case where SoftHSM or pkcs11-tool is missing.
#   token_start        makes an empty token "lab" with the PIN 5678; TOKEN_MODULE and TOKEN_PIN (a file) are set
#   token_tool ARG…    pkcs11-tool, logged in to it
#   token_rsa LABEL ID [BITS], token_ec CURVE LABEL ID, token_aes LABEL ID: a key made on it
# shellcheck source=tests/lib/disks.sh
. "$CASE_LIB/disks.sh"
need softhsm2-util pkcs11-tool openssl

token_start() {
    TOKEN_MODULE=$(compgen -G '/usr/lib/*/softhsm/libsofthsm2.so' | head -n 1)
    [ -n "$TOKEN_MODULE" ] || { echo "skipped: no libsofthsm2.so"; exit 77; }
    export SOFTHSM2_CONF=$PWD/softhsm2.conf
    mkdir tokens
    # With SoftHSM loaded OpenSSL leaves its random generators behind at exit, as the spy does with what it wraps; only
    # whole stacks tell whose a leak is.
    if [[ -n ${SLIPWAY_SANITIZED:-} ]]; then
        printf 'leak:%s\n' libsofthsm2.so pkcs11-spy.so RAND_get0_p >leaks
        export LSAN_OPTIONS=suppressions=$PWD/leaks:print_suppressions=0 ASAN_OPTIONS=fast_unwind_on_malloc=0
    fi
    printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$PWD/tokens" >"$SOFTHSM2_CONF"
    softhsm2-util --init-token --free --label lab --so-pin 1234 --pin 5678 >/dev/null
    TOKEN_PIN=$PWD/pin
    (umask 077 && echo 5678 >"$TOKEN_PIN")
}

token_tool() { pkcs11-tool --module "$TOKEN_MODULE" --token-label lab --login --pin 5678 "$@" >token.log 2>&1 || { cat token.log; return 1; }; }

token_rsa() { token_tool --keypairgen --key-type "rsa:${3:-3072}" --label "$1" --id "$2" --usage-decrypt; }
token_ec() { token_tool --keypairgen --key-type "EC:$1" --label "$2" --id "$3" --usage-derive; }
token_aes() { token_tool --keygen --key-type AES:32 --label "$1" --id "$2" --sensitive; }

# token_uri ATTRIBUTES: the key text of an object on the token.
token_uri() { printf 'pkcs11:token=lab;%s?module-path=%s&pin-source=file:%s' "$1" "$TOKEN_MODULE" "$TOKEN_PIN"; }
