# The overlay's disk is full in the middle of a step: qemu stops without a word; the build ends and names the place.
# appliance: 1
# timeout: 400
session=$SLIPWAY_BUILD/tests/guest/guest_session
[ -x "$session" ] || exit 77
unshare -rm true 2>/dev/null || exit 77
"$CASE_LIB/tiny-guest" base.raw --size 256M || exit $?
mkdir scratch small
# /dev/kvm is of no use in a user namespace; what a step writes does not compress.
cat >inside <<'SH'
mount -t tmpfs -o size=24M tmpfs small
qemu-img create -q -f qcow2 -b "$PWD/base.raw" -F raw small/over.qcow2
"$1" small/over.qcow2 scratch '0:dd if=/dev/urandom of=/big bs=1M count=100; sync; echo not reached'
SH
status=0
unshare -rm bash -eu inside "$session" >said 2>log || status=$?
cat log
[ "$status" = 1 ]
grep -q "no space left beside '.*over.qcow2'" log
if grep 'not reached' said; then exit 1; fi
