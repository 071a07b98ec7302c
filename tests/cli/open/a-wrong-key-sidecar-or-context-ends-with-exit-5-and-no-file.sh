# Whatever does not fit: exit 5, a line that says why, and the file that was there stays.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" keygen aes -q -o other.key
"$SLIPWAY" keygen rsa -q -o rsa.key
echo secret >plain
"$SLIPWAY" seal plain -o p.sealed --to aes:aes.key --context image=web-01 -q
"$SLIPWAY" seal plain -o q.sealed --to aes:aes.key --context image=web-01 -q
"$SLIPWAY" seal plain -o d.sealed --to aes:aes.key --direct -q
echo before >opened
no() {
    local why=$1
    shift
    refused 5 "$why" "$SLIPWAY" open "$@" -o opened -q
    [ "$(cat opened)" = before ] || { echo "open $*: it wrote"; exit 1; }
}
no 'no key was given' p.sealed --key aes:other.key
no 'no key was given' d.sealed --key aes:other.key
no 'no key was given' p.sealed --key pem:rsa.key
no "'web-02' was expected" p.sealed --key aes:aes.key --expect image=web-02
no "has no 'recipe'" p.sealed --key aes:aes.key --expect image=web-01 --expect recipe=x
no 'required pair' d.sealed --key aes:aes.key --require site=north
no 'another message' p.sealed --key aes:aes.key --keys q.keys
no 'no artifact key' p.sealed --key aes:aes.key --keys d.sealed
no 'another message' d.sealed --key aes:aes.key --keys p.keys
no 'no key was given' p.sealed --key aes:aes.key --direct
name=$("$SLIPWAY" seal plain -o x.sealed --to aes:aes.key --json | grep -o 'aes-[0-9a-f]*')
no 'does not open the message' p.sealed --key "aes:other.key,name=$name"
mv p.keys away.keys
no 'needs its sidecar' p.sealed --key aes:aes.key
"$SLIPWAY" open p.sealed -o opened --key aes:aes.key --keys away.keys --expect image=web-01 -q
cmp plain opened
