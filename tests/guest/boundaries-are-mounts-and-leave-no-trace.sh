# One launch, two boundaries: what each wrote is in the overlay at its end, the file system is clean, and nothing of
# the runner or of the steps' /tmp and /run is in the image.
# appliance: 1
# timeout: 300
session=$SLIPWAY_BUILD/tests/guest/guest_session
[ -x "$session" ] || exit 77
"$CASE_LIB/tiny-guest" base.raw || exit $?
qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
mkdir scratch
"$session" over.qcow2 scratch \
    '60:echo one >/etc/marker; echo x >/tmp/rubbish; echo y >/run/rubbish; cat /etc/marker' \
    '2:echo two >>/etc/marker; setsid sleep 1000 & sleep 1001' >said 2>log
cat log
printf 'one\nboundary 1: kind 0 value 0\nboundary 2: kind 2 value 0\n' | diff - said
first=$(sgdisk -i 1 base.raw | awk '/First sector/ {print $3}')
for n in 1 2; do
    qemu-img check -q "over.qcow2.$n"
    qemu-img convert -O raw "over.qcow2.$n" disk.raw
    dd if=disk.raw of=part.raw bs=512 skip="$first" conv=sparse status=none
    e2fsck -fn part.raw >fsck 2>&1 || { cat fsck; exit 1; }
    debugfs -R 'cat /etc/marker' part.raw 2>/dev/null >"marker.$n"
    for dir in /tmp /run; do
        # A folder's own two entries, and no more.
        [ "$(debugfs -R "ls -p $dir" part.raw 2>/dev/null | grep -c .)" = 2 ] || { echo "something is left in $dir"; exit 1; }
    done
done
echo one | diff - marker.1
printf 'one\ntwo\n' | diff - marker.2
[ -z "$(ls -A scratch)" ] || { ls -la scratch; exit 1; }
[ -z "$(ls -A "$TMPDIR")" ] || { ls -la "$TMPDIR"; exit 1; }
