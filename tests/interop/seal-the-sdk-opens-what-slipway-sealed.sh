# timeout: 900
# X.keys with a recipient's key, then X.sealed with the artifact key that was in it; and direct messages in one step.
. "$SLIPWAY_SOURCE/tests/interop/esdk/setup.sh"
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" keygen rsa -q -o rsa.key
openssl rand 3200000 >random
cat >make.py <<'PY'
import json, os, subprocess, sys
slipway = sys.argv[1]
first, second, checks = [], [], []
random = open("random", "rb").read()
def seal(name, *more):
    out = subprocess.run([slipway, "seal", name, "-o", name + ".sealed", "--to", "aes:aes.key", "--to",
                          "pem:rsa.key.pub", "--context", "image=web-01", "--json", *more],
                         check=True, stdout=subprocess.PIPE).stdout
    result = json.loads(out)
    names = [r.split("/", 1) for r in result["recipients"]]
    keys = [{"type": "aes", "ns": names[0][0], "name": names[0][1], "file": "aes.key"},
            {"type": "rsa", "ns": names[1][0], "name": names[1][1], "file": "rsa.key"}]
    return result, keys
for frame in (4096, 65536, 1 << 20):
    for size in sorted({0, 1, frame - 1, frame, frame + 1, 3 * frame, 3 * frame + 7}):
        name = f"p-{frame}-{size}"
        open(name, "wb").write(random[:size])
        result, keys = seal(name, "--frame-size", str(frame))
        key = keys[size % 2]
        first.append({"op": "decrypt", "keys": [key], "in": name + ".keys", "out": name + ".artifact"})
        second.append({"op": "decrypt", "in": name + ".sealed", "out": name + ".opened",
                       "keys": [{"type": "aes", "ns": "slipway-artifact", "name": result["artifact"],
                                 "file": name + ".artifact"}]})
        checks.append([name, result["artifact"], size])
for key in (0, 1):
    name = f"direct-{key}"
    open(name, "wb").write(random[:200000])
    result, keys = seal(name, "--direct")
    second.append({"op": "decrypt", "keys": [keys[key]], "in": name + ".sealed", "out": name + ".opened"})
    checks.append([name, result["artifact"], 200000])
json.dump(first + second, open("jobs.json", "w"))
json.dump(checks, open("checks.json", "w"))
PY
python3 make.py "$SLIPWAY"
rig jobs.json
python3 - <<'PY'
import json
for name, artifact, size in json.load(open("checks.json")):
    assert open(name, "rb").read() == open(name + ".opened", "rb").read(), name
    context = json.load(open(name + ".opened.context"))
    assert context == {"image": "web-01", "slipway-format": "1", "artifact": artifact,
                       "plaintext-bytes": str(size)}, context
    if not name.startswith("direct"):
        assert json.load(open(name + ".artifact.context")) == {"artifact": artifact, "purpose": "artifact-key"}
PY
