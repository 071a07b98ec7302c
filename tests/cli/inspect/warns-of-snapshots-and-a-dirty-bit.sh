# Things a user should hear before trusting the active state.
. "$CASE_LIB/disks.sh"
need qemu-img
qemu-img create -q -f qcow2 disk.qcow2 9M
qemu-img snapshot -c before disk.qcow2
printf '\x01' | dd of=disk.qcow2 bs=1 seek=79 conv=notrunc status=none
"$SLIPWAY" inspect disk.qcow2 >text
grep -q '^warning:  *it holds 1 internal snapshot;' text
grep -q '^warning:  *it was not closed cleanly' text
"$SLIPWAY" inspect --json disk.qcow2 | python3 -c 'import json, sys; assert len(json.load(sys.stdin)["warnings"]) == 2'
