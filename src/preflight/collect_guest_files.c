/* The guest's file systems: its fstab, where its root lies, what is free, and what has to be checked. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/guest/fstab.h"
#include "src/preflight/guest.h"

#include <stdio.h>
#include <string.h>

enum { FSTAB_ENTRIES_MAX = 256 };

static json_t *unreadable(const char *why)
{
    return json_pack("{s:b, s:o}", "readable", false, "why", untrusted(why));
}

static json_t *fstab_entry(const struct guest *guest, const struct fstab_fields *fields)
{
    const char *options = fields->n > 3 ? fields->words[3] : "defaults";
    bool told;
    const struct guest_device *device = guest_device_of(guest, fields->words[0], &told);
    json_t *entry = json_pack("{s:o, s:o, s:o, s:o}", "spec", untrusted(fields->words[0]), "file",
                              untrusted(fields->words[1]), "type", untrusted(fields->words[2]), "options",
                              untrusted(options));

    /* What is not mounted on boot keeps nobody waiting. */
    if (entry != NULL && told && !fstab_has_option(options, "noauto"))
        json_object_set_new(entry, "resolved", json_boolean(device != NULL));
    return entry;
}

static json_t *read_fstab(struct finding *finding, const struct sw_look_entry *file)
{
    json_t *entries = json_array();
    struct lines lines = lines_of(file);
    char why[80];

    while (lines_next(&lines)) {
        struct fstab_fields fields;
        bool whole = fstab_split(lines.text, lines.text + strlen(lines.text), &fields);

        if (whole && fields.n == 0)
            continue;
        snprintf(why, sizeof(why), "line %u has %u fields, and three are needed", lines.number, fields.n);
        if (!whole)
            snprintf(why, sizeof(why), "line %u has a field that is too long", lines.number);
        if (!whole || fields.n < 3 || json_array_size(entries) == FSTAB_ENTRIES_MAX) {
            json_decref(entries);
            return unreadable(whole && fields.n >= 3 ? "it has too many lines" : why);
        }
        if (json_array_append_new(entries, fstab_entry(finding->guest, &fields)) < 0)
            finding->failed = true;
    }
    return json_pack("{s:b, s:o}", "readable", true, "entries", entries);
}

static json_t *collect_fstab(struct finding *finding)
{
    const struct sw_look_entry *file = tree_find(&finding->tree, "/etc/fstab");

    if (file == NULL || (file->flags & SW_LOOK_DANGLING) != 0)
        return unreadable("there is none");
    if ((file->flags & (SW_LOOK_CUT | SW_LOOK_UNREAD)) != 0)
        return unreadable("it is too large, or cannot be read");
    return read_fstab(finding, file);
}

/* The bind that a path lies in; NULL: the root itself. */
static const struct guest_device *device_at(const struct guest *guest, const char *point)
{
    for (size_t i = 0; i < guest->nr_binds; i++)
        if (strcmp(guest->binds[i].point, point) == 0)
            return &guest->devices[guest->binds[i].device];
    return &guest->devices[guest->roots[0].device];
}

static void collect_places(struct finding *finding)
{
    const struct guest *guest = finding->guest;
    const struct guest_device *root = &guest->devices[guest->roots[0].device];
    bool btrfs = strcmp(root->type, "btrfs") == 0;
    const char *type = strncmp(root->kind, "ext", 3) == 0 ? root->kind : root->type;

    finding_set(finding, "root",
                json_pack("{s:s, s:b, s:i, s:o}", "filesystem", type, "subvolume",
                          btrfs && (guest->roots[0].sub[0] != '\0' || root->tree != 5), "disk",
                          (int)guest_disk(root), "device", untrusted(root->shown)));
    finding_set(finding, "boot", json_pack("{s:i}", "disk", (int)guest_disk(device_at(guest, "/boot"))));
}

static json_t *collect_mounts(struct finding *finding)
{
    const struct sw_look *look = finding->tree.look;
    json_t *list = json_array();

    for (size_t i = 0; i < look->n; i++) {
        const struct sw_look_entry *entry = &look->entries[i];
        json_t *mount;

        if (entry->kind != SW_LOOK_MOUNT || entry->group != finding->tree.group)
            continue;
        mount = json_pack("{s:o, s:I}", "path", untrusted(entry->path), "free_bytes",
                          (json_int_t)(entry->numbers[0] & INT64_MAX));
        if (mount != NULL && (entry->flags & SW_LOOK_NO_INODES) == 0)
            json_object_set_new(mount, "free_inodes",
                                json_integer((json_int_t)(entry->numbers[1] & INT64_MAX)));
        if (json_array_append_new(list, mount) < 0)
            finding->failed = true;
    }
    return list;
}

static json_t *collect_tmp(struct finding *finding)
{
    const struct sw_look_entry *tmp = tree_find(&finding->tree, "/tmp");
    struct lines lines = lines_of(tree_find(&finding->tree, "/etc/fstab"));
    bool noexec = false;

    while (lines_next(&lines)) {
        struct fstab_fields fields;

        if (fstab_split(lines.text, lines.text + strlen(lines.text), &fields) && fields.n > 3 &&
            strcmp(fields.words[1], "/tmp") == 0)
            noexec = fstab_has_option(fields.words[3], "noexec");
    }
    return json_pack("{s:b, s:b}", "noexec", noexec, "dangling",
                     tmp != NULL && (tmp->flags & SW_LOOK_DANGLING) != 0);
}

/* Those whose state the first look at the disk has told already are in its partitions. */
static json_t *collect_filesystems(struct finding *finding)
{
    json_t *list = json_array();

    for (size_t i = 0; i < finding->guest->nr_devices; i++) {
        const struct guest_device *device = &finding->guest->devices[i];
        bool plain = device->dm[0] == '\0' && strncmp(device->name, "md", 2) != 0;

        if (device->type[0] == '\0' || !device->clean_told || (plain && strcmp(device->type, "ext4") == 0))
            continue;
        if (json_array_append_new(list, json_pack("{s:o, s:s, s:b}", "device", untrusted(device->shown),
                                                  "type", device->type, "clean", device->clean)) < 0)
            finding->failed = true;
    }
    return list;
}

void collect_files(struct finding *finding)
{
    finding_set(finding, "fstab", collect_fstab(finding));
    collect_places(finding);
    finding_set(finding, "mounts", collect_mounts(finding));
    finding_set(finding, "tmp", collect_tmp(finding));
    finding_set(finding, "filesystems", collect_filesystems(finding));
}
