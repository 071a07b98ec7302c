# Header, context, wrapped keys, commitment, tags, frames of both files. (Every bit of a message: unit/seal/hostile.)
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o aes.key
head -c 2500 /dev/urandom >plain
"$SLIPWAY" seal plain -o p.sealed --to aes:aes.key --context image=web --frame-size 1K -q
cat >flip.py <<'PY'
import os, subprocess, sys
slipway, name = sys.argv[1:3]
good = open(name, "rb").read()
places = sorted({*range(0, len(good), 29), *range(0, 8), *range(len(good) - 60, len(good), 7)})
for at in places:
    bad = bytearray(good)
    bad[at] ^= 1 << at % 8
    open(name, "wb").write(bad)
    run = subprocess.run([slipway, "open", "p.sealed", "-o", "opened", "--key", "aes:aes.key", "-q"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode != 5 or run.stdout or os.path.exists("opened"):
        sys.exit(f"{name} at {at}: exit {run.returncode}, {run.stderr}")
open(name, "wb").write(good)
print(f"{name}: {len(places)} bytes")
PY
python3 flip.py "$SLIPWAY" p.sealed
python3 flip.py "$SLIPWAY" p.keys
"$SLIPWAY" open p.sealed -o opened --key aes:aes.key -q
cmp plain opened
nothing_but aes.key flip.py opened p.keys p.sealed plain
