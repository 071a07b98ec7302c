# Messages of every suite, frame length, kind of key and context, written by hand where the SDK does not write them, and
# changed at every field and edge: what the SDK opens is opened to the same bytes, and what it refuses is refused.
# SLIPWAY_TEST_VECTORS: of how many messages one is taken (default 25; 1: all of them, several minutes).
# timeout: 1800
. "$SLIPWAY_SOURCE/tests/interop/esdk/setup.sh"
mkdir vectors
sdk_run vectors.mjs "$PWD/vectors" "${SLIPWAY_TEST_VECTORS:-25}"
cat >judge.py <<'PY'
import collections, concurrent.futures, hashlib, json, os, re, subprocess, sys

SLIPWAY = sys.argv[1]
os.chdir("vectors")
# Where slipway is stricter than the SDK for JavaScript: nothing follows a message, and an IV of version 2 is its frame's number.
STRICTER = re.compile(
    "(: (one byte behind it|as many bytes behind it as a frame has|frame 3 tag: twice|twice)|suite 0[45]78: IVs that are drawn)$"
)


def judge(vector):
    """What came of it: "opened" or "refused", or a complaint."""
    out = vector["file"] + ".opened"
    keys = [word for key in vector["keys"] for word in ("--key", key)]
    run = subprocess.run([SLIPWAY, "open", vector["file"], "-o", out, "--legacy", "-q", *keys], stderr=subprocess.PIPE)
    said = run.stderr.decode(errors="replace").strip()
    if run.returncode == 0:
        with open(out, "rb") as file:
            found = hashlib.sha256(file.read()).hexdigest()
        os.unlink(out)
        if vector["opens"] is None:
            return "opened, and the SDK refuses it"
        return "opened" if found == vector["opens"] else "opened to other bytes"
    if run.returncode != 5 or not said or os.path.exists(out):
        return "exit status %d, an output: %s: %s" % (run.returncode, os.path.exists(out), said)
    if vector["opens"] is None:
        return "refused"
    return "refused, stricter" if STRICTER.search(vector["what"]) else "refused, and the SDK opens it: " + said


with open("vectors.json") as file:
    vectors = json.load(file)
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    results = list(pool.map(judge, vectors))
wrong = [(vector["what"], result) for vector, result in zip(vectors, results) if result not in ("opened", "refused", "refused, stricter")]
for what, result in wrong[:40]:
    print("%s: %s" % (what, result))
count = collections.Counter(results)
print("%d messages: %s" % (len(vectors), dict(count)))
sys.exit(1 if wrong or count["opened"] < 15 or count["refused"] < 60 else 0)
PY
python3 judge.py "$SLIPWAY"
