# Whoever cannot sign cannot make verify parse; unsigned, no name leads out of the folder, no size takes memory.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen sign-ec -q -o lab
hex=$(printf '' | sha256sum | cut -d' ' -f1)
manifest() { # NAME
    jq -cjnS --arg file "$1" --arg hex "$hex" \
        '{manifestVersion: 1, slipway: "1", created: "2026-01-02T03:04:05Z", outputs: [{file: $file, bytes: 0, chunkBytes: 67108864, chunks: [], sha256: $hex}]}' \
        >m.json
}
: >empty
manifest empty
"$SLIPWAY" verify --allow-unsigned m.json | grep -q '^empty: right'
refused 5 "'m.json' is not signed: there is no 'm.sig'" "$SLIPWAY" verify m.json --trust lab.pub
for name in /etc/hostname ../empty ./empty .. '' 'a\b' $'a\nb'; do
    manifest "$name"
    refused 5 "'file' is no name of a file" "$SLIPWAY" verify --allow-unsigned m.json
done
# Signed with something in front or behind, or with the text of a signature.
manifest empty
openssl dgst -sha256 -sign lab -out m.sig m.json
"$SLIPWAY" verify m.json --trust lab.pub | grep -q '^empty: right'
{ cat m.sig && printf '\0'; } >longer
base64 <m.sig >text
head -c -1 m.sig >shorter
: >none
for sig in longer text shorter none; do
    cp $sig m.sig
    refused 5 'no trusted key made the signature' "$SLIPWAY" verify m.json --trust lab.pub
done
rm m.sig
mkfifo m.sig
refused 5 'no regular file' timeout 60 "$SLIPWAY" verify m.json --trust lab.pub
rm m.json
truncate -s 1G m.json
refused 5 'at most 16777216' "$SLIPWAY" verify --allow-unsigned m.json
head -c 15000000 /dev/zero | tr '\0' '[' >m.json
limit=500000
[ -z "${SLIPWAY_SANITIZED:-}" ] || limit=unlimited # shadow memory takes terabytes
(ulimit -v $limit && refused 5 'values; at most' "$SLIPWAY" verify --allow-unsigned m.json)
rm m.json
mkfifo m.json
refused 5 'no regular file' timeout 60 "$SLIPWAY" verify --allow-unsigned m.json
# Terminal escapes in names are shown as what they are.
rm m.json
manifest "$(printf 'a\302\233b')"
status=0
"$SLIPWAY" verify --allow-unsigned m.json >said || status=$?
[ $status = 5 ]
! grep -qP '\x9b' said || { echo "an escape reached the terminal"; exit 1; }
