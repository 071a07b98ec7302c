# timeout: 900
# Every suite that the SDK writes, every size around a frame, AES, RSA and both: opened here. What is sealed here, in two
# steps (X.keys, then X.sealed with the artifact key that was in it) and in one: opened there. Changed: by neither.
# SLIPWAY_TEST_VECTORS=1: each size with all of the keys, each old suite with every size.
. "$SLIPWAY_SOURCE/tests/interop/esdk/setup.sh"
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" keygen rsa -q -o rsa.key
for bits in 128 192; do (umask 077; openssl rand -hex $((bits / 8)) >aes$bits.key); done
openssl rand 3200000 >random
cat >make.py <<'PY'
import json, os, subprocess, sys
slipway = sys.argv[1]
every = os.environ.get("SLIPWAY_TEST_VECTORS") == "1"
jobs, later, rows, checks = [], [], [], []
random = open("random", "rb").read()
AES = {"type": "aes", "ns": "lab", "name": "aes one", "file": "aes.key"}
RSA = {"type": "rsa", "ns": "lab", "name": "rsa one", "file": "rsa.key.pub"}
KEYS = {"aes": [AES], "rsa": [RSA], "both": [RSA, AES],
        "128": [{"type": "aes", "ns": "lab", "name": "small", "file": "aes128.key"}],
        "192": [{"type": "aes", "ns": "lab", "name": "small", "file": "aes192.key"}],
        "pkcs1": [{**RSA, "pkcs1": True}]}
LEGACY = "0014 0046 0078 0114 0146 0178 0214 0346 0378".split()

def plain(size):
    open(f"p-{size}", "wb").write(random[:size])
    return f"p-{size}"

def sizes(frame):
    return sorted({0, 1, frame - 1, frame, frame + 1, 3 * frame, 3 * frame + 7})

def theirs(suite, frame, size, keys):
    name = f"{suite}-{frame}-{size}-{keys}.esdk"
    jobs.append({"op": "encrypt", "suite": suite, "keys": KEYS[keys], "in": plain(size), "out": name, "frame": frame,
                 "context": {"image": "web-01", "\u00fcber": "\u20ac"} if size else {}})
    rows.append(f"{name} {suite} {size} {keys}")

for frame in (4096, 65536, 1 << 20):
    for i, size in enumerate(sizes(frame)):
        for suite in ("0478", "0578"):
            for keys in ("aes", "rsa", "both") if frame == 4096 and every else (("aes", "rsa", "both")[i % 3],):
                theirs(suite, frame, size, keys)
        for k, suite in enumerate(LEGACY):
            if (i + k) % {4096: 1 if every else 3, 65536: 2 if every else 8, 1 << 20: 7 if every else 24}[frame] == 0:
                theirs(suite, frame, size, list(KEYS)[(i + 2 * k) % len(KEYS)])

def seal(suite, size, *more):
    name = f"s-{suite}-{size}-{len(checks)}"
    result = json.loads(subprocess.run(
        [slipway, "seal", plain(size), "-o", name + ".sealed", "--to", "aes:aes.key", "--to", "pem:rsa.key.pub",
         "--suite", suite, "--context", "image=web-01", "--json", *more], check=True, stdout=subprocess.PIPE).stdout)
    names = [r.split("/", 1) for r in result["recipients"]]
    keys = [{"type": "aes", "ns": names[0][0], "name": names[0][1], "file": "aes.key"},
            {"type": "rsa", "ns": names[1][0], "name": names[1][1], "file": "rsa.key"}]
    checks.append([name, result["artifact"], size, suite])
    return name, result["artifact"], keys[len(checks) % 2]

def ours(suite, size, frame):
    name, artifact, key = seal(suite, size, "--frame-size", str(frame))
    jobs.append({"op": "decrypt", "suite": "0478", "keys": [key], "in": name + ".keys", "out": name + ".artifact"})
    jobs.append({"op": "decrypt", "suite": suite, "in": name + ".sealed", "out": name + ".opened",
                 "keys": [{"type": "aes", "ns": "slipway-artifact", "name": artifact, "file": name + ".artifact"}]})

for suite in ("0478", "0578"):
    for frame in (4096, 65536, 1 << 20):
        for size in sizes(frame):
            ours(suite, size, frame)
    for _ in range(2):
        name, _, key = seal(suite, 200000, "--direct")
        jobs.append({"op": "decrypt", "suite": suite, "keys": [key], "in": name + ".sealed", "out": name + ".opened"})
        bad = bytearray(open(name + ".sealed", "rb").read())
        bad[-20] ^= 1
        open(name + ".bad", "wb").write(bad)
        jobs.append({"op": "decrypt", "suite": suite, "keys": [key], "in": name + ".bad", "out": "bad", "fail": True})
json.dump(jobs, open("jobs.json", "w"))
json.dump(checks, open("checks.json", "w"))
open("rows", "w").write("".join(row + "\n" for row in rows))
PY
python3 make.py "$SLIPWAY"
rig jobs.json
while read -r name suite size keys; do
    key=("aes:aes.key,ns=lab,name=aes one")
    more=()
    case $keys in
    rsa) key=("pem:rsa.key,ns=lab,name=rsa one") ;;
    pkcs1) key=("pem:rsa.key,ns=lab,name=rsa one,padding=pkcs1") ;;
    128 | 192) key=("aes:aes$keys.key,ns=lab,name=small") ;;
    both) [ $((size % 2)) = 0 ] || key=("pem:rsa.key,ns=lab,name=rsa one") ;;
    esac
    [ "$size" = 0 ] || more+=(--expect image=web-01 --expect über=€)
    case $suite in 0[0-3]*) more+=(--legacy) ;; esac
    "$SLIPWAY" open "$name" -o opened --key "${key[0]}" "${more[@]}" -q
    cmp "p-$size" opened
    rm opened
done <rows
# Suites that do not commit to their key only when asked; one bit of the last frame or the signature not at all.
for suite in 0178 0378; do
    name=$(ls $suite-4096-1-*.esdk)
    refused 4 "0x$suite" "$SLIPWAY" open "$name" -o opened --key "aes:aes.key,ns=lab,name=aes one" -q
    [ ! -e opened ]
done
python3 - <<'PY'
for suite in ("0478", "0578"):
    bad = bytearray(open(f"{suite}-4096-12295-aes.esdk", "rb").read())
    bad[-20] ^= 1
    open(f"{suite}.bad", "wb").write(bad)
PY
for suite in 0478 0578; do
    refused 5 "cannot open" "$SLIPWAY" open $suite.bad -o opened --key "aes:aes.key,ns=lab,name=aes one" -q
    [ ! -e opened ]
done
python3 - <<'PY'
import json
for name, artifact, size, suite in json.load(open("checks.json")):
    assert open(f"p-{size}", "rb").read() == open(name + ".opened", "rb").read(), name
    context = json.load(open(name + ".opened.context"))
    assert (context.pop("aws-crypto-public-key", None) is not None) == (suite == "0578"), context
    assert context == {"image": "web-01", "slipway-format": "1", "artifact": artifact,
                       "plaintext-bytes": str(size)}, context
print(len(open("rows").readlines()), "messages opened here,", len(json.load(open("checks.json"))), "there")
PY
