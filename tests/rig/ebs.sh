# shellcheck shell=bash
# For cases of the lane ebs-direct: `. rig.sh; . ebs.sh`.

# ebs_import ARGUMENT…: slipway import along ebs-direct against the rig. ebs_spawn: in the background; its process is $pid.
ebs_import() { "$SLIPWAY" import --lane ebs-direct --endpoint-url "$RIG_URL" --poll-interval 1 "$@"; }
ebs_spawn() {
    "$SLIPWAY" import --lane ebs-direct --endpoint-url "$RIG_URL" --poll-interval 1 "$@" &
    # shellcheck disable=SC2034 # for the case
    pid=$!
}

# ebs_disk FILE MIB: a raw disk with data in its first and last MiB, one of whose blocks is in two halves, and zeros that are
# stored as such.
ebs_disk() {
    truncate -s "$2M" "$1"
    head -c 1000000 /dev/urandom | dd of="$1" conv=notrunc status=none bs=1M iflag=fullblock
    head -c 700000 /dev/urandom | dd of="$1" conv=notrunc status=none bs=1M iflag=fullblock oflag=seek_bytes \
        seek=$(($2 * 1048576 - 700000))
    head -c 2000000 /dev/zero | dd of="$1" conv=notrunc status=none bs=1M iflag=fullblock oflag=seek_bytes seek=5000000
}

# ebs_snapshot: the one snapshot there is.
ebs_snapshot() {
    local found=("$RIG_DIR"/ec2/snapshots/snap-*.json)
    [[ ${#found[@]} = 1 && -f ${found[0]} ]] || fail "there are ${#found[@]} snapshots, not one"
    basename "${found[0]}" .json
}

# ebs_check SNAPSHOT FILE: it is completed, and reads as the raw disk does, with zeros after it; says how many blocks it has.
ebs_check() {
    /usr/bin/python3 -B - "$RIG_DIR/ec2/snapshots" "$@" <<'PY' || fail "snapshot $1 is not what $2 is"
import json, os, sys
folder, snapshot, path = sys.argv[1:]
SIZE = 524288

def blocks(name):
    record = json.load(open(f"{folder}/{name}.json"))
    found = blocks(record["parent"]) if record["parent"] else {}
    own = f"{folder}/{name}.blocks"
    for index in os.listdir(own) if os.path.exists(own) else []:
        found[int(index)] = os.path.join(own, index)
    return found

record, found = json.load(open(f"{folder}/{snapshot}.json")), blocks(snapshot)
assert record["states"] == ["completed"], record
disk = open(path, "rb")
size = os.path.getsize(path)
assert record["size_gib"] == -(-size // (1 << 30)), record
count = -(-size // SIZE)
assert all(index < record["size_gib"] * 2048 for index in found), sorted(found)
for index in range(max(count, max(found, default=0) + 1)):
    want = disk.read(SIZE).ljust(SIZE, b"\0")
    got = open(found[index], "rb").read() if index in found else bytes(SIZE)
    assert got == want, f"block {index} differs"
print(len(found))
PY
}

# ebs_held: waits until a request is held (a fault that holds) or the process $1 is over; false for the latter.
ebs_held() {
    until [ -e "$RIG_DIR/held" ]; do
        kill -0 "$1" 2>/dev/null || return 1
        sleep 0.01
    done
}

# ebs_release: no more faults, and whatever is held goes on.
ebs_release() {
    rig_faults
    touch "$RIG_DIR/go"
    rm -f "$RIG_DIR/held"
}
