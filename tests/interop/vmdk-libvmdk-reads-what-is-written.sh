# A third reader, which finds the grains of either subformat by the name in the descriptor.
. "$CASE_LIB/disks.sh"
python=
for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import pyvmdk' 2>/dev/null; then python=$candidate; fi
done
if [ -z "$python" ]; then
    echo "skipped: no pyvmdk"
    exit 77
fi
make_disk disk.raw 70
"$SLIPWAY" convert -q -f raw -o subformat=monolithicSparse disk.raw disk.vmdk
"$SLIPWAY" convert -q -f raw -o subformat=streamOptimized disk.raw generated-stream.vmdk
"$python" - disk.vmdk generated-stream.vmdk <<'EOP'
import pyvmdk, sys
disk = open("disk.raw", "rb").read()
for path in sys.argv[1:]:
    handle = pyvmdk.handle()
    handle.open(path)
    handle.open_extent_data_files()
    assert handle.get_media_size() == len(disk), path
    got = b"".join(handle.read_buffer_at_offset(min(1 << 20, len(disk) - at), at) for at in range(0, len(disk), 1 << 20))
    assert got == disk, path
EOP
