# shellcheck shell=bash
# Damaging disk images in cases. A case sources this file after disks.sh.

# hurt FILE OFFSET: turns sixteen bytes.
hurt() {
    python3 - "$1" "$2" <<'PY'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    old = f.read(16)
    f.seek(int(sys.argv[2]))
    f.write(bytes(b ^ 0x5a for b in old))
PY
}

# cut FROM TO LENGTH
cut_to() {
    head -c "$3" "$1" >"$2"
}

# unit_at FILE DISK_OFFSET: where the bytes of that place of the disk lie in a qcow2 or vmdk that slipway wrote.
unit_at() {
    python3 - "$1" "$2" <<'PY'
import struct, sys
data, off = open(sys.argv[1], "rb").read(), int(sys.argv[2])
if data[:4] == b"QFI\xfb":
    bits, = struct.unpack_from(">I", data, 20)
    l1, = struct.unpack_from(">Q", data, 40)
    index = off >> bits
    l2, = struct.unpack_from(">Q", data, l1 + (index >> (bits - 3)) * 8)
    entry, = struct.unpack_from(">Q", data, (l2 & 0x00fffffffffffe00) + (index & ((1 << (bits - 3)) - 1)) * 8)
    print(entry & ((1 << (62 - (bits - 8))) - 1) if entry >> 62 & 1 else entry & 0x00fffffffffffe00)
else:
    footer = data[-1024:-512]
    gd, = struct.unpack_from("<Q", footer, 56)
    grain = off // 65536
    gt, = struct.unpack_from("<I", data, gd * 512 + grain // 512 * 4)
    gte, = struct.unpack_from("<I", data, gt * 512 + grain % 512 * 4)
    print(gte * 512)
PY
}

# hurt_unit FILE DISK_OFFSET: the compressed unit there no longer decodes: its magic is gone, or it
# does not sum up.
hurt_unit() {
    local at
    at=$(unit_at "$1" "$2")
    case $(head -c 3 "$1") in QFI) hurt "$1" "$at" ;; *) hurt "$1" $((at + 40)) ;; esac
}

# make_damaged FORMAT DISK_OFFSET…: bad, which is disk.raw as a qcow2 or vmdk of which these units of 64 KiB do not decode
make_damaged() {
    local options=() at
    [ "$1" != qcow2 ] || options=(-o cluster_size=64K)
    "$SLIPWAY" convert -q -f raw -O "$1" "${options[@]}" disk.raw bad
    for at in "${@:2}"; do hurt_unit bad "$at"; done
}

# same_but DISK COPY OFF+LEN…: the copy is the disk, with zeros at these places and nowhere else.
same_but() {
    python3 - "$@" <<'PY'
import sys
want = bytearray(open(sys.argv[1], "rb").read())
got = open(sys.argv[2], "rb").read()
for place in sys.argv[3:]:
    off, n = map(int, place.split("+"))
    want[off:off + n] = bytes(n)
assert len(got) == len(want), (len(got), len(want))
if got != want:
    at = next(i for i in range(len(got)) if got[i] != want[i])
    sys.exit(f"{sys.argv[2]} differs at {at}")
PY
}

# status WANT COMMAND…: the command ends with this exit status.
status() {
    local want=$1 got=0
    shift
    "$@" || got=$?
    [ "$got" = "$want" ] || { echo "exit status $got, not $want: $*"; return 1; }
}
