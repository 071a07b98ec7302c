# Sourced by the cases of prepare: trees as machines of other hypervisors leave them, over the busybox of tiny-root.
# shellcheck shell=bash disable=SC2016 # what is written is for the guest

# text FILE LINE…: the lines, in a file whose folder is made
text() {
    mkdir -p "${1%/*}"
    printf '%s\n' "${@:2}" >"$1"
}

# fake ROOT NAME SCRIPT: a program of the tree
fake() {
    text "$1/usr/sbin/$2" '#!/bin/sh' "$3"
    chmod 755 "$1/usr/sbin/$2"
}

# The traces that every machine has.
common_tree() {
    local root=$1
    text "$root/etc/machine-id" 0123456789abcdef0123456789abcdef
    text "$root/etc/ssh/ssh_host_rsa_key" '-----BEGIN OPENSSH PRIVATE KEY-----' c2VjcmV0
    text "$root/etc/udev/rules.d/70-persistent-net.rules" \
        'SUBSYSTEM=="net", ATTR{address}=="00:50:56:aa:bb:cc", NAME="eth0"'
    text "$root/var/lib/cloud/instance/id" i-0123
    mkdir -p "$root/var/lib/cloud/scripts" "$root/etc/vmware-tools"
}

# Debian as VMware leaves it: names of disks, a static address, an initramfs of listed modules.
debian_tree() {
    local root=$1 disk=$2 kernel=6.1.0-9-amd64
    common_tree "$root"
    text "$root/etc/fstab" '# <file system> <mount point> <type> <options> <dump> <pass>' \
        "$disk /               ext4    errors=remount-ro 0       1" \
        'UUID=00000000-dead-4000-8000-000000000000 /data ext4 defaults 0 2' \
        '/dev/sdb1 /srv/old ext4 defaults 0 0' \
        '/dev/sr0        /media/cdrom0   udf,iso9660 user,noauto     0       0' \
        '//nas/share /mnt cifs credentials=/root/c 0 0' \
        'tmpfs /tmp tmpfs nosuid,noexec,nodev 0 0'
    text "$root/etc/network/interfaces" 'auto lo' 'iface lo inet loopback' 'auto ens192' \
        'iface ens192 inet static' '    address 192.168.1.10/24' '    gateway 192.168.1.1'
    text "$root/boot/grub/grub.cfg" 'set default="0"' \
        "menuentry 'Debian GNU/Linux' --class debian \$menuentry_id_option 'gnulinux-simple' {" \
        "	linux	/boot/vmlinuz-$kernel root=$disk ro  quiet" "	initrd	/boot/initrd.img-$kernel" '}'
    text "$root/etc/default/grub" GRUB_DEFAULT=0 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"' 'GRUB_CMDLINE_LINUX=""'
    text "$root/etc/cloud/cloud.cfg.d/90_dpkg.cfg" 'datasource_list: [ NoCloud, None ]'
    text "$root/etc/cloud/cloud-init.disabled"
    text "$root/etc/cloud/cloud.cfg" 'users: []'
    # A tool that makes an initramfs of what it is told, as Debian's does.
    text "$root/etc/initramfs-tools/initramfs.conf" 'MODULES=list' 'COMPRESS=gzip'
    text "$root/etc/initramfs-tools/modules" '# one a line' ext4
    text "$root/boot/vmlinuz-$kernel" kernel
    for name in drivers/nvme/host/nvme.ko drivers/block/xen-blkfront.ko drivers/net/xen-netfront.ko fs/ext4/ext4.ko; do
        text "$root/usr/lib/modules/$kernel/kernel/$name" module
    done
    # It holds what nobody listed, packed otherwise, and what the system has no more.
    text "$root/usr/lib/modules/$kernel/kernel/drivers/scsi/mptspi.ko.xz" module
    text "$root/usr/lib/firmware/mpt.bin" firmware
    text "$root/boot/initrd.img-$kernel" "usr/lib/modules/$kernel/kernel/fs/ext4/ext4.ko" \
        "usr/lib/modules/$kernel/kernel/drivers/scsi/mptspi.ko" usr/lib/firmware/mpt.bin \
        "usr/lib/modules/$kernel/kernel/drivers/gone.ko" etc/shadow
    fake "$root" lsinitramfs 'cat "$1"'
    fake "$root" mkinitramfs 'exit 1'
    fake "$root" update-initramfs 'shift; version=$2
grep -q ^MODULES=most /etc/initramfs-tools/initramfs.conf || exit 1
grep -v "^#" /etc/initramfs-tools/modules | while read -r name; do
    find /lib/modules/$version -name "$(echo $name | tr _ "?").ko"
done >/boot/initrd.img-$version
mkdir -p /run/made/conf/conf.d && cd /run/made || exit 1
for hook in /etc/initramfs-tools/hooks/*; do
    [ ! -x "$hook" ] || DESTDIR=/run/made "$hook" || exit 1
done
find . -type f | cut -c 3- >>/boot/initrd.img-$version
cat /etc/initramfs-tools/conf.d/* | tr "\n" " " >>/var/log/update-initramfs
echo >>/var/log/update-initramfs'
}

# RHEL 9 and its kin: entries in /boot/loader, a static address in both forms, SELinux, dracut that knows its own host alone.
rhel_tree() {
    local root=$1 kernel=5.14.0-362.el9.x86_64 connection
    common_tree "$root"
    mkdir -p "$root/boot/grub2/i386-pc" "$root/boot/grub"
    text "$root/boot/grub/menu.lst" 'title old' 'kernel /vmlinuz root=/dev/hda1'
    text "$root/boot/grub2/grub.cfg" 'set default="${saved_entry}"' 'set default_kernelopts="root=/dev/mapper/rhel-root ro "' blscfg
    { printf '# GRUB Environment Block\nboot_success=0\n' && head -c 984 /dev/zero | tr '\0' '#'; } >"$root/boot/grub2/grubenv"
    text "$root/boot/loader/entries/abc-$kernel.conf" 'title Red Hat' "version $kernel" "linux /vmlinuz-$kernel" \
        "initrd /initramfs-$kernel.img" 'options root=/dev/mapper/rhel-root ro resume=/dev/sda2 console=tty1 quiet'
    text "$root/boot/loader/entries/abc-0-rescue.conf" 'title rescue' 'version 0-rescue' 'linux /vmlinuz-0-rescue' \
        'options $kernelopts'
    text "$root/etc/default/grub" GRUB_DEFAULT=0 'GRUB_CMDLINE_LINUX="crashkernel=auto quiet"'
    text "$root/etc/kernel/cmdline" 'root=/dev/mapper/rhel-root ro'
    text "$root/etc/fstab" '/dev/mapper/rhel-root / xfs defaults 0 0'
    text "$root/etc/sysconfig/network-scripts/ifcfg-lo" DEVICE=lo
    text "$root/etc/sysconfig/network-scripts/ifcfg-ens192" TYPE=Ethernet BOOTPROTO=none DEVICE=ens192 \
        IPADDR=10.0.0.2 HWADDR=00:50:56:aa:bb:cc ONBOOT=yes
    text "$root/etc/sysconfig/network-scripts/route-ens192" '10.0.0.0/8 via 10.0.0.1'
    text "$root/etc/sysconfig/network" NETWORKING=yes GATEWAY=10.0.0.1
    connection=$root/etc/NetworkManager/system-connections
    text "$connection/ens224.nmconnection" '[connection]' type=ethernet interface-name=ens224 '[ipv4]' method=manual
    text "$connection/home.nmconnection" '[connection]' type=wifi '[ipv4]' method=auto
    text "$root/etc/sysconfig/iptables" '*filter' ':INPUT ACCEPT [0:0]' '-A INPUT -p icmp -j ACCEPT' \
        '-A INPUT -j REJECT --reject-with icmp-host-prohibited' COMMIT
    text "$root/etc/selinux/config" SELINUX=enforcing SELINUXTYPE=targeted
    text "$root/boot/vmlinuz-$kernel" kernel
    text "$root/boot/config-$kernel" CONFIG_RD_GZIP=y '# CONFIG_RD_ZSTD is not set'
    text "$root/usr/lib/modules/$kernel/kernel/drivers/nvme/nvme.ko.xz" module
    text "$root/usr/lib/modules/$kernel/kernel/drivers/net/ena.ko.xz" module
    text "$root/boot/initramfs-$kernel.img" "usr/lib/modules/$kernel/kernel/drivers/scsi/vmw_pvscsi.ko.xz"
    fake "$root" lsinitrd 'cat "$1"'
    fake "$root" dracut 'if [ "$1" = --help ]; then echo " -N, --no-hostonly --compress"; exit 0; fi
echo "$*" >>/var/log/dracut
[ "$2" = --no-hostonly ] || exit 1
. /etc/dracut.conf.d/50-ec2-ready.conf 2>/dev/null
for name in $4; do echo "usr/lib/modules/$8/kernel/$name.ko.xz"; done >>"$7"'
}

# SUSE with its old mkinitrd, names of disks by-id, and wicked's files.
suse_tree() {
    local root=$1 kernel=3.0.101-63-default
    common_tree "$root"
    text "$root/boot/grub/menu.lst" 'default 0' 'title SLES' \
        "    kernel /boot/vmlinuz-$kernel root=/dev/disk/by-id/scsi-36000c29-part1 resume=/dev/disk/by-id/scsi-36000c29-part9 splash=silent"
    text "$root/etc/fstab" '/dev/disk/by-id/scsi-36000c29-part9 swap swap defaults 0 0' 'LABEL=none /srv xfs defaults 1 2'
    text "$root/etc/sysconfig/network/ifcfg-eth2" "BOOTPROTO='static'" "IPADDR='10.0.0.3/24'" "STARTMODE='auto'"
    text "$root/etc/sysconfig/network/routes" 'default 10.0.0.1 - -'
    text "$root/etc/sysconfig/kernel" '# modules' 'INITRD_MODULES="ext3 mptspi"'
    text "$root/boot/vmlinuz-$kernel" kernel
    text "$root/usr/lib/modules/$kernel/kernel/drivers/block/nvme.ko" module
    text "$root/usr/lib/modules/$kernel/kernel/drivers/xen/xen-blkfront.ko" module
    text "$root/boot/initrd-$kernel" lib/modules/mptspi.ko
    fake "$root" lsinitrd 'cat "$1"'
    fake "$root" mkinitrd 'if [ "$1" = -h ]; then echo "  -k list of kernels"; exit 0; fi
echo "$*" >>/var/log/mkinitrd
for name in $2; do echo "lib/modules/$name.ko"; done >/boot/$6'
}

# Ubuntu: netplan and networkd, cloud-init that was switched off for the network, no initramfs that would need anything.
ubuntu_tree() {
    local root=$1
    common_tree "$root"
    text "$root/etc/fstab" 'LABEL=root / ext4 defaults 0 1'
    text "$root/etc/netplan/00-installer-config.yaml" network: '  ethernets:' '    ens160:' '      addresses: [10.0.0.4/24]' \
        '      gateway4: 10.0.0.1' '  version: 2'
    text "$root/etc/netplan/01-more.yaml" network: '  version: 2'
    text "$root/etc/systemd/network/10-static.network" '[Match]' 'MACAddress=00:50:56:aa:bb:cc' '[Network]' 'Address=10.0.0.5/24'
    text "$root/etc/systemd/network/10-names.link" '[Match]' 'MACAddress=00:50:56:aa:bb:cc' '[Link]' 'Name=lan0'
    text "$root/etc/cloud/cloud.cfg" 'datasource_list: [ NoCloud, Ec2 ]'
    text "$root/etc/cloud/cloud.cfg.d/subiquity-disable-cloudinit-networking.cfg" 'network: {config: disabled}'
    mkdir -p "$root/boot/efi/EFI/ubuntu"
    text "$root/boot/efi/EFI/ubuntu/shimx64.efi" shim
    text "$root/boot/efi/EFI/ubuntu/grubx64.efi" grub
}
