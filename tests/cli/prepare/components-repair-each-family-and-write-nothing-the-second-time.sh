# The shipped components over trees of Debian, RHEL, SUSE and Ubuntu, in a plain chroot. Run again they write no file.
. "$CASE_LIB/build-case.sh"
. "$CASE_LIB/machine-trees.sh"
tool=$SLIPWAY_BUILD/tests/guest/folder-recipe
[ -x "$tool" ] || { echo "skipped: no $tool"; exit 77; }

{
    printf '%s\n' 'name: all' 'semanticVersion: 1.0.0' 'parentImage: none' 'components:'
    for name in filesystem-check hypervisor-tools fstab network-dhcp grub-default serial-console cloud-init-datasource sshd \
        initramfs-drivers uefi-fallback identity selinux-labels; do
        echo "  - component: $SLIPWAY_SOURCE/recipes/ec2-ready/$name.yml"
    done
} >recipe.yml

# Every file with whatever a write would change.
state() {
    (cd "$1" && find . \( -path ./run -o -path ./tmp -o -path ./dev -o -path ./proc \) -prune -o \
        \( -type f -o -type l \) -printf '%p %i %T@ %s %m %l\n' | sort)
}

run() { # TREE
    local status=0
    "$tool" "$1" recipe.yml "logs.$1" 2>said || status=$?
    if [ "$status" = 77 ]; then echo "skipped: no chroot here"; exit 77; fi
    [ "$status" = 0 ] || { cat said >&2; tail -n 20 "logs.$1/console.log" >&2; fail "$1: exit status $status"; }
}

for family in debian rhel suse ubuntu; do
    "$CASE_LIB/tiny-root" "$family"
    "${family}_tree" "$family" /dev/sda1
    run "$family"
    state "$family" >before
    run "$family"
    state "$family" >after
    diff before after >&2 || fail "$family: the second run has written files"
    for path in etc/vmware-tools etc/udev/rules.d/70-persistent-net.rules etc/ssh/ssh_host_rsa_key var/lib/cloud/instance; do
        [ ! -e "$family/$path" ] || fail "$family: $path is still there"
    done
    [ -d "$family/var/lib/cloud/scripts" ] || fail "$family: what cloud-init brings along is gone"
    [ -e "$family/etc/machine-id" ] && [ ! -s "$family/etc/machine-id" ] || fail "$family: machine-id"
done

has() { # FILE LINE
    grep -qxF -- "$2" "$1" || { cat "$1" >&2; fail "'$2' is no line of $1"; }
}
gone() {
    [ ! -e "$1" ] || fail "$1 is still there"
}
console='console=tty0 console=ttyS0,115200n8'

# Debian: the disk is not there under that name, so root stays as it is and the others go.
has debian/etc/initramfs-tools/initramfs.conf MODULES=most
has debian/etc/initramfs-tools/modules nvme
grep -q 'xen-blkfront\.ko' debian/boot/initrd.img-6.1.0-9-amd64
# Once, lightly packed, with all that it had; how that was done stays nowhere.
[ "$(wc -l <debian/var/log/update-initramfs)" = 1 ] || fail "the initramfs was made more than once"
has debian/var/log/update-initramfs 'MODULES=list COMPRESSLEVEL=1 '
has debian/boot/initrd.img-6.1.0-9-amd64 usr/lib/modules/6.1.0-9-amd64/kernel/drivers/scsi/mptspi.ko.xz
has debian/boot/initrd.img-6.1.0-9-amd64 usr/lib/firmware/mpt.bin
if grep -q -e shadow -e gone.ko debian/boot/initrd.img-6.1.0-9-amd64; then fail "it has what it should not have"; fi
for folder in conf.d hooks; do gone "debian/etc/initramfs-tools/$folder/zz-ec2-ready"; done
has debian/etc/default/grub "GRUB_CMDLINE_LINUX=\"net.ifnames=0 biosdevname=0 $console nvme_core.io_timeout=4294967295\""
has debian/etc/cloud/cloud.cfg.d/zz-ec2-ready.cfg 'datasource_list: [Ec2, None]'

