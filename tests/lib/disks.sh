# shellcheck shell=bash
# Disks for cases about formats. A case sources this file.

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

# need COMMAND…: skips the case when one is missing.
need() {
    local command
    for command in "$@"; do
        if ! command -v "$command" >/dev/null; then
            echo "skipped: no $command"
            exit 77
        fi
    done
}

# refused CODE PART COMMAND…: the command fails with this exit status and says PART.
refused() {
    local want=$1 part=$2 status=0
    shift 2
    "$@" >refused.out 2>refused.err || status=$?
    if [ "$status" != "$want" ]; then
        echo "exit status $status, not $want: $*"
        cat refused.err
        return 1
    fi
    if ! grep -qF -- "$part" refused.err; then
        echo "'$part' is not in what it said: $(cat refused.err)"
        return 1
    fi
    rm -f refused.out refused.err
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
