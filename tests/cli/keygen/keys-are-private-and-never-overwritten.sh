# Keys are made 0600 whatever the umask says; a file that is there stays as it is.
. "$CASE_LIB/disks.sh"
umask 000
"$SLIPWAY" keygen aes -o aes.key
"$SLIPWAY" keygen rsa -o rsa.key
[ "$(stat -c %a aes.key)" = 600 ]
[ "$(stat -c %a rsa.key)" = 600 ]
[ "$(stat -c %a rsa.key.pub)" = 644 ]
[ "$(wc -c <aes.key)" = 65 ]
openssl pkey -in rsa.key -noout -text 2>/dev/null | grep -q '3072 bit'
openssl pkey -in rsa.key -pubout | cmp - rsa.key.pub

for curve in p256 p384 p521; do
    "$SLIPWAY" keygen ec-$curve -o $curve.key
    [ "$(stat -c %a $curve.key)" = 600 ]
    [ "$(stat -c %a $curve.key.pub)" = 644 ]
    openssl pkey -in $curve.key -pubout | cmp - $curve.key.pub
done
openssl pkey -in p256.key -noout -text | grep -q 'NIST CURVE: P-256'
openssl pkey -in p521.key -noout -text | grep -q 'NIST CURVE: P-521'
"$SLIPWAY" keygen rsa-2048 -o small.key
openssl pkey -in small.key -noout -text 2>/dev/null | grep -q '2048 bit'
"$SLIPWAY" keygen passphrase -o phrase
[ "$(stat -c %a phrase)" = 600 ]
grep -qxE '([a-km-np-z2-9]{5}-){5}[a-km-np-z2-9]{5}' phrase
"$SLIPWAY" keygen passphrase -o phrase2
! cmp -s phrase phrase2 || exit 1

for type in aes rsa ec passphrase; do
    cp -p aes.key before
    refused 1 'never overwritten' "$SLIPWAY" keygen $type -o aes.key
    cmp before aes.key
done
# Only the public half is in the way.
echo mine >other.pub
refused 1 "cannot create 'other.pub'" "$SLIPWAY" keygen rsa -o other
[ ! -e other ]
[ "$(cat other.pub)" = mine ]
# A link that leads nowhere is something that is there.
ln -s elsewhere link
refused 1 'never overwritten' "$SLIPWAY" keygen aes -o link
[ ! -e elsewhere ]

refused 2 'no type of key' "$SLIPWAY" keygen dsa -o x
[ ! -e x ]
