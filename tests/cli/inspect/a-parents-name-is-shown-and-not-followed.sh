# Control bytes in it do not reach the terminal.
. "$CASE_LIB/disks.sh"
need qemu-img
qemu-img create -q -u -f qcow2 -b /etc/passwd -F raw child.qcow2 9M
"$SLIPWAY" inspect child.qcow2 >text
grep -qx 'parent:  *\/etc\/passwd' text
grep -q 'format raw, as the file names it; not opened' text
qemu-img create -q -u -f qcow2 -b $'red\e[31m\n\xff' -F raw child.qcow2 9M
"$SLIPWAY" inspect child.qcow2 >text
grep -qF 'parent:       red\x1b[31m\x0a' text
"$SLIPWAY" inspect --json child.qcow2 | python3 -c '
import json, sys
p = json.load(sys.stdin)["parents"]
assert p == [{"name": "red\\x1b[31m\\x0a\\xff", "format": "raw", "opened": False}], p'
make_disk base.raw 9
qemu-img create -q -f qcow2 -b base.raw -F raw child.qcow2
"$SLIPWAY" inspect --allow-parent . child.qcow2 | grep -q 'as the file names it; opened'
refused 1 "cannot open the parent 'base.raw'" "$SLIPWAY" inspect --allow-parent / child.qcow2
