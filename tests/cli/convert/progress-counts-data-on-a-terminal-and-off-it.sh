# Of a disk of a terabyte with a little data: percents of the data, on a terminal in one line; off it nothing before ten
# seconds are over; nothing with --quiet.
# A plain chroot has no terminals to give.
python3 -c 'import pty; pty.openpty()' 2>/dev/null || exit 77
. "$CASE_LIB/disks.sh"
python3 - <<'PY'
import random
with open("disk.raw", "wb") as f:
    f.truncate(1 << 40)
    for at in range(3):
        f.seek(at << 38)
        f.write(random.Random(at).randbytes(24 << 20))
PY
cat >watch.py <<'PY'
import os, pty, re, signal, subprocess, sys, threading, time
what, command = sys.argv[1], sys.argv[2:]
master, slave = pty.openpty()
env = dict(os.environ, TERM="xterm")
child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=slave, env=env)
os.close(slave)

def slow():
    """Stops it now and then, so that time for a line passes however fast the machine is."""
    for _ in range(12):
        time.sleep(0.01)
        child.send_signal(signal.SIGSTOP)
        time.sleep(0.22)
        child.send_signal(signal.SIGCONT)

threading.Thread(target=slow).start()
said = b""
while True:
    try:
        more = os.read(master, 65536)
    except OSError:
        break
    if not more:
        break
    said += more
assert child.wait() == 0, said
lines = re.findall(rb"\r\x1b\[K(\w+): ([\d.]+ \w+), ([\d.]+ \w+)/s, (\d+) %, (\d+) s left", said)
assert lines and all(line[0].decode() == what for line in lines), said
percents = [int(line[3]) for line in lines]
assert percents == sorted(percents) and 0 <= percents[0] and percents[-1] <= 100, said
units = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20}
for line in lines:  # of 72 MiB of data; of the disk it would be 0
    number, unit = line[1].decode().split()
    assert abs(float(number) * units[unit] * 100 / (72 << 20) - int(line[3])) <= 1, line
assert percents[-1] > 0, said
assert said.rstrip(b"\r\n").count(b"\n") <= 1, said
PY
python3 watch.py convert "$SLIPWAY" convert -j 1 -f raw -O vmdk -o level=9 disk.raw out.vmdk
python3 watch.py verify "$SLIPWAY" verify -j 1 --digest out.vmdk
python3 watch.py digest "$SLIPWAY" inspect -j 1 --digest out.vmdk
for verb in "inspect --digest" verify; do
    # shellcheck disable=SC2086 # words
    "$SLIPWAY" $verb -j 1 out.vmdk 2>said >result
    [ ! -s said ] || { cat said; exit 1; }
done
