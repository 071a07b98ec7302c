# The documented steps, by somebody else's scrypt: its result is a raw AES key under the name that the message says.
. "$CASE_LIB/disks.sh"
command -v python3 >/dev/null && command -v jq >/dev/null || exit 77
"$SLIPWAY" keygen passphrase -q -o phrase
echo secret >plain
"$SLIPWAY" seal plain -o p.sealed --to pass:file:phrase,cost=15 --json >sealed.json
recipient=$(jq -r '.recipients[0]' sealed.json)
name=${recipient#slipway-passphrase/}
[[ $name =~ ^scrypt\.15\.8\.1\.[0-9a-f]{32}$ ]]
python3 - "$name" <<'PY'
import hashlib, os, sys
_, log_n, r, p, salt = sys.argv[1].split(".")
phrase = open("phrase", "rb").read().rstrip(b"\n")
key = hashlib.scrypt(phrase, salt=bytes.fromhex(salt), n=2 ** int(log_n), r=int(r), p=int(p), maxmem=2 ** 26, dklen=32)
with open(os.open("raw.key", os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
    out.write(key.hex() + "\n")
PY
"$SLIPWAY" open p.sealed -o opened --key "aes:raw.key,ns=slipway-passphrase,name=$name" -q
cmp plain opened

# Every source gives the same key; a wrong one opens nothing and leaves nothing.
"$SLIPWAY" open p.sealed -o by-fd --key pass:fd:5 5<phrase -q
cmp plain by-fd
"$SLIPWAY" open p.sealed -o by-pipe --key pass:fd:0 <phrase -q
cmp plain by-pipe
"$SLIPWAY" keygen passphrase -q -o other
refused 5 'another passphrase' "$SLIPWAY" open p.sealed -o never --key pass:file:other -q
[ ! -e never ]
chmod 640 phrase
refused 5 'chmod 600' "$SLIPWAY" open p.sealed -o never --key pass:file:phrase -q
refused 2 'never a part of the command line' "$SLIPWAY" open p.sealed -o never --key pass:hunter2 -q
refused 2 'is empty' "$SLIPWAY" seal plain -o q.sealed --to pass:fd:0 -q </dev/null
[ ! -e q.sealed ]
# The file of the passphrase is spared as other keys are.
chmod 600 phrase
refused 2 'would be lost' "$SLIPWAY" seal plain -o phrase --to pass:file:phrase,cost=15 -q
