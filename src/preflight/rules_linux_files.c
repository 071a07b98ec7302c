/* Rules about a Linux guest's file systems and what is installed in them. */
#include "src/preflight/rules.h"

#include "src/base/cleanup.h"

#include <stdio.h>
#include <string.h>

enum { MIB = 1 << 20 };

static const json_t *fstab_of(const struct ev *ev, struct ruling *ruling)
{
    return ev_need(ev_linux(ev, ruling), "fstab.entries", ruling);
}

static void fstab(const struct ev *ev, struct ruling *ruling)
{
    const json_t *guest = ev_linux(ev, ruling), *entry, *list;
    size_t i;

    if (guest != NULL && ev_false(guest, "fstab.readable")) {
        found(ruling, ALL_LANES, "/etc/fstab", "%s", ev_text(guest, "fstab.why"));
        return;
    }
    list = ev_need(guest, "fstab.entries", ruling);
    json_array_foreach (list, i, entry) {
        if (ev_false(entry, "resolved") && strstr(ev_text(entry, "options"), "nofail") == NULL)
            found(ruling, ALL_LANES, "/etc/fstab", "%s on %s is on none of the disks: the boot waits for it",
                  ev_text(entry, "spec"), ev_text(entry, "file"));
    }
}

static void each_entry(const struct ev *ev, struct ruling *ruling, bool (*is)(const json_t *entry),
                       const char *what)
{
    const json_t *list = fstab_of(ev, ruling), *entry;
    size_t i;

    json_array_foreach (list, i, entry) {
        if (is(entry))
            found(ruling, ALL_LANES, "/etc/fstab", "%s on %s: %s", ev_text(entry, "spec"),
                  ev_text(entry, "file"), what);
    }
}

static bool begins_with_one(const char *text, const char *const *stems)
{
    for (; *stems != NULL; stems++)
        if (strncmp(text, *stems, strlen(*stems)) == 0)
            return true;
    return false;
}

