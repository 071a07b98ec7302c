# Too little for its kernel: qemu's and the kernel's words become a cause and what can be done about it.
# appliance: 0
# timeout: 400
. "$CASE_LIB/build-case.sh"
need_appliance
session=$SLIPWAY_BUILD/tests/guest/guest_session
[ -x "$session" ] || exit 77
make_base
qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
mkdir scratch
status=0
LIBGUESTFS_MEMSIZE=99999999 "$session" over.qcow2 scratch '0:true' >said 2>log || status=$?
[ "$status" = 1 ]
grep 'cannot start the appliance: this machine has no 99999999 MiB of memory left for the appliance' log || { cat log; exit 1; }
