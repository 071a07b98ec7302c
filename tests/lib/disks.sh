# shellcheck shell=bash
# Disks for cases about formats. A case sources this file.
# shellcheck source=tests/lib/case.sh
. "$CASE_LIB/case.sh"

# make_disk FILE MIB: a sparse raw disk with text, noise, stored zeros, a run that ends within a sector's page, and data
# in its last sector. The same bytes every time.
make_disk() {
    python3 - "$1" "$2" <<'EOF'
import random, sys
path, mib = sys.argv[1], int(sys.argv[2])
rnd = random.Random(mib)
with open(path, "wb") as f:
    f.truncate(mib << 20)
    def put(off, data):
        f.seek(off)
        f.write(data)
    put(0, b"boot" * 1000)
    put(1 << 20, rnd.randbytes(1 << 20))
    put((2 << 20) + 512 * 7, b"text of a file, again and again. " * 9000)
    put((3 << 20) + 4096, bytes(300000))
    put((4 << 20) + 777, bytes(rnd.choice(b"abcdef") for _ in range(200000)))
    put((mib << 20) - 512, b"end." * 128)
EOF
}

# nothing_but NAME…: the folder holds these and nothing else, hidden files included.
nothing_but() {
    diff <(printf '%s\n' "$@" | LC_ALL=C sort) <(find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort)
}

# make_text FILE MIB: a disk of words, which the higher levels take their time for. The same bytes every time.
make_text() {
    python3 - "$1" "$2" <<'END'
import random, sys
rnd = random.Random(1)
words = [bytes(rnd.choices(b"abcdefgh ", k=8)) for _ in range(500)]
with open(sys.argv[1], "wb") as file:
    file.write(b"".join(rnd.choices(words, k=int(sys.argv[2]) << 17)))
END
}
