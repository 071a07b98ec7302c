# A VMDK as VMware leaves it: one launch repairs it, the report has every change, the original stays as it is, and a
# sealed copy of the same says no word of what is in it.
# appliance: 1
. "$CASE_LIB/build-case.sh"
. "$CASE_LIB/machine-trees.sh"
need_appliance
need debugfs jq blkid
make_base
uuid=$(blkid -p -O "$(root_offset base.raw)" -s UUID -o value base.raw)

# The guest's tree, with a blkid: this machine's, or there is none that a busybox has.
mkdir tree
debian_tree tree /dev/sda1
blkid=$(readlink -f "$(command -v blkid)")
cp "$blkid" tree/usr/sbin/blkid
while read -r file; do
    mkdir -p "tree/usr/${file%/*}"
    cp -L "$file" "tree/usr$file"
done < <(ldd "$blkid" | grep -o '/[^ ]*' | sed 's,^/usr/,/,')
find tree -mindepth 1 -type d -printf 'mkdir /%P\n' >commands
find tree -type f -printf "cd /%P\nrm %f\nwrite $PWD/%p %f\nsif %f mode 0100%m\n" | sed '/^cd / s,/[^/]*$,/,' >>commands
debugfs -w -f commands "$(root_of base.raw)" >/dev/null 2>&1

"$SLIPWAY" convert -q -f raw -O vmdk -o subformat=monolithicSparse base.raw vm.vmdk
digest=$(sha256sum <vm.vmdk)

# What it would do is said without a launch, and without OUT.
"$SLIPWAY" prepare --no-launch -n --all vm.vmdk >plan
for component in fstab network-dhcp grub-default serial-console initramfs-drivers identity; do
    grep -q "^$component" plan || fail "$component is not in the plan"
done

status=0
"$SLIPWAY" prepare --no-launch --all vm.vmdk -o out.raw --store store --keep-originals guest --json >result.json 2>log || status=$?
# The tiny disk has nothing that starts it, which no component mends.
[ "$status" = 4 ] || { cat log >&2; fail "exit status $status, not 4"; }
[ "$(sha256sum <vm.vmdk)" = "$digest" ] || fail "the original was written to"
cmp -s <(jq -S . result.json) <(jq -S . out.raw.prepare/report.json) || fail "the report is another than the result"
jq -e '.launched and (.after.rules | length > 50)' result.json >/dev/null

# In the guest.
in_guest() { read_file out.raw "$1"; }
in_guest /etc/fstab >fstab
grep -q "^UUID=$uuid /               ext4    errors=remount-ro 0       1$" fstab || { cat fstab >&2; fail "root is not named by its UUID"; }
for part in 'UUID=00000000-dead-4000-8000-000000000000 /data ext4 defaults,nofail' \
    '# not on EC2 (a disk that is not there): /dev/sdb1' '# not on EC2 (a drive): /dev/sr0' \
    '# not on EC2 (a share): //nas' 'tmpfs /tmp tmpfs nosuid,nodev 0 0'; do
    grep -qF "$part" fstab || { cat fstab >&2; fail "'$part' is not in fstab"; }
done
in_guest /boot/grub/grub.cfg | grep -q "vmlinuz-6.1.0-9-amd64 root=UUID=$uuid ro quiet net.ifnames=0 biosdevname=0 console=tty0 console=ttyS0,115200n8 nvme_core.io_timeout=4294967295$" ||
    { in_guest /boot/grub/grub.cfg >&2; fail "the command line is another"; }
in_guest /etc/network/interfaces | grep -qx 'iface eth0 inet dhcp'
in_guest /boot/initrd.img-6.1.0-9-amd64 | grep -q 'nvme\.ko$'
in_guest /etc/cloud/cloud.cfg.d/zz-ec2-ready.cfg | grep -q Ec2
[ -z "$(in_guest /etc/machine-id)" ] || fail "machine-id is still there"
gone() {
    if has_file out.raw "$1"; then fail "$1 is still there"; fi
}
for path in /etc/ssh/ssh_host_rsa_key /etc/udev/rules.d/70-persistent-net.rules /var/lib/cloud/instance /etc/vmware-tools \
    /etc/cloud/cloud-init.disabled /run/ec2-ready /run/slipway-prepare /etc/.machine-id.slipway-orig; do
    gone "$path"
done
e2fsck -fn "$(root_of out.raw)" >/dev/null 2>&1 || fail "the file system is not clean"

# Every old file lies beside the new one.
for path in /etc/fstab /boot/grub/grub.cfg /etc/network/interfaces /etc/udev/rules.d/70-persistent-net.rules; do
    read_file out.raw "${path%/*}/.${path##*/}.slipway-orig" | cmp - "tree$path" || fail "the old $path is not beside it"
done

# The report: each change once, with both states; the diff of a text takes it from one to the other; no key in it.
change() { jq -r --arg path "$1" '.changes[] | select(.path == $path) | '"$2" result.json; }
[ "$(change /etc/fstab .change)" = changed ] || fail "fstab is not in the report"
change /etc/fstab .diff | grep -qx -- '-/dev/sda1 /               ext4    errors=remount-ro 0       1'
[ "$(change /etc/fstab .after.sha256)" = "$(sha256sum <fstab | cut -d' ' -f1)" ] || fail "another digest of fstab"
[ "$(change /boot/initrd.img-6.1.0-9-amd64 .change)" = changed ] || fail "the initramfs is not in the report"
[ "$(change /etc/ssh/ssh_host_rsa_key .change)" = removed ] || fail "the key's removal is not in the report"
[ "$(change /etc/ssh/ssh_host_rsa_key .diff)" = null ] || fail "a key has a diff"
if grep -rq c2VjcmV0 result.json out.raw.prepare; then fail "a key is in the report"; fi
jq -e '[.changes[].path] | (length == (unique | length)) and all(startswith("/"))' result.json >/dev/null
if jq -r '.changes[].path' result.json | grep -E '^/(run|tmp|proc|sys|dev)/'; then fail "what is no part of the image is in the report"; fi
