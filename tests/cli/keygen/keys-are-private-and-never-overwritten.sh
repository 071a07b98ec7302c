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

for type in aes rsa; do
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
