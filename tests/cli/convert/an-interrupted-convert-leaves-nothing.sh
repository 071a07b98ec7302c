# SIGINT and SIGTERM: exit status 9, no target, no leftover.
. "$CASE_LIB/disks.sh"
mkdir work
cd work || exit
python3 -c 'import random; open("disk.raw", "wb").write(random.Random(1).randbytes(96 << 20))'
for signal in INT TERM; do
    for jobs in 1 4; do
        # Bash makes background commands ignore SIGINT; this one shall not.
        python3 - "$SLIPWAY" "$signal" "$jobs" <<'EOF'
import signal, subprocess, sys, time
binary, name, jobs = sys.argv[1:]
child = subprocess.Popen([binary, "convert", "-q", "-f", "raw", "-O", "vmdk", "-o", "level=9", "-j", jobs,
                          "disk.raw", "out.vmdk"], stderr=subprocess.PIPE)
time.sleep(0.3)
child.send_signal(getattr(signal, "SIG" + name))
said = child.communicate()[1]
assert child.returncode == 9, (child.returncode, said)
assert b"interrupted" in said, said
EOF
        nothing_but disk.raw
    done
done
