# Another reader than QEMU's finds the same disk, in blocks of any size.
. "$CASE_LIB/disks.sh"
need qemu-img
# The package is for Debian's own interpreter.
/usr/bin/python3 -c 'import pyvhdi' 2>/dev/null || { echo "skipped: no pyvhdi"; exit 77; }
make_disk disk.raw 37
cat >read.py <<'END'
import hashlib, pyvhdi, sys
disk, digest = pyvhdi.file(), hashlib.sha256()
disk.open(sys.argv[1])
left = disk.get_media_size()
while left:
    data = disk.read_buffer(min(left, 1 << 20))
    assert data
    digest.update(data)
    left -= len(data)
print(digest.hexdigest())
END
want=$(sha256sum <disk.raw | cut -d ' ' -f 1)
for block in 1M 2M 32M; do
    "$SLIPWAY" convert -q -f raw -o "cluster_size=$block" disk.raw disk.vhdx
    qemu-img check -q -f vhdx disk.vhdx
    got=$(/usr/bin/python3 read.py disk.vhdx)
    [[ $got == "$want" ]] || { echo "blocks of $block: $got, not $want"; exit 1; }
done
