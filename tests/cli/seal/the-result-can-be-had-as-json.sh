# --json: what was written, for whom; the same artifact id on both sides.
"$SLIPWAY" keygen aes -q -o aes.key
printf 'hello' >plain
"$SLIPWAY" seal plain -o plain.sealed --to aes:aes.key --context image=web-01 --context 'note=a=b' --json >sealed.json
"$SLIPWAY" open plain.sealed -o got --key aes:aes.key --expect image=web-01 --json >opened.json
python3 - <<'PY'
import json, os
sealed, opened = json.load(open("sealed.json")), json.load(open("opened.json"))
assert sealed["sealed"] == "plain.sealed" and sealed["keys"] == "plain.keys", sealed
assert sealed["plaintext_bytes"] == 5 and sealed["sealed_bytes"] == os.path.getsize("plain.sealed"), sealed
assert len(sealed["recipients"]) == 1 and sealed["recipients"][0].startswith("slipway/aes-"), sealed
context = opened["context"]
assert context == {"image": "web-01", "note": "a=b", "slipway-format": "1", "plaintext-bytes": "5",
                   "artifact": sealed["artifact"]}, context
PY
"$SLIPWAY" seal plain -o direct.sealed --to aes:aes.key --direct --json | grep -q '"keys": null'
"$SLIPWAY" seal plain -o signed.sealed --to aes:aes.key --suite 0578 --json >sealed.json
"$SLIPWAY" open signed.sealed -o got --key aes:aes.key --json >opened.json
python3 - <<'PY'
import json
sealed, opened = json.load(open("sealed.json")), json.load(open("opened.json"))
assert sealed["suite"] == opened["suite"] == "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384", (sealed, opened)
assert len(opened["context"]["aws-crypto-public-key"]) == 68, opened
PY
cmp plain got
