# The tool of the kernel's fs-verity on the raw file, slipway on that disk in every format; sizes around blocks and nodes.
. "$CASE_LIB/disks.sh"
need fsverity
for size in 512 4608 524288 528384 67109376; do
    for kind in holes mixed; do
        rm -f disk.raw
        truncate -s $size disk.raw
        python3 - $size $kind <<'PY'
import random, sys
size, kind = int(sys.argv[1]), sys.argv[2]
with open("disk.raw", "r+b") as f:
    if kind != "holes":
        rnd, step = random.Random(size), 1 if size < 1 << 21 else 50
        for at in range(0, size, 65536 * step):
            f.seek(at)
            f.write(rnd.randbytes(min(65536, size - at)))
PY
        want=$(fsverity digest disk.raw | cut -d ' ' -f 1)
        "$SLIPWAY" inspect -f raw --digest disk.raw | grep -qx "digest: fsverity $want"
        for format in qcow2 vhd; do
            "$SLIPWAY" convert -q -f raw -O $format --digest --expect-digest "$want" disk.raw copy >said
            grep -qx "digest: fsverity $want" said
        done
    done
done
