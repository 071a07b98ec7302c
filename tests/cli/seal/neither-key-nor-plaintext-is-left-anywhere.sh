# Canaries: a key, a passphrase and a plaintext are searched for in every file, log, argument list, environment and core,
# whenever sealing and opening end or are killed. SLIPWAY_TEST_KILLS says how often (default 20).
# timeout: 1200
command -v python3 >/dev/null || exit 77
# What kills a process before it has turned off its own cores is no concern; here even the limit is raised.
if [[ -z ${SLIPWAY_SANITIZED:-} ]] && command -v gcc >/dev/null; then
    gcc -D_GNU_SOURCE -shared -fPIC -o force.so "$CASE_LIB/forced_core.c"
fi
mkdir work keys
python3 -B - "$SLIPWAY" "${SLIPWAY_TEST_KILLS:-20}" <<'PY'
import filecmp, os, random, resource, signal, subprocess, sys, time
sys.path.insert(0, os.environ["CASE_LIB"])
import canary
SLIPWAY, KILLS = sys.argv[1], int(sys.argv[2])
random.seed()
KEY = os.urandom(32)
PHRASE = b"canary-" + os.urandom(12).hex().encode()
PLAIN = b"canary plaintext " + os.urandom(16).hex().encode()

def private(name, content):
    with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)

private("keys/aes.key", KEY.hex().encode() + b"\n")
private("keys/phrase", PHRASE + b"\n")
subprocess.run([SLIPWAY, "keygen", "ec", "-q", "-o", "keys/ec.pem"], check=True)
private_ec = subprocess.run(["openssl", "pkey", "-in", "keys/ec.pem", "-outform", "DER"], capture_output=True).stdout
at = private_ec.index(b"\x02\x01\x01\x04\x30") + 5  # version 1, then the scalar of 48 bytes
SCALAR = private_ec[at:at + 48]
with open("keys/plain", "wb") as out:  # a canary in every frame
    for i in range(6 << 20 >> 16):
        out.write(PLAIN + os.urandom(65536 - len(PLAIN)))

canaries = canary.Search([PHRASE, PLAIN, *canary.spellings(KEY), *canary.spellings(SCALAR)])
cores = 0

def search_folders(*spare):
    canaries.folders(".", os.environ["TMPDIR"], os.environ["HOME"], skip=["keys"], spare=spare)

SEAL = [SLIPWAY, "seal", "-v", "keys/plain", "-o", "work/p.sealed", "--to", "aes:keys/aes.key", "--to", "pem:keys/ec.pem.pub",
        "--to", "pass:file:keys/phrase,cost=15", "--context", "image=web-01"]
OPENS = [[SLIPWAY, "open", "-v", "keys/p.sealed", "-o", "work/opened", "--key", key]
         for key in ("aes:keys/aes.key", "pem:keys/ec.pem", "pass:file:keys/phrase")]

def run(argv, kill_after=None, signal_no=signal.SIGKILL, **more):
    log = open("work/log", "ab")
    p = subprocess.Popen(argv, stdout=log, stderr=log, **more)
    end = None if kill_after is None else time.time() + kill_after
    while p.poll() is None:
        canaries.process(p.pid)
        if end is not None and time.time() >= end:
            p.send_signal(signal_no)
            end = None
        time.sleep(0.002)
    return p.returncode

# Undisturbed first; the sealed files that are opened from now on are these.
began = time.time()
assert run(SEAL) == 0
took = time.time() - began
search_folders()
os.rename("work/p.sealed", "keys/p.sealed")
os.rename("work/p.keys", "keys/p.keys")
for argv in OPENS:
    assert run(argv) == 0
    search_folders("opened")
    os.unlink("work/opened")

killed = 0
for i in range(KILLS):
    argv = SEAL if i % 2 == 0 else OPENS[i // 2 % len(OPENS)]
    status = run(argv, random.random() * took)
    killed += status == -signal.SIGKILL
    took *= 1 if status else 0.8  # too late: the first run, beside others perhaps, took longer than this one
    # Killed between its last rename and its end it has done what it was asked for: all of it is there, or nothing.
    done = os.path.exists("work/opened") and filecmp.cmp("work/opened", "keys/plain", shallow=False)
    assert done or status != 0 or argv is SEAL
    search_folders(*(["opened"] if done else []))
    for name in ("opened", "p.sealed", "p.keys"):
        if os.path.exists("work/" + name):
            os.unlink("work/" + name)
print("%d of %d were killed before their end" % (killed, KILLS))
assert killed > KILLS // 4

# An error names the key and never shows it.
for argv in ([*OPENS[0][:-1], "aes:keys/phrase"], [*OPENS[0][:-1], "pass:file:keys/aes.key"], [*OPENS[0][:-1], "pem:keys/aes.key"]):
    assert run(argv) == 5
search_folders()

# A core that is forced while the key is held. A pipe as the key keeps the process there.
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
os.mkfifo("keys/pipe", 0o600)
for preload in [None] + (["./force.so"] if os.path.exists("force.so") else []):
    for argv in OPENS:
        env = dict(os.environ, **({"LD_PRELOAD": os.path.abspath(preload)} if preload else {}))
        log = open("work/log", "ab")
        there = [word.replace("keys/", "../keys/").replace("work/", "") for word in argv[1:]]
        p = subprocess.Popen([SLIPWAY, *there, "--key", "aes:../keys/pipe"], stdout=log, stderr=log, cwd="work", env=env)
        pipe = open("keys/pipe", "wb")  # the keys before it are read by now
        p.send_signal(signal.SIGABRT)
        _, status = os.waitpid(p.pid, 0)
        pipe.close()
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGABRT, status
        assert preload or not os.WCOREDUMP(status), "a core"
        cores += sum(name.startswith("core") for name in os.listdir("work"))
        search_folders()
        for name in os.listdir("work"):
            if name.startswith("core"):
                os.unlink("work/" + name)
if os.path.exists("force.so") and open("/proc/sys/kernel/core_pattern").read().strip() == "core":
    assert cores == len(OPENS), "no core was forced"
print("%d files searched, %d cores among them" % (canaries.files, cores))
PY
