# A qemu whose processor never runs says nothing and would be waited for without end: it is ended after a minute.
# appliance: 0
# timeout: 300
session=$SLIPWAY_BUILD/tests/guest/guest_session
[ -x "$session" ] || exit 77
"$CASE_LIB/tiny-guest" base.raw || exit $?
qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
mkdir scratch
# What libguestfs asks of qemu beforehand it gets; the machine itself is started stopped.
cat >stopped <<'SH'
#!/bin/bash
case " $* " in *" -chardev "*) exec qemu-system-x86_64 "$@" -S ;; esac
exec qemu-system-x86_64 "$@"
SH
chmod +x stopped
status=0
LIBGUESTFS_HV=$PWD/stopped "$session" over.qcow2 scratch '0:true' >said 2>log || status=$?
cat log
[ "$status" = 1 ]
grep -q 'cannot start the appliance: the appliance hung: no byte on its console for [26]0 s' log
if grep '^libguestfs: ' log; then exit 1; fi # what a library prints by itself
[ -z "$(ls -A scratch)" ] || { ls -la scratch; exit 1; }