# RHEL: the newest entry but the rescue one, an environment block of its size, nothing that resumes from where it cannot.
[ "$(wc -c <rhel/boot/grub2/grubenv)" = 1024 ] || fail "grubenv has another size"
has rhel/boot/grub2/grubenv saved_entry=abc-5.14.0-362.el9.x86_64
has rhel/boot/grub2/grubenv boot_success=0
has rhel/etc/default/grub GRUB_DEFAULT=saved
has rhel/boot/loader/entries/abc-5.14.0-362.el9.x86_64.conf \
    "options root=/dev/mapper/rhel-root ro console=tty1 quiet net.ifnames=0 biosdevname=0 $console nvme_core.io_timeout=4294967295"
has rhel/etc/kernel/cmdline "root=/dev/mapper/rhel-root ro net.ifnames=0 biosdevname=0 $console nvme_core.io_timeout=4294967295"
gone rhel/boot/grub/menu.lst
has rhel/etc/sysconfig/network-scripts/ifcfg-eth0 BOOTPROTO=dhcp
for name in ifcfg-ens192 route-ens192; do gone "rhel/etc/sysconfig/network-scripts/$name"; done
[ -e rhel/etc/sysconfig/network-scripts/ifcfg-lo ] || fail "ifcfg-lo is gone"
gone rhel/etc/NetworkManager/system-connections/ens224.nmconnection
gone rhel/etc/NetworkManager/system-connections/ec2.nmconnection
[ -e rhel/etc/NetworkManager/system-connections/home.nmconnection ] || fail "the wireless network is gone"
[ "$(grep -n -e 'dport 22' rhel/etc/sysconfig/iptables | cut -d: -f1)" = 4 ] || fail "port 22 is not opened before what rejects"
has rhel/etc/dracut.conf.d/50-ec2-ready.conf 'add_drivers+=" ena nvme "'
[ "$(wc -l <rhel/var/log/dracut)" = 1 ] || fail "dracut was run more than once"
grep -qF -- "--force --no-hostonly --add-drivers nvme ena --compress gzip -n -1 /boot/" rhel/var/log/dracut || { cat rhel/var/log/dracut >&2; fail "dracut"; }
[ -e rhel/.autorelabel ] || fail "nothing labels what was changed"

# SUSE: an old kernel has a shorter time limit.
has suse/etc/sysconfig/kernel 'INITRD_MODULES="ext3 mptspi nvme xen_blkfront"'
grep -q 'nvme\.ko' suse/boot/initrd-3.0.101-63-default
grep -qF "splash=silent net.ifnames=0 biosdevname=0 $console nvme_core.io_timeout=254" suse/boot/grub/menu.lst
if grep -q resume= suse/boot/grub/menu.lst; then fail "it resumes from a disk that is not there"; fi
has suse/etc/fstab 'LABEL=none /srv xfs defaults,nofail 1 2'
has suse/etc/sysconfig/network/ifcfg-eth0 "BOOTPROTO='dhcp'"
gone suse/etc/sysconfig/network/ifcfg-eth2
gone suse/etc/sysconfig/network/routes

# Ubuntu: any interface, whatever it is called.
has ubuntu/etc/netplan/50-ec2.yaml '        name: "e*"'
gone ubuntu/etc/netplan/00-installer-config.yaml
has ubuntu/etc/systemd/network/50-ec2.network 'DHCP=yes'
gone ubuntu/etc/systemd/network/10-static.network
gone ubuntu/etc/systemd/network/10-names.link
gone ubuntu/etc/cloud/cloud.cfg.d/zz-ec2-ready.cfg
[ "$(cat ubuntu/boot/efi/EFI/BOOT/BOOTX64.EFI)" = shim ] || fail "the fallback loader is not shim"
[ "$(cat ubuntu/boot/efi/EFI/BOOT/grubx64.efi)" = grub ] || fail "shim has no grubx64.efi beside it"
