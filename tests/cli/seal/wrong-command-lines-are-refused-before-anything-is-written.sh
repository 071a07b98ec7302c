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
