# Messages of all eleven suites, framed and in one block: those without key commitment with --legacy alone. Then their
# bytes are changed, cut, repeated and lied about: exit code 5 and no file. (Every byte of them: unit/seal/suites.)
. "$CASE_LIB/disks.sh"
(umask 077; printf '\1%.0s' $(seq 32) >key)
cp "$SLIPWAY_SOURCE"/tests/fuzz/corpus/envelope/suite-* .
cat >change.py <<'PY'
import os, random, subprocess, sys
slipway = sys.argv[1]
rnd = random.Random(7)
plain = b"what every suite holds, in frames and in a block\n"
refused = 0

def run(message, *more):
    open("m", "wb").write(message)
    return subprocess.run([slipway, "open", "m", "-o", "opened", "--key", "aes:key,ns=fuzz,name=key", *more, "-q"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)

def refuse(what, message):
    global refused
    done = run(message, "--legacy")
    if done.returncode != 5 or done.stdout or os.path.exists("opened"):
        sys.exit(f"{what}: exit {done.returncode}, {done.stderr}")
    refused += 1

for name in sorted(n for n in os.listdir() if n.startswith("suite-")):
    good = open(name, "rb").read()
    commits = name[6:10] in ("0478", "0578")
    if not name.endswith("single"):
        done = run(good)
        assert done.returncode == (0 if commits else 4), (name, done)
        assert commits or (b"0x" + name[6:10].encode() in done.stderr and b"--legacy" in done.stderr), done
        assert os.path.exists("opened") == commits, name
    assert run(good, "--legacy").returncode == 0, name
    assert open("opened", "rb").read() == plain, name
    os.remove("opened")
    for at in (rnd.randrange(len(good) // 2), rnd.randrange(len(good)), len(good) - 1):
        bad = bytearray(good)
        bad[at] ^= 1 << rnd.randrange(8)
        refuse(f"{name}, bit at {at}", bad)
    at = rnd.randrange(len(good))
    refuse(f"{name}, cut at {at}", good[:at])
    refuse(f"{name}, twice from {at}", good[:at] + good[at - 1:] if at else good + b"\0")
print(refused)
assert refused == 110
PY
python3 change.py "$SLIPWAY"
rm suite-* m
nothing_but change.py key
