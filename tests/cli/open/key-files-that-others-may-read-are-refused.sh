# For every bit that lets somebody else at the key; a public key may be read by all.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" keygen rsa -q -o rsa.key
echo secret >plain
"$SLIPWAY" seal plain -o p.sealed --to aes:aes.key --to pem:rsa.key.pub -q
for mode in 640 620 604 602 644 777; do
    for key in aes:aes.key pem:rsa.key; do
        chmod $mode aes.key rsa.key
        refused 5 'chmod 600' "$SLIPWAY" open p.sealed -o opened --key $key -q
        [ ! -e opened ]
    done
    refused 5 'chmod 600' "$SLIPWAY" seal plain -o q.sealed --to aes:aes.key -q
    [ ! -e q.sealed ]
done
chmod 400 aes.key
"$SLIPWAY" open p.sealed -o opened --key aes:aes.key -q
cmp plain opened
# A key through a pipe never lies on a disk.
"$SLIPWAY" open p.sealed -o opened --key aes:<(cat aes.key) -q
