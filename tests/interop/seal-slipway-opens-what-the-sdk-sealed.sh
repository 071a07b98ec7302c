# timeout: 900
# Every size around a frame, AES, RSA and both; a damaged one is refused by both sides.
. "$SLIPWAY_SOURCE/tests/interop/esdk/setup.sh"
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" keygen rsa -q -o rsa.key
openssl rand 3200000 >random
python3 - <<'PY'
import json
random = open("random", "rb").read()
aes = {"type": "aes", "ns": "lab", "name": "aes one", "file": "aes.key"}
rsa = {"type": "rsa", "ns": "lab", "name": "rsa one", "file": "rsa.key.pub"}
jobs, rows = [], []
for frame in (4096, 65536, 1 << 20):
    for size in sorted({0, 1, frame - 1, frame, frame + 1, 3 * frame, 3 * frame + 7}):
        for what, keys in (("aes", [aes]), ("rsa", [rsa]), ("both", [rsa, aes])):
            name = f"p-{frame}-{size}-{what}"
            open(name, "wb").write(random[:size])
            jobs.append({"op": "encrypt", "keys": keys, "in": name, "out": name + ".esdk", "frame": frame,
                         "context": {"image": "web-01", "\u00fcber": "\u20ac"} if size else {}})
            rows.append(f"{name} {what} {size}")
json.dump(jobs, open("jobs.json", "w"))
open("rows", "w").write("".join(row + "\n" for row in rows))
PY
rig jobs.json
while read -r name what size; do
    keys=()
    [ "$what" = rsa ] || keys+=(--key "aes:aes.key,ns=lab,name=aes one")
    [ "$what" = aes ] || keys+=(--key "pem:rsa.key,ns=lab,name=rsa one")
    [ "$size" = 0 ] || keys+=(--expect image=web-01 --expect über=€)
    "$SLIPWAY" open "$name.esdk" -o opened "${keys[@]}" -q
    cmp "$name" opened
    rm opened
done <rows
# One bit of the last frame: neither side gives it out.
python3 - <<'PY'
import json
bad = bytearray(open("p-4096-12295-aes.esdk", "rb").read())
bad[-20] ^= 1
open("bad.esdk", "wb").write(bad)
json.dump([{"op": "decrypt", "fail": True, "in": "bad.esdk", "out": "bad",
            "keys": [{"type": "aes", "ns": "lab", "name": "aes one", "file": "aes.key"}]}], open("bad.json", "w"))
PY
rig bad.json
status=0
"$SLIPWAY" open bad.esdk -o opened --key "aes:aes.key,ns=lab,name=aes one" -q || status=$?
[ $status = 5 ]
[ ! -e opened ]
