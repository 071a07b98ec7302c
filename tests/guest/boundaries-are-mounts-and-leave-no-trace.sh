# One launch, two boundaries: what each wrote is in the overlay at its end, the file system is clean, and nothing of
# the runner or of the steps' /tmp and /run is in the image. The fstab's partitions are mounted, whatever names them.
# In a third, a step costs little more than the start of a bash, which is cheap under TCG because programs lie where they lay
# and no page is copied byte by byte.
# appliance: 1
# timeout: 300
export LIBGUESTFS_BACKEND_SETTINGS=force_tcg
session=$SLIPWAY_BUILD/tests/guest/guest_session
[ -x "$session" ] || exit 77
command -v mkfs.vfat >/dev/null && command -v mtype >/dev/null || exit 77
"$CASE_LIB/tiny-guest" base.raw || exit $?
truncate -s +9M base.raw
guid=7195ca57-0000-4000-8000-0000000000f2
sgdisk -e -n 2:0:+4M -u "2:$guid" -n 3:0:+4M base.raw >/dev/null
start() { sgdisk -i "$1" base.raw | awk '/First sector/ {print $3}'; }
for n in 2 3; do mkfs.vfat --offset "$(start $n)" base.raw 4096 >/dev/null; done
printf 'PARTUUID=%s /opt vfat defaults 0 0\n/dev/xvda3 /mnt vfat defaults 0 0\n' "$guid" >fstab
debugfs -w -f /dev/stdin "base.raw?offset=$(($(start 1) * 512))" >/dev/null 2>&1 <<<$'rm /etc/fstab\nwrite fstab /etc/fstab'
qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
mkdir scratch
"$session" over.qcow2 scratch \
    '60:echo one >/etc/marker; echo uuid >/opt/f; echo name >/mnt/f; echo x >/tmp/rubbish; echo y >/run/rubbish; cat /etc/marker' \
    '9:echo two >>/etc/marker; setsid sleep 1000 & sleep 1001' \
    '60*50:true' \
    '60*1:for i in {1..50}; do bash -c true; done; cat /proc/sys/kernel/randomize_va_space; grep -cwE "erms|fsrm" /proc/cpuinfo' >said 2>log
cat log
printf '%s\n' one 'boundary 1: kind 0 value 0' 'boundary 2: kind 2 value 0' 'boundary 3: kind 0 value 0' 0 0 0 0 \
    'boundary 4: kind 0 value 1' | diff - said
steps=$(sed -n 's/^50 steps: \([0-9]*\) ms$/\1/p' log) starts=$(sed -n 's/^1 steps: \([0-9]*\) ms$/\1/p' log)
((steps < 1000 + 4 * starts)) || { echo "50 steps take $steps ms, 50 starts of bash $starts ms"; exit 1; }
first=$(start 1)
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
[ "$(mtype -i "disk.raw@@$(($(start 2) * 512))" ::f)" = uuid ] || { echo "the PARTUUID is not mounted"; exit 1; }
[ "$(mtype -i "disk.raw@@$(($(start 3) * 512))" ::f)" = name ] || { echo "/dev/xvda3 is not mounted"; exit 1; }
printf 'one\ntwo\n' | diff - marker.2
[ -z "$(ls -A scratch)" ] || { ls -la scratch; exit 1; }
[ -z "$(ls -A "$TMPDIR")" ] || { ls -la "$TMPDIR"; exit 1; }
