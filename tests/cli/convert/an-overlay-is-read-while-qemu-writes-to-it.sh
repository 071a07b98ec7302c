# What qemu has flushed is there for a reader that opens the overlay afresh; twice, with a change between.
. "$CASE_LIB/disks.sh"
need qemu-img qemu-io
make_disk base.raw 9
qemu-img create -q -f qcow2 -b base.raw -F raw live.qcow2
timeout 120 python3 - "$SLIPWAY" <<'EOF'
import subprocess, sys
slipway = sys.argv[1]
qemu = subprocess.Popen(["qemu-io", "-f", "qcow2", "live.qcow2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT)
PROMPT = b"qemu-io> "

def until_prompt():
    said = b""
    while not said.endswith(PROMPT):
        byte = qemu.stdout.read(1)
        assert byte, said
        said += byte

def tell(command):
    qemu.stdin.write(command + b"\n")
    qemu.stdin.flush()
    until_prompt()

def convert(to):
    subprocess.run([slipway, "convert", "-q", "--allow-parent", ".", "live.qcow2", to], check=True)
    return open(to, "rb").read()

base = open("base.raw", "rb").read()
try:
    until_prompt()
    tell(b"write -P 5 0 128k")
    tell(b"flush")
    assert convert("first.raw") == b"\5" * 131072 + base[131072:]
    tell(b"write -P 6 64k 64k")
    tell(b"write -z 1M 64k")
    tell(b"flush")
    want = b"\5" * 65536 + b"\6" * 65536 + base[131072:1 << 20] + bytes(65536) + base[(1 << 20) + 65536:]
    assert convert("second.raw") == want
finally:
    qemu.kill()
    qemu.wait()
EOF
