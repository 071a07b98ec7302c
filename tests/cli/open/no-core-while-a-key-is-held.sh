# A process that holds a key leaves no core, not even when its limit is raised from outside.
"$SLIPWAY" keygen aes -q -o aes.key
echo secret >plain
"$SLIPWAY" seal plain -o p.sealed --to aes:aes.key -q
mkfifo -m 600 pipe
python3 - "$SLIPWAY" <<'PY'
import os, resource, signal, subprocess, sys
ARGV = [sys.argv[1], "open", "p.sealed", "-o", "opened", "--key", "aes:pipe", "-q"]
NONE = (0, 0)
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)

def at_its_key():
    run = subprocess.Popen(ARGV)
    return run, open("pipe", "wb")  # returns once the other end is open, which is after the hardening

run, pipe = at_its_key()
assert resource.prlimit(run.pid, resource.RLIMIT_CORE) == NONE
try:
    resource.prlimit(run.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
except PermissionError:
    pass  # then the limit alone stands in the way
pipe.write(open("aes.key", "rb").read()[:40])
pipe.flush()
run.send_signal(signal.SIGABRT)
_, status = os.waitpid(run.pid, 0)
assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGABRT, status
assert not os.WCOREDUMP(status), "a core"
pipe.close()

# The same process is of use when it is left alone.
run, pipe = at_its_key()
pipe.write(open("aes.key", "rb").read())
pipe.close()
assert run.wait() == 0
PY
cmp plain opened
[ -z "$(find . -name 'core*')" ]
