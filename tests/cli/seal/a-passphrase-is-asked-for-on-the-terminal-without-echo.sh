# Under a terminal of its own: nothing typed is shown, two different ones are refused, and the terminal is itself again
# however the asking ends.
command -v python3 >/dev/null || exit 77
python3 -c 'import pty; pty.openpty()' 2>/dev/null || exit 77 # as in a bare chroot
echo secret >plain
printf 'correct horse\n' >phrase
chmod 600 phrase
python3 - "$SLIPWAY" <<'PY'
import os, pty, select, signal, sys, termios, time
SLIPWAY = sys.argv[1]

class Terminal:
    def __init__(self, argv):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(argv[0], argv)
        self.slave = None

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def expect(self, text, times=1):
        end = time.time() + 60
        while self.seen.count(text) < times:
            assert time.time() < end, (text, self.seen)
            if select.select([self.fd], [], [], 1)[0]:
                try:
                    self.seen += os.read(self.fd, 4096)
                except OSError:
                    assert self.seen.count(text) >= times, (text, self.seen)

    def type(self, text):
        os.write(self.fd, text)

    def end(self):
        while True:
            try:
                got = os.read(self.fd, 4096)
            except OSError:
                got = b""
            if not got:
                break
            self.seen += got
        return os.waitpid(self.pid, 0)[1]

    def ask(self, text, times=1):
        self.expect(text, times)
        assert not self.echoes(), "it shows what is typed"

def seal(out, *more):
    # Redirected streams do not matter: the terminal is asked.
    return Terminal(["/bin/sh", "-c", 'exec "$0" "$@" </dev/null 2>said', SLIPWAY, "seal", "plain", "-o", out,
                     "--to", "pass:prompt,cost=15", "-q", *more])

t = seal("p.sealed")
t.ask(b"passphrase: ")
t.type(b"correct horse\n")
t.ask(b"passphrase (again): ")
t.type(b"correct horse\n")
assert os.waitstatus_to_exitcode(t.end()) == 0, t.seen
assert b"horse" not in t.seen, t.seen

t = Terminal([SLIPWAY, "open", "p.sealed", "-o", "opened", "--key", "pass:prompt", "-q"])
t.ask(b"passphrase to open: ")
t.type(b"correct hxx\x7f\x7forse\n") # backspaces work
assert os.waitstatus_to_exitcode(t.end()) == 0, t.seen
assert b"again" not in t.seen and b"horse" not in t.seen, t.seen

# Other recipients: the old one first, and each says which it is.
os.link("p.sealed", "w.sealed")
open("w.keys", "wb").write(open("p.keys", "rb").read())
t = Terminal([SLIPWAY, "rewrap", "w.sealed", "--key", "pass:prompt", "--to", "pass:prompt,cost=15", "-q"])
t.ask(b"passphrase to open: ")
assert b"new" not in t.seen, t.seen
t.type(b"correct horse\n")
for again in (b"", b" (again)"):
    t.ask(b"new passphrase" + again + b": ")
    t.type(b"new horse\n")
assert os.waitstatus_to_exitcode(t.end()) == 0, t.seen

# Two that differ, and none.
t = seal("q.sealed")
t.ask(b"passphrase: ")
t.type(b"correct horse\n")
t.ask(b"(again): ")
t.type(b"wrong horse\n")
assert os.waitstatus_to_exitcode(t.end()) == 2, t.seen
assert "the two differ" in open("said").read()
for nothing in (b"\n", b"\x04"):
    t = seal("q.sealed")
    t.ask(b"passphrase: ")
    t.type(nothing)
    assert os.waitstatus_to_exitcode(t.end()) == 2, t.seen
    assert "is empty" in open("said").read()

# Signals from the keyboard and from outside: the shell that follows finds its terminal as it was.
for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
    t = Terminal(["/bin/bash", "-c", 'trap : INT QUIT; "$0" "$@"; echo "status=$?"; stty -a', SLIPWAY, "seal", "plain",
                  "-o", "q.sealed", "--to", "pass:prompt,cost=15", "-q"])
    t.ask(b"passphrase: ")
    if how == signal.SIGINT:
        t.type(b"half\x03")
    else:
        child = int(open("/proc/%d/task/%d/children" % (t.pid, t.pid)).read().split()[0])
        os.kill(child, how)
    t.expect(b"status=")
    t.end()
    assert b"status=0" not in t.seen and b" echo " in t.seen and b"-echo " not in t.seen, t.seen
    assert b"half" not in t.seen, t.seen

# Stopped and continued, it asks again.
t = Terminal(["/bin/bash", "-c", 'set -m; "$0" "$@"; stty -a; echo stopped; fg >/dev/null; echo "status=$?"', SLIPWAY, "seal", "plain",
              "-o", "r.sealed", "--to", "pass:prompt,cost=15", "-q"])
t.ask(b"passphrase: ")
t.type(b"lost\x1a")
t.expect(b"stopped\r\n")
assert b" echo " in t.seen and b"-echo " not in t.seen, t.seen
t.ask(b"passphrase: ", 2)
t.type(b"correct horse\n")
t.ask(b"(again): ")
t.type(b"correct horse\n")
t.expect(b"status=0")
t.end()

# Without a terminal nothing waits for ever.
pid = os.fork()
if pid == 0:
    os.setsid()
    os.dup2(os.open("said", os.O_WRONLY | os.O_TRUNC), 2)
    os.execv(SLIPWAY, [SLIPWAY, "open", "p.sealed", "-o", "never", "--key", "pass:prompt"])
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 2
assert "no terminal" in open("said").read()
PY
cmp plain opened
[ ! -e q.sealed ]
[ ! -e never ]
"$SLIPWAY" open r.sealed -o again --key pass:file:phrase -q
cmp plain again
printf 'new horse\n' >phrase
"$SLIPWAY" open w.sealed -o rewrapped --key pass:file:phrase -q
cmp plain rewrapped
