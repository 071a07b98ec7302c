/* The documents of recipes/ec2-ready, as they are part of the program. EC2_READY and RECORDERS come from the build. */
#include "src/prepare/shipped.h"

#include "src/base/cleanup.h"
#include "src/base/embed.h"
#include "src/base/fs.h"

#include <string.h>

SW_EMBED(doc_filesystem_check, EC2_READY "/filesystem-check.yml");
SW_EMBED(doc_hypervisor_tools, EC2_READY "/hypervisor-tools.yml");
SW_EMBED(doc_fstab, EC2_READY "/fstab.yml");
SW_EMBED(doc_network_dhcp, EC2_READY "/network-dhcp.yml");
SW_EMBED(doc_grub_default, EC2_READY "/grub-default.yml");
SW_EMBED(doc_serial_console, EC2_READY "/serial-console.yml");
SW_EMBED(doc_cloud_init_datasource, EC2_READY "/cloud-init-datasource.yml");
SW_EMBED(doc_sshd, EC2_READY "/sshd.yml");
SW_EMBED(doc_initramfs_drivers, EC2_READY "/initramfs-drivers.yml");
SW_EMBED(doc_uefi_fallback, EC2_READY "/uefi-fallback.yml");
SW_EMBED(doc_identity, EC2_READY "/identity.yml");
SW_EMBED(doc_selinux_labels, EC2_READY "/selinux-labels.yml");
SW_EMBED(doc_windows_rdp, EC2_READY "/windows-rdp.yml");
SW_EMBED(doc_windows_autologon, EC2_READY "/windows-autologon.yml");
SW_EMBED(doc_windows_dhcp, EC2_READY "/windows-dhcp.yml");
SW_EMBED(doc_windows_pagefile, EC2_READY "/windows-pagefile.yml");
SW_EMBED(doc_windows_clock, EC2_READY "/windows-clock.yml");
SW_EMBED(doc_windows_hypervisor_tools, EC2_READY "/windows-hypervisor-tools.yml");
SW_EMBED(doc_windows_ems, EC2_READY "/windows-ems.yml");
SW_EMBED(doc_lib, EC2_READY "/lib.yml");
SW_EMBED(doc_kernel_arguments, EC2_READY "/kernel-arguments.yml");
SW_EMBED(doc_before, RECORDERS "/before.yml");
SW_EMBED(doc_after, RECORDERS "/after.yml");

#define DOCUMENT(file, data) .name = (file), .text = (data), .len = &data##_len

/* What only Windows itself can do comes last there: every step behind one of those waits for the first boot, too. */
static const struct shipped documents[] = {
    {DOCUMENT("filesystem-check", doc_filesystem_check), .platform = SW_LINUX, .early = true},
    {DOCUMENT("hypervisor-tools", doc_hypervisor_tools), .platform = SW_LINUX, .validates = true},
    {DOCUMENT("fstab", doc_fstab), .platform = SW_LINUX, .validates = true},
    {DOCUMENT("network-dhcp", doc_network_dhcp), .platform = SW_LINUX, .validates = true},
    {DOCUMENT("grub-default", doc_grub_default), .platform = SW_LINUX, .validates = true},
    {DOCUMENT("serial-console", doc_serial_console), .platform = SW_LINUX, .validates = true},
    {DOCUMENT("cloud-init-datasource", doc_cloud_init_datasource), .platform = SW_LINUX, .validates = true},
    {DOCUMENT("sshd", doc_sshd), .platform = SW_LINUX, .validates = true},
    {DOCUMENT("initramfs-drivers", doc_initramfs_drivers), .platform = SW_LINUX, .validates = true},
    {DOCUMENT("uefi-fallback", doc_uefi_fallback), .platform = SW_LINUX, .validates = true},
    {DOCUMENT("identity", doc_identity), .platform = SW_LINUX, .validates = true},
    {DOCUMENT("selinux-labels", doc_selinux_labels), .platform = SW_LINUX, .follows = true},
    {DOCUMENT("windows-rdp", doc_windows_rdp), .platform = SW_WINDOWS},
    {DOCUMENT("windows-autologon", doc_windows_autologon), .platform = SW_WINDOWS},
    {DOCUMENT("windows-dhcp", doc_windows_dhcp), .platform = SW_WINDOWS},
    {DOCUMENT("windows-pagefile", doc_windows_pagefile), .platform = SW_WINDOWS},
    {DOCUMENT("windows-clock", doc_windows_clock), .platform = SW_WINDOWS},
    {DOCUMENT("windows-hypervisor-tools", doc_windows_hypervisor_tools), .platform = SW_WINDOWS},
    {DOCUMENT("windows-ems", doc_windows_ems), .platform = SW_WINDOWS},
    {DOCUMENT("lib", doc_lib)},
    {DOCUMENT("kernel-arguments", doc_kernel_arguments)},
    {DOCUMENT("prepare-before", doc_before)},
    {DOCUMENT("prepare-after", doc_after)},
};

const struct shipped *shipped_at(size_t i)
{
    return i < SW_ARRAY_LEN(documents) ? &documents[i] : NULL;
}

const struct shipped *shipped_find(const char *name)
{
    static const char folder[] = "ec2-ready/", suffix[] = ".yml";
    size_t len;

    if (strncmp(name, folder, sizeof(folder) - 1) == 0)
        name += sizeof(folder) - 1;
    len = strlen(name);
    if (len > sizeof(suffix) - 1 && strcmp(name + len - (sizeof(suffix) - 1), suffix) == 0)
        len -= sizeof(suffix) - 1;
    for (size_t i = 0; i < SW_ARRAY_LEN(documents); i++)
        if (documents[i].platform != 0 && strlen(documents[i].name) == len &&
            strncmp(documents[i].name, name, len) == 0)
            return &documents[i];
    return NULL;
}

int shipped_write(const char *dir, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(documents); i++) {
        SW_AUTO_FREE char *path = sw_strf(err, "%s/%s.yml", dir, documents[i].name);

        if (path == NULL || sw_write_file(path, documents[i].text, (size_t)*documents[i].len, 0644, err) < 0)
            return -1;
    }
    return 0;
}
