/* The files that the collectors want to see, and how much of each. */
#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/preflight/guest.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

struct want {
    const char *glob;
    uint64_t bytes; /* 0: whether it is there, and what it is */
};

/* Enough to find roots and what they mount. */
static const struct want survey_wants[] = {
    {"/etc/os-release", 0},
    {"/usr/lib/os-release", 0},
    {"/etc/redhat-release", 0},
    {"/etc/debian_version", 0},
    {"/etc/SuSE-release", 0},
    {"/etc/system-release", 0},
    {"/etc/fstab", 64 * KIB},
    {"/etc/passwd", 0},
    {"/ostree/repo", 0},
    {"/@/etc/os-release", 0},
    {"/@/etc/fstab", 64 * KIB},
    {"/@/etc/passwd", 0},
    {"/@rootfs/etc/os-release", 0},
    {"/@rootfs/etc/fstab", 64 * KIB},
    {"/root/etc/os-release", 0},
    {"/root/etc/fstab", 64 * KIB},
    {"/root/etc/redhat-release", 0},
};

static const struct want wants[] = {
    /* which system it is */
    {"/etc/os-release", 64 * KIB},
    {"/usr/lib/os-release", 64 * KIB},
    {"/etc/*-release", 4 * KIB},
    {"/etc/debian_version", 4 * KIB},
    {"/sbin/init", 64},
    {"/bin/sh", 64},
    {"/usr/bin/env", 64},
    {"/etc/passwd", MIB},
    {"/etc/fstab", 64 * KIB},
    {"/etc/crypttab", 64 * KIB},
    {"/tmp", 0},
    /* how it boots */
    {"/boot/grub/grub.cfg", 2 * MIB},
    {"/boot/grub2/grub.cfg", 2 * MIB},
    {"/boot/grub/menu.lst", MIB},
    {"/boot/grub/grub.conf", MIB},
    {"/boot/grub/grubenv", 4 * KIB},
    {"/boot/grub2/grubenv", 4 * KIB},
    {"/boot/efi/EFI/*/grub.cfg", 2 * MIB},
    {"/boot/efi/EFI/*/grubenv", 4 * KIB},
    {"/boot/efi/loader/loader.conf", 4 * KIB},
    {"/efi/loader/loader.conf", 4 * KIB},
    {"/boot/loader/loader.conf", 4 * KIB},
    {"/boot/loader/entries/*.conf", 16 * KIB},
    {"/boot/extlinux/extlinux.conf", 64 * KIB},
    {"/boot/syslinux/syslinux.cfg", 64 * KIB},
    {"/etc/lilo.conf", 64 * KIB},
    {"/etc/default/grub", 64 * KIB},
    {"/etc/default/grub.d/*.cfg", 64 * KIB},
    {"/etc/kernel/cmdline", 4 * KIB},
    {"/vmlinuz*", 0},
    {"/initrd*", 0},
    {"/boot/vmlinuz*", 32 * KIB},
    {"/boot/kernel-*", 32 * KIB},
    {"/boot/config-*", 512 * KIB},
    {"/boot/initrd*", 256 * MIB},
    {"/boot/initramfs*", 256 * MIB},
    {"/lib/modules/*", 0},
    {"/lib/modules/*/modules.builtin", MIB},
    {"/lib/modules/*/modules.dep", 4 * MIB},
    {"/lib/modules/*/vmlinuz", 32 * KIB},
    {"/lib/modules/*/initrd", 256 * MIB},
    /* its network */
    {"/etc/network/interfaces", 64 * KIB},
    {"/etc/network/interfaces.d/*", 64 * KIB},
    {"/etc/sysconfig/network-scripts/ifcfg-*", 16 * KIB},
    {"/etc/sysconfig/network/ifcfg-*", 16 * KIB},
    {"/etc/NetworkManager/system-connections/*", 16 * KIB},
    {"/etc/netplan/*.yaml", 64 * KIB},
    {"/etc/systemd/network/*", 16 * KIB},
    {"/etc/udev/rules.d/*", 64 * KIB},
    {"/*bin/dhclient*", 0},
    {"/*bin/dhcpcd*", 0},
    {"/*bin/udhcpc", 0},
    {"/usr/*bin/dhclient", 0},
    {"/usr/*bin/dhcpcd", 0},
    {"/usr/*bin/udhcpc", 0},
    {"/usr/sbin/NetworkManager", 0},
    {"/usr/sbin/wickedd", 0},
    {"/lib/systemd/systemd-networkd", 0},
    {"/usr/sbin/netplan", 0},
    /* its services */
    {"/usr/sbin/sshd", 0},
    {"/usr/sbin/dropbear", 0},
    {"/etc/systemd/system/*", 0},
    {"/etc/systemd/system/*.wants/*", 0},
    {"/lib/systemd/system/*.wants/ssh*", 0},
    {"/lib/systemd/systemd", 0},
    {"/etc/rc[2345].d/*", 0},
    {"/etc/rc.d/rc[345].d/*", 0},
    {"/etc/init.d/rc[35].d/*", 0},
    {"/etc/runlevels/default/*", 0},
    {"/etc/init/ssh.conf", 0},
    {"/root/.ssh/authorized_keys", 256},
    {"/home/*/.ssh/authorized_keys", 256},
    {"/etc/iptables/rules.v4", 256 * KIB},
    {"/etc/sysconfig/iptables", 256 * KIB},
    {"/etc/nftables.conf", 256 * KIB},
    {"/etc/sysconfig/nftables.conf", 256 * KIB},
    {"/etc/ufw/ufw.conf", 4 * KIB},
    {"/etc/ufw/user.rules", 256 * KIB},
    {"/etc/firewalld/firewalld.conf", 64 * KIB},
    {"/etc/firewalld/zones/*.xml", 64 * KIB},
    {"/usr/bin/cloud-init", 0},
    {"/etc/cloud/cloud-init.disabled", 0},
    {"/etc/cloud/cloud.cfg", 256 * KIB},
    {"/etc/cloud/cloud.cfg.d/*.cfg", 64 * KIB},
    /* what is in it */
    {"/var/lib/dpkg/status", 64 * MIB},
    {"/lib/apk/db/installed", 64 * MIB},
    {"/var/lib/rpm/Packages", 128 * MIB},
    {"/var/lib/rpm/Packages.db", 128 * MIB},
    {"/var/lib/rpm/rpmdb.sqlite", 128 * MIB},
    {"/usr/lib/sysimage/rpm/Packages", 128 * MIB},
    {"/usr/lib/sysimage/rpm/Packages.db", 128 * MIB},
    {"/usr/lib/sysimage/rpm/rpmdb.sqlite", 128 * MIB},
    {"/usr/bin/vmtoolsd", 0},
    {"/usr/sbin/VBoxService", 0},
    {"/usr/bin/prltoolsd", 0},
    {"/etc/vmware-tools/*", 0},
    {"/usr/lib/vmware-tools/*", 0},
    {"/opt/VBoxGuestAdditions*", 0},
    {"/etc/selinux/config", 16 * KIB},
    {"/.autorelabel", 0},
    {"/etc/machine-id", 256},
    {"/etc/ssh/ssh_host_*_key", 0},
    {"/var/lib/dhcp/*", 0},
    {"/var/lib/dhclient/*", 0},
    {"/var/lib/NetworkManager/*.lease", 0},
    {"/var/lib/cloud/instance", 0},
    {"/var/lib/cloud/instances/*", 0},
    /* behind those of which more is wanted */
    {"/etc/*", 0},
};

/* The rescue kernel's is large, and boots nothing that anybody waits for; nor does a crash's. */
static const char *const skips[] = {"*rescue*", "*kdump*", "*.old", "*.bak", "*.dpkg-*", "*.rpmsave", "*~"};

int guest_wants(struct sw_buf *orders, bool survey, struct sw_err *err)
{
    const struct want *list = survey ? survey_wants : wants;
    size_t n = survey ? SW_ARRAY_LEN(survey_wants) : SW_ARRAY_LEN(wants);

    for (size_t i = 0; i < SW_ARRAY_LEN(skips); i++)
        if (sw_buf_printf(orders, err, "skip\t%s\n", skips[i]) < 0)
            return -1;
    for (size_t i = 0; i < n; i++)
        if (sw_buf_printf(orders, err, "want\t%s\t%llu\n", list[i].glob, (unsigned long long)list[i].bytes) <
            0)
            return -1;
    return 0;
}
