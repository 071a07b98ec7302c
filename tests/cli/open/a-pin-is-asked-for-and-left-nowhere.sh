# Typed at the terminal the PIN is not shown; neither it nor the AES key is in a file, a message or an argument list.
command -v python3 >/dev/null || exit 77
python3 -c 'import pty; pty.openpty()' 2>/dev/null || exit 77 # as in a bare chroot
. "$CASE_LIB/token.sh"
token_start
head -c 1000 /dev/urandom >plain
openssl rand 32 >kek
token_tool --write-object kek --type secrkey --key-type AES:32 --label kek --id 03
pkcs11-tool --module "$TOKEN_MODULE" --token-label lab --login --pin 5678 --change-pin --new-pin canary-pin-4711 >/dev/null 2>&1
rm pin
"$SLIPWAY" seal plain -o x.sealed --to "pkcs11:token=lab;object=kek;type=secret-key?module-path=$TOKEN_MODULE&pin-source=fd:3" \
    --verbose 3<<<canary-pin-4711 2>said
python3 - "$SLIPWAY" "pkcs11:object=kek;type=secret-key?module-path=$TOKEN_MODULE" <<'PY'
import os, pty, sys, time

def run(pin):
    """Answers the question for a PIN; (exit status, what the terminal showed, the arguments while it waited)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(sys.argv[1], [sys.argv[1], "open", "x.sealed", "-o", "opened", "--key", sys.argv[2], "--verbose"])
    seen, arguments = b"", b""
    while True:
        try:
            got = os.read(fd, 4096)
        except OSError:
            got = b""
        if not got:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen, arguments
        seen += got
        if seen.endswith(b": ") and b"PIN of token 'lab'" in seen and not arguments:
            arguments = open(f"/proc/{pid}/cmdline", "rb").read()
            os.write(fd, pin + b"\n")

status, seen, arguments = run(b"canary-pin-9999")
assert status == 5 and b"the PIN is wrong, and not tried again" in seen, (status, seen)
assert seen.count(b"PIN of token") == 1, seen
status, more, arguments = run(b"canary-pin-4711")
assert status == 0, (status, more)
for text in (seen, more, arguments):
    assert b"canary" not in text, text
PY
cmp plain opened
python3 - <<'END'
import os
secrets = [b"canary-pin", open("kek", "rb").read()]
secrets.append(secrets[1].hex().encode())
for folder, folders, names in os.walk("."):
    folders[:] = [name for name in folders if name != "tokens"]  # what the token keeps is its own affair
    for name in set(names) - {"kek"}:
        content = open(os.path.join(folder, name), "rb").read()
        assert not any(secret in content for secret in secrets), name
END
