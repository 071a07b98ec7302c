# Sizes count all of its files; without leave nothing beside it is opened.
. "$CASE_LIB/disks.sh"
need qemu-img
make_disk disk.raw 9
qemu-img convert -q -f raw -O vmdk -o subformat=monolithicFlat disk.raw flat.vmdk
refused 4 "--allow-parent" "$SLIPWAY" inspect flat.vmdk
"$SLIPWAY" inspect --allow-parent . flat.vmdk >text
grep -qx 'subformat:  *monolithicFlat' text
grep -q '^virtual size: .*(9437184 bytes)' text
"$SLIPWAY" inspect --json --allow-parent . flat.vmdk | python3 -c '
import json, os, sys
got = json.load(sys.stdin)
assert got["subformat"] == "monolithicFlat" and got["virtual_bytes"] == 9 << 20, got
assert got["file_bytes"] == os.path.getsize("flat.vmdk") + os.path.getsize("flat-flat.vmdk"), got
assert got["data_bytes"] + got["hole_bytes"] == 9 << 20 and got["data_bytes"] > 0, got'

# A delta's parent is named, and opened where that is allowed.
qemu-img create -q -f vmdk -b flat.vmdk -F vmdk delta.vmdk
"$SLIPWAY" inspect delta.vmdk >text
grep -qx 'parent:  *flat.vmdk' text
grep -q 'format vmdk, as the file names it; not opened' text
"$SLIPWAY" inspect --allow-parent . delta.vmdk | grep -q 'as the file names it; opened'
rm flat-flat.vmdk
refused 1 "cannot open the extent 'flat-flat.vmdk'" "$SLIPWAY" inspect --allow-parent . delta.vmdk
