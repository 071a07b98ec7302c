# Canaries: a key and a plaintext are searched for in every file, log, argument list, environment and core of an import that
# opens a sealed image, when it ends and when it is killed. Only the bucket gets the plaintext.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
cat >search.py <<'PY'
"""search.py [--in FOLDER] [--pid PID]: ends with 1 where a secret is."""
import base64, os, sys

key = bytes.fromhex(open("secrets/key").read().strip())
text = base64.b64encode(key).rstrip(b"=")[:-1]
needles = [b"canary plaintext " + open("secrets/word", "rb").read(), key, key[::-1], key[:16], key[16:], text,
           key.hex().encode(), key.hex().upper().encode()]
seen = 0


def search(name):
    global seen
    with open(name, "rb") as file:
        content = file.read()
    seen += 1
    if any(needle in content for needle in needles):
        print("%s holds a secret" % name)
        sys.exit(1)


tops = [sys.argv[2]] if sys.argv[1:2] == ["--in"] else [".", os.environ["HOME"], os.environ["TMPDIR"]]
for top in tops:
    for folder, folders, files in os.walk(top):
        if top == ".":
            folders[:] = [name for name in folders if name not in ("secrets", "rig")]
        for name in files:
            if os.path.isfile(os.path.join(folder, name)):
                search(os.path.join(folder, name))
if sys.argv[1:2] == ["--pid"]:
    for name in ("cmdline", "environ"):
        search("/proc/%s/%s" % (sys.argv[2], name))
print("%d files searched" % seen)
PY
mkdir -m 700 secrets
"$SLIPWAY" keygen aes -q -o secrets/key
printf 'word %05d%05d%05d%05d' $RANDOM $RANDOM $RANDOM $RANDOM >secrets/word # of no length that an AES key has
chmod 600 secrets/word
python3 - <<'PY'
import os
word = b"canary plaintext " + open("secrets/word", "rb").read()
with open("secrets/disk.img", "wb") as out:  # a canary in every frame
    for _ in range(16 << 20 >> 16):
        out.write(word + os.urandom(65536 - len(word)))
PY
"$SLIPWAY" seal secrets/disk.img -o secrets/disk.img.sealed --to aes:secrets/key -q
options=(-f raw secrets/disk.img.sealed --key aes:secrets/key --part-size 5M -v)
searched() { python3 search.py "$@" || fail "a secret is left: $*"; }

ulimit -c "$(ulimit -H -c)"
for signal in KILL ABRT TERM; do
    rig_faults '{"op":"UploadPart","part":2,"do":"delay-reply","ms":30000}'
    before=$(rig_count UploadPart)
    rig_spawn "${options[@]}" --prefix "$signal" >>log 2>&1
    rig_wait UploadPart $((before + 1))
    searched --pid "$pid"
    kill -"$signal" "$pid"
    wait "$pid" 2>/dev/null || true
    searched
done
rig_faults
for signal in KILL ABRT TERM; do
    rig_import "${options[@]}" --prefix "$signal" 2>>log | grep -q '^ami-' || fail "no AMI after $signal: $(tail -3 log)"
    cmp secrets/disk.img "$(rig_object "$signal/disk.img")" || fail "the object is not the plaintext"
done
searched
# What is wrong is told without its words.
for wrong in aes:secrets/word pem:secrets/key; do
    status=0
    rig_import "${options[@]}" --key "$wrong" --prefix wrong >>log 2>&1 || status=$?
    [ "$status" = 5 ] || fail "$wrong: exit status $status"
done
searched
# Where the plaintext is meant to be, it is found.
if python3 search.py --in rig; then fail "the search finds nothing"; fi
