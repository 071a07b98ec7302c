# Each fault has its name, ends with 5 (2 for the command line), and leaves no file; no wrong PIN is tried twice.
. "$CASE_LIB/token.sh"
token_start
head -c 1000 /dev/urandom >plain
token_rsa seal 01 2048
token_aes kek 03
"$SLIPWAY" seal plain -o x.sealed --to "$(token_uri object=seal)" --to "$(token_uri object=kek)" -q
at="module-path=$TOKEN_MODULE"

told() { # CODE PART KEY…
    local code=$1 part=$2 key
    local -a keys=()
    shift 2
    for key in "$@"; do keys+=(--key "$key"); done
    refused "$code" "$part" setsid -w "$SLIPWAY" open x.sealed -o opened --verbose "${keys[@]}" </dev/null
    [ ! -e opened ]
}
pin_file() { (umask 077 && printf '%s\n' "$1" >"$2"); }

told 5 "no token that is plugged in matches" "pkcs11:token=other;object=seal?$at"
told 5 "no key matches the URI" "$(token_uri object=none)"
told 5 "no secret key matches the URI" "$(token_uri 'object=none;type=secret-key')",name=kek
told 5 "cannot load the PKCS#11 module '/none.so'" "pkcs11:object=seal?module-path=/none.so"
told 5 "cannot load the PKCS#11 module" "pkcs11:object=seal?module-path=$PWD/plain"
told 2 "no PKCS#11 URI" "pkcs11:token"
told 2 "no PKCS#11 URI" "pkcs11:id=%0x"
told 2 "not known" "pkcs11:object=seal;colour=red"
told 2 "its type is none of" "pkcs11:object=seal;type=data"
told 2 "there is no terminal to ask on" "pkcs11:token=lab;object=seal?$at"

# pin-value is refused, and the PIN in it is in no message.
told 2 "everybody on this machine reads it" "pkcs11:token=lab;object=seal?$at&pin-value=5678"
"$SLIPWAY" open x.sealed -o opened --verbose --key "pkcs11:object=seal?$at&pin-value=5678" 2>said || true
if grep -q 5678 said; then cat said; exit 1; fi
# Two objects that match.
token_aes kek 13
told 5 "2 secret keys match the URI, 'kek' (id" "$(token_uri object=kek)"
token_tool --delete-object --type secrkey --id 13

# PINs: from a file that others may read, none, a wrong one.
cp pin open.pin
chmod 640 open.pin
told 5 "chmod 600" "pkcs11:token=lab;object=seal?$at&pin-source=file:$PWD/open.pin"
pin_file '' empty.pin
told 2 "is empty" "pkcs11:token=lab;object=seal?$at&pin-source=$PWD/empty.pin"
told 2 "a program is not run" "pkcs11:token=lab;object=seal?$at&pin-source=%7Ccat%20pin"
told 5 "cannot open" "pkcs11:token=lab;object=seal?$at&pin-source=$PWD/none"
pin_file 0000 wrong.pin
spy=$(compgen -G '/usr/lib/*/pkcs11/pkcs11-spy.so' | head -n 1)
wrong="module-path=$spy&pin-source=file:$PWD/wrong.pin"
export PKCS11SPY=$TOKEN_MODULE PKCS11SPY_OUTPUT=$PWD/spy.log
told 5 "the PIN is wrong, and not tried again" "pkcs11:token=lab;object=seal?$wrong" "pkcs11:token=lab;object=kek;type=secret-key?$wrong"
[ "$(grep -c CKR_PIN_INCORRECT spy.log)" = 1 ]
[ "$(grep -c ': C_Login' spy.log)" = 1 ]

# The right one, from a descriptor too.
"$SLIPWAY" open x.sealed -o opened --key "pkcs11:token=lab;object=seal?$at&pin-source=fd:5" -q 5<pin
cmp plain opened
rm opened

# Another key of the same name, a private half that is gone, a public half that was all there was.
token_aes stranger 04
told 5 "does not decrypt it" "$(token_uri object=stranger),name=kek"
token_tool --delete-object --type privkey --id 01
told 5 "the public half of the key and not the private one" "$(token_uri object=seal)"
# An output that is the file of the PIN.
refused 2 "which would be lost" "$SLIPWAY" open x.sealed -o pin --key "$(token_uri object=kek)"
[ "$(cat pin)" = 5678 ]
