# Exit 2 for what is wrong with the command line, 5 for what is wrong with a key; nothing is written.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" keygen rsa -q -o rsa.key
printf 'hello' >plain
cp plain plain.copy
mkdir folder
wrong() {
    local want=$1
    shift
    refused "$want" slipway "$SLIPWAY" "$@"
    nothing_but aes.key folder plain plain.copy rsa.key rsa.key.pub || { echo "slipway $*"; return 1; }
}
wrong 2 seal plain --to aes:aes.key
wrong 2 seal plain -o out.sealed
wrong 2 seal plain -o - --to aes:aes.key
wrong 2 seal plain -o plain --to aes:aes.key
wrong 2 seal plain -o folder --to aes:aes.key
wrong 2 seal plain -o /dev/null --to aes:aes.key
wrong 2 seal plain -o out.sealed --to aes.key
wrong 2 seal plain -o out.sealed --to aes:aes.key --to aes:aes.key
wrong 2 seal plain -o out.sealed --to aes:aes.key --context nothing
wrong 2 seal plain -o out.sealed --to aes:aes.key --context aws-crypto-x=1
wrong 2 seal plain -o out.sealed --to aes:aes.key --context artifact=1
wrong 2 seal plain -o out.sealed --to aes:aes.key --context a=1 --context a=2
wrong 2 seal plain -o out.sealed --to aes:aes.key --frame-size 100
wrong 2 seal plain -o out.sealed --to aes:aes.key --frame-size 65M
wrong 2 seal plain -o out.sealed --to aes:aes.key --suite 0378
wrong 2 seal plain -o out.sealed --to aes:aes.key --suite 1
wrong 2 seal plain -o out.sealed --to pem:rsa.key.pub,padding=pkcs1
wrong 5 seal plain -o out.sealed --to pem:rsa.key
wrong 5 seal plain -o out.sealed --to aes:plain
wrong 5 seal plain -o out.sealed --to aes:missing
wrong 1 seal missing -o out.sealed --to aes:aes.key
wrong 2 seal folder -o out.sealed --to aes:aes.key
wrong 1 seal plain -o missing/out.sealed --to aes:aes.key
wrong 2 open plain -o out
wrong 2 open plain --key aes:aes.key
wrong 5 open plain -o out --key aes:aes.key
cmp plain plain.copy

# A key is never replaced by what is sealed to it or opened with it, least of all under a name that nobody gave.
cp aes.key plain.keys
chmod 600 plain.keys
cp plain.keys keys.copy
"$SLIPWAY" seal plain -q -o direct --direct --to aes:plain.keys
refused 2 slipway "$SLIPWAY" seal plain -o plain.sealed --to aes:plain.keys
refused 2 slipway "$SLIPWAY" seal plain -o plain.sealed --to pem:rsa.key.pub
refused 2 slipway "$SLIPWAY" seal plain -o plain.keys --direct --to aes:plain.keys
refused 2 slipway "$SLIPWAY" open direct -o plain.keys --key aes:plain.keys
cmp plain.keys keys.copy
nothing_but aes.key direct folder keys.copy plain plain.copy plain.keys rsa.key rsa.key.pub
rm plain.keys
"$SLIPWAY" seal plain -q -o plain.sealed --to aes:aes.key
"$SLIPWAY" seal plain -q -o plain.sealed --to aes:aes.key
"$SLIPWAY" open plain.sealed -q -o again --key aes:aes.key
cmp plain again

# Nor is the key of another message: neither of one whose sidecar has the same name, nor of one that was shipped away.
cp plain.keys keys.copy
"$SLIPWAY" seal plain -q -o backup.sealed --to aes:aes.key
cp backup.keys keys.copy2
refused 2 "holds the key of another file" "$SLIPWAY" seal plain.copy -o backup --to aes:aes.key
refused 2 "holds the key of another file" "$SLIPWAY" seal plain.copy -o backup --to aes:aes.key --resume-key aes:aes.key
[ ! -e backup ]
cmp backup.keys keys.copy2
mv plain.sealed shipped.sealed
refused 2 "holds the key of another file" "$SLIPWAY" seal plain.copy -o plain.sealed --to aes:aes.key
cmp plain.keys keys.copy
mv shipped.sealed plain.sealed