static bool is_device(const json_t *entry)
{
    static const char *const stems[] = {"/dev/sd", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/nvme", NULL};

    return begins_with_one(ev_text(entry, "spec"), stems);
}

static bool is_network(const json_t *entry)
{
    static const char *const types[] = {"cifs",       "smb",    "nfs",         "vboxsf",
                                        "fuse.sshfs", "vmhgfs", "fuse.vmhgfs", NULL};

    return begins_with_one(ev_text(entry, "type"), types);
}

static bool is_removable(const json_t *entry)
{
    static const char *const stems[] = {"/dev/sr", "/dev/cdrom", "/dev/fd", "/dev/dvd", NULL};

    return begins_with_one(ev_text(entry, "spec"), stems);
}

static void fstab_devices(const struct ev *ev, struct ruling *ruling)
{
    each_entry(ev, ruling, is_device, "the name is another on EC2");
}

static void fstab_network(const struct ev *ev, struct ruling *ruling)
{
    each_entry(ev, ruling, is_network, "a share that is not there");
}

static void fstab_removable(const struct ev *ev, struct ruling *ruling)
{
    each_entry(ev, ruling, is_removable, "a drive that is not there");
}

/* Without a launch a btrfs may hold subvolumes, and what hides in LVM is not seen. */
static void root_filesystem(const struct ev *ev, struct ruling *ruling)
{
    static const char *const fine[] = {"ext2", "ext3", "ext4", "btrfs", "jfs", "xfs"};
    const json_t *root = NULL;
    const char *type = NULL;
    bool good = false;

    if (ev->guest == NULL && ev_maybe_linux(ev) && ev_all_plain(ev) && !ev_holds(ev, "btrfs") &&
        !ev_holds(ev, "f2fs") && !ev_holds(ev, "reiserfs") && !ev_holds(ev, "squashfs") &&
        (ev_holds(ev, "ext4") || ev_holds(ev, "ext3") || ev_holds(ev, "ext2") || ev_holds(ev, "xfs")))
        return;
    root = ev_need(ev_linux(ev, ruling), "root.filesystem", ruling);
    if (root == NULL)
        return;
    type = ev_text(ev->guest, "root.filesystem");
    for (size_t i = 0; i < SW_ARRAY_LEN(fine); i++)
        good = good || strcmp(type, fine[i]) == 0;
    if (!good)
        found(ruling, ALL_LANES, "/", "%s", type);
    else if (ev_true(ev->guest, "root.subvolume"))
        found(ruling, ALL_LANES, "/", "a btrfs subvolume");
}

static void lvm(const struct ev *ev, struct ruling *ruling)
{
    const json_t *groups = NULL, *group;
    size_t i;

    if (ev->guest == NULL && ev_all_plain(ev)) {
        not_applicable(ruling, "no LVM");
        return;
    }
    groups = ev_need(ev_linux(ev, ruling), "lvm.groups", ruling);
    json_array_foreach (groups, i, group) {
        if (ev_number(group, "missing") > 0)
            found(ruling, ALL_LANES, ev_text(group, "name"),
                  "%llu of its physical volumes are on none of the disks",
                  (unsigned long long)ev_number(group, "missing"));
        if (ev_true(group, "thin"))
            found(ruling, ALL_LANES, ev_text(group, "name"), "it has a thin pool");
    }
}

static void root_disk(const struct ev *ev, struct ruling *ruling)
{
    const json_t *root = ev_need(ev_linux(ev, ruling), "root.disk", ruling);
    uint64_t boot = ev_number(ev->guest, "boot.disk");

    if (root != NULL && boot != 0 && ev_number(ev->guest, "root.disk") != boot)
        found(ruling, ALL_LANES, "/", "on disk %llu, and /boot is on disk %llu",
              (unsigned long long)ev_number(ev->guest, "root.disk"), (unsigned long long)boot);
}

static void space(const struct ev *ev, struct ruling *ruling)
{
    const json_t *list = ev_need(ev_linux(ev, ruling), "mounts", ruling), *mount;
    size_t i;

    json_array_foreach (list, i, mount) {
        const char *path = ev_text(mount, "path");
        uint64_t floor = strcmp(path, "/") == 0 ? 100 : strcmp(path, "/boot") == 0 ? 50 : 10;

        if (ev_number(mount, "free_bytes") < floor * MIB)
            found(ruling, ALL_LANES, path, "%llu MiB free; %llu are wanted",
                  (unsigned long long)(ev_number(mount, "free_bytes") / MIB), (unsigned long long)floor);
        else if (ev_get(mount, "free_inodes") != NULL && ev_number(mount, "free_inodes") < 100)
            found(ruling, ALL_LANES, path, "%llu inodes free; 100 are wanted",
                  (unsigned long long)ev_number(mount, "free_inodes"));
    }
}

static void tmp(const struct ev *ev, struct ruling *ruling)
{
    const json_t *state = ev_need(ev_linux(ev, ruling), "tmp", ruling);

    if (ev_true(state, "noexec"))
        found(ruling, ALL_LANES, "/etc/fstab", "/tmp is mounted noexec");
    if (ev_true(state, "dangling"))
        found(ruling, ALL_LANES, "/tmp", "a link that leads nowhere");
}

static bool note_state(const json_t *disk, const json_t *holder, struct ruling *ruling)
{
    char where[300];

    if (ev_is(holder, "state", "dirty") && !ev_is(holder, "content", "ntfs"))
        found(ruling, ALL_LANES,
              holder == disk ? ev_disk_name(disk) : ev_part_name(disk, holder, where, sizeof(where)),
              "the %s was not unmounted, or has errors", ev_text(holder, "content"));
    return ev_is(holder, "content", "xfs") || ev_is(holder, "content", "btrfs") ||
           ev_is(holder, "content", "jfs");
}

/* ext's super block tells it; an XFS' log does not without a launch. */
static void filesystem_clean(const struct ev *ev, struct ruling *ruling)
{
    const json_t *disk, *part;
    bool open = !ev_all_plain(ev);
    size_t i, j;

    if (!ev_maybe_linux(ev)) {
        not_applicable(ruling, "no Linux");
        return;
    }
    json_array_foreach (ev->disks, i, disk) {
        open = note_state(disk, disk, ruling) || open;
        json_array_foreach (ev_get(disk, "partitions"), j, part)
            open = note_state(disk, part, ruling) || open;
    }
    json_array_foreach (ev_get(ev->guest, "filesystems"), i, part) {
        if (ev_false(part, "clean"))
            found(ruling, ALL_LANES, ev_text(part, "device"), "the %s has to be checked",
                  ev_text(part, "type"));
    }
    if (open && ev->guest == NULL)
        unknown(ruling, NEEDS_LAUNCH);
}

static void ssh(const struct ev *ev, struct ruling *ruling)
{
    const json_t *state = ev_need(ev_linux(ev, ruling), "ssh", ruling);

    if (ev_false(state, "installed"))
        found(ruling, ALL_LANES, "sshd", "it is not installed");
    else if (ev_false(state, "enabled"))
        found(ruling, ALL_LANES, "sshd", "it does not start on boot");
    if (ev_true(state, "blocked"))
        found(ruling, ALL_LANES, "firewall", "it drops what comes to port 22");
    if (ev_false(state, "way_in") && !ev_true(ev->guest, "cloud_init.installed"))
        found(ruling, ALL_LANES, "sshd",
              "no user has an authorized key, and there is no cloud-init to bring one");
}

static void cloud_init(const struct ev *ev, struct ruling *ruling)
{
    const json_t *state = ev_need(ev_linux(ev, ruling), "cloud_init", ruling);

    if (state == NULL)
        return;
    if (!ev_true(state, "installed"))
        found(ruling, ALL_LANES, "cloud-init", "it is not installed");
    else if (ev_true(state, "disabled"))
        found(ruling, ALL_LANES, "/etc/cloud/cloud-init.disabled", "cloud-init is switched off");
    else if (json_array_size(ev_get(state, "datasources")) > 0 && !ev_list_has(state, "datasources", "Ec2"))
        found(ruling, ALL_LANES, "datasource_list", "Ec2 is not in it");
}

static void tools(const struct ev *ev, struct ruling *ruling)
{
    const json_t *list = ev_need(ev_linux(ev, ruling), "hypervisor_tools", ruling), *item;
    size_t i;

    json_array_foreach (list, i, item)
        found(ruling, ALL_LANES, "packages", "%s",
              json_string_value(item) != NULL ? json_string_value(item) : "");
}

static void selinux(const struct ev *ev, struct ruling *ruling)
{
    const json_t *state = ev_need(ev_linux(ev, ruling), "selinux", ruling);

    if (ev_is(state, "mode", "enforcing") && ev_number(state, "unlabelled") > 0 &&
        !ev_true(state, "autorelabel"))
        found(ruling, ALL_LANES, "/etc/selinux/config", "enforcing, and %llu files have no label",
              (unsigned long long)ev_number(state, "unlabelled"));
}

/* cloud-init makes them anew for an instance that it has not seen before. */
static bool makes_host_keys(const struct ev *ev)
{
    const json_t *state = ev_get(ev->guest, "cloud_init");

    return ev_true(state, "installed") && ev_false(state, "disabled") && ev_true(state, "new_host_keys");
}

static void identity(const struct ev *ev, struct ruling *ruling)
{
    static const struct {
        const char *member, *where, *what;
    } parts[] = {
        {"machine_id", "/etc/machine-id", "every instance would have the same"},
        {"host_keys", "/etc/ssh", "every instance would have the same host keys"},
        {"leases", "/var/lib", "DHCP leases of another network"},
        {"cloud", "/var/lib/cloud", "cloud-init takes the instance for one that it has set up already"}};
    const json_t *state = ev_need(ev_linux(ev, ruling), "identity", ruling);

    for (size_t i = 0; i < SW_ARRAY_LEN(parts); i++)
        if (ev_true(state, parts[i].member) &&
            !(strcmp(parts[i].member, "host_keys") == 0 && makes_host_keys(ev)))
            found(ruling, ALL_LANES, parts[i].where, "%s", parts[i].what);
}

const struct rule rules_linux_files[] = {
    {"linux.fstab", fstab},
    {"linux.fstab.devices", fstab_devices},
    {"linux.fstab.network", fstab_network},
    {"linux.fstab.removable", fstab_removable},
    {"linux.root.filesystem", root_filesystem},
    {"linux.lvm", lvm},
    {"linux.root.disk", root_disk},
    {"linux.space", space},
    {"linux.tmp", tmp},
    {"linux.filesystem.clean", filesystem_clean},
    {"linux.ssh", ssh},
    {"linux.cloud-init", cloud_init},
    {"linux.hypervisor-tools", tools},
    {"linux.selinux", selinux},
    {"linux.identity", identity},
    {.id = NULL},
};
