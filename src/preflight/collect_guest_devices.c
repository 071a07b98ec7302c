/* The devices of a machine in the appliance: what each is called by fstab, which hold a system, and what it mounts where. */
#include "slipway/io.h"
#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/disk/partition.h"
#include "src/guest/fstab.h"
#include "src/preflight/content.h"
#include "src/preflight/guest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Where a root may lie in a file system: SUSE's and Ubuntu's, Debian's and Fedora's subvolumes. */
static const char *const subs[] = {"", "/@", "/@rootfs", "/root"};

static void value_of(const char *text, const char *key, char *out, size_t len)
{
    size_t n = strlen(key);

    out[0] = '\0';
    for (const char *at = text; at != NULL && *at != '\0';) {
        const char *stop = strchrnul(at, '\n');

        if (strncmp(at, key, n) == 0 && at[n] == '=')
            snprintf(out, len, "%.*s", (int)(stop - at - (ptrdiff_t)n - 1), at + n + 1);
        at = *stop == '\n' ? stop + 1 : NULL;
    }
}

/* What its first bytes say, by the reader that reads disks without a launch. */
static int tell_content(struct guest_device *device, const struct sw_look_entry *entry, struct sw_err *err)
{
    struct sw_image *img = NULL;
    struct sw_in *in = NULL;
    struct content content;
    struct span span;
    int rc;

    device->kind = "unknown";
    if (entry->len == 0)
        return 0;
    if (sw_in_open_bytes(entry->data, entry->len, "a device", &in, err) < 0 ||
        sw_image_open(in, "raw", NULL, &img, err) < 0)
        return -1;
    span = span_disk(img);
    rc = content_read(&span, &content, err);
    sw_image_close(img);
    if (rc < 0)
        return -1;
    device->kind = content.kind;
    snprintf(device->uuid, sizeof(device->uuid), "%s", content.uuid);
    snprintf(device->label, sizeof(device->label), "%s", content.label);
    if (content.state != CONTENT_STATE_UNKNOWN) {
        device->clean_told = true;
        device->clean = content.state == CONTENT_CLEAN;
    }
    return 0;
}

unsigned guest_disk(const struct guest_device *device)
{
    return device->disks != 0 ? (unsigned)__builtin_ctzll(device->disks) + 1 : 0;
}

static void name_device(struct guest_device *device)
{
    char name[sizeof(device->dm)];

    memcpy(name, device->dm[0] != '\0' ? device->dm : device->name,
           device->dm[0] != '\0' ? sizeof(device->dm) : sizeof(device->name));
    if (device->dm[0] != '\0')
        snprintf(device->shown, sizeof(device->shown), "/dev/mapper/%s", name);
    else if (device->part > 0)
        snprintf(device->shown, sizeof(device->shown), "disk %u, partition %u", guest_disk(device),
                 device->part);
    else if (strncmp(device->name, "md", 2) == 0)
        snprintf(device->shown, sizeof(device->shown), "/dev/%s", name);
    else
        snprintf(device->shown, sizeof(device->shown), "disk %u", guest_disk(device));
}

/* Names of the partition's entry in the table, which blkid has too. */
static int tell_partition(const struct guest *guest, struct guest_device *device, struct sw_err *err)
{
    unsigned disk = guest_disk(device) - 1;
    struct span span = span_disk(guest->disks[disk].image);
    SW_AUTO_FREE struct part_table *table = sw_calloc(1, sizeof(*table), err);

    if (table == NULL || part_read(&span, table, err) < 0)
        return -1;
    for (size_t i = 0; i < table->nr_parts; i++) {
        if (table->parts[i].number != device->part)
            continue;
        snprintf(device->part_uuid, sizeof(device->part_uuid), "%s", table->parts[i].uuid);
        snprintf(device->part_label, sizeof(device->part_label), "%s", table->parts[i].name);
    }
    return 0;
}

/* A mount that had to leave the log alone has told what a super block does not. */
static void tell_clean(struct guest_device *device, bool dirty)
{
    if (strcmp(device->type, "xfs") != 0)
        return;
    device->clean_told = true;
    device->clean = !dirty;
}

static int add_device(struct guest *guest, const struct sw_look_entry *entry, struct sw_err *err)
{
    struct guest_device *device = &guest->devices[guest->nr_devices];
    uint64_t own = guest->nr_disks >= 64 ? UINT64_MAX : (UINT64_C(1) << guest->nr_disks) - 1;
    char number[16], dirty[4];

    if (guest->nr_devices == GUEST_DEVICES_MAX || (entry->numbers[0] >> guest->first & own) == 0)
        return 0;
    *device = (struct guest_device){
        .disks = entry->numbers[0] >> guest->first & own, .tree = entry->numbers[1], .group = entry->group};
    snprintf(device->name, sizeof(device->name), "%s", entry->path);
    value_of(entry->link, "type", device->type, sizeof(device->type));
    value_of(entry->link, "part", number, sizeof(number));
    value_of(entry->link, "name", device->dm, sizeof(device->dm));
    value_of(entry->link, "dirty", dirty, sizeof(dirty));
    device->part = (unsigned)strtoul(number, NULL, 10);
    if (guest_disk(device) > guest->nr_disks)
        return 0;
    if (tell_content(device, entry, err) < 0 ||
        (device->part > 0 && guest->disks[guest_disk(device) - 1].image != NULL &&
         tell_partition(guest, device, err) < 0))
        return -1;
    tell_clean(device, strcmp(dirty, "1") == 0);
    name_device(device);
    guest->encrypted = guest->encrypted || strcmp(device->kind, "LUKS") == 0;
    guest->nr_devices++;
    return 0;
}

/* A whole disk whose partitions are devices themselves is no file system, whatever an old signature says. */
static bool is_parted(const struct guest *guest, const struct guest_device *device)
{
    for (size_t i = 0; i < guest->nr_devices; i++)
        if (guest->devices[i].part > 0 && device->part == 0 && device->dm[0] == '\0' &&
            strncmp(device->name, "md", 2) != 0 && guest->devices[i].disks == device->disks)
            return true;
    return false;
}

static bool holds(const struct tree *tree, const char *sub, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s%s", sub, name);
    return tree_find(tree, path) != NULL;
}

static bool is_root(const struct tree *tree, const char *sub)
{
    static const char *const marks[] = {"/etc/os-release",     "/usr/lib/os-release", "/etc/redhat-release",
                                        "/etc/debian_version", "/etc/SuSE-release",   "/etc/system-release"};

    for (size_t i = 0; i < SW_ARRAY_LEN(marks); i++)
        if (holds(tree, sub, marks[i]))
            return true;
    return holds(tree, sub, "/etc/fstab") && holds(tree, sub, "/etc/passwd");
}

static void find_roots(struct guest *guest, const struct sw_look *survey)
{
    for (size_t i = 0; i < guest->nr_devices; i++) {
        const struct guest_device *device = &guest->devices[i];
        struct tree tree = {.look = survey, .group = device->group};
        bool ostree;

        if (device->type[0] == '\0' || is_parted(guest, device))
            continue;
        ostree = holds(&tree, "", "/ostree/repo") && !is_root(&tree, "");
        for (size_t k = 0; k < SW_ARRAY_LEN(subs); k++) {
            if (guest->nr_roots == GUEST_ROOTS_MAX || !(is_root(&tree, subs[k]) || ostree))
                continue;
            guest->roots[guest->nr_roots++] =
                (struct guest_root){.device = i, .sub = subs[k], .ostree = ostree};
            break;
        }
    }
}

static const struct guest_device *by_text(const struct guest *guest, size_t member, const char *text)
{
    for (size_t i = 0; i < guest->nr_devices && text[0] != '\0'; i++)
        if (strcasecmp((const char *)&guest->devices[i] + member, text) == 0)
            return &guest->devices[i];
    return NULL;
}

/* The kernel's name of a disk's partition, such as sda1 or nvme0n1p1: the disk by its letter. */
static const struct guest_device *by_number(const struct guest *guest, const char *name, bool *told)
{
    static const char *const stems[] = {"sd", "vd", "xvd", "hd"};
    unsigned disk = 0, part = 0;
    char letter = 0;

    for (size_t i = 0; i < SW_ARRAY_LEN(stems) && letter == 0; i++) {
        size_t n = strlen(stems[i]);

        if (strncmp(name, stems[i], n) == 0 && name[n] >= 'a' && name[n] <= 'z') {
            letter = name[n];
            disk = (unsigned)(letter - 'a');
            part = (unsigned)strtoul(name + n + 1, NULL, 10);
        }
    }
    if (letter == 0 && sscanf(name, "nvme%un1p%u", &disk, &part) < 1) {
        *told = false;
        return NULL;
    }
    for (size_t i = 0; i < guest->nr_devices; i++)
        if (guest->devices[i].dm[0] == '\0' && guest->devices[i].part == part &&
            guest_disk(&guest->devices[i]) == disk + 1)
            return &guest->devices[i];
    return NULL;
}

/* /dev/GROUP/VOLUME is GROUP-VOLUME to the device mapper, which doubles dashes within. */
static const struct guest_device *by_group(const struct guest *guest, const char *name, bool *told)
{
    char dm[300] = "";
    size_t n = 0;

    if (strchr(name, '/') == NULL) {
        *told = false;
        return NULL;
    }
    for (; *name != '\0' && n + 3 < sizeof(dm); name++) {
        if (*name == '-')
            dm[n++] = '-';
        dm[n++] = *name == '/' ? '-' : *name;
    }
    return by_text(guest, offsetof(struct guest_device, dm), dm);
}

const struct guest_device *guest_device_of(const struct guest *guest, const char *spec, bool *told)
{
    static const struct {
        const char *stem;
        size_t member;
    } names[] = {{"UUID=", offsetof(struct guest_device, uuid)},
                 {"LABEL=", offsetof(struct guest_device, label)},
                 {"PARTUUID=", offsetof(struct guest_device, part_uuid)},
                 {"PARTLABEL=", offsetof(struct guest_device, part_label)},
                 {"/dev/disk/by-uuid/", offsetof(struct guest_device, uuid)},
                 {"/dev/disk/by-label/", offsetof(struct guest_device, label)},
                 {"/dev/disk/by-partuuid/", offsetof(struct guest_device, part_uuid)},
                 {"/dev/disk/by-id/dm-name-", offsetof(struct guest_device, dm)},
                 {"/dev/mapper/", offsetof(struct guest_device, dm)}};
    char text[256];
    size_t len;

    *told = true;
    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++) {
        if (strncmp(spec, names[i].stem, strlen(names[i].stem)) != 0)
            continue;
        snprintf(text, sizeof(text), "%s", spec + strlen(names[i].stem));
        len = strlen(text);
        if (len > 1 && text[0] == '"' && text[len - 1] == '"') {
            text[len - 1] = '\0';
            return by_text(guest, names[i].member, text + 1);
        }
        return by_text(guest, names[i].member, text);
    }
    /* By what LVM and md wrote into the disks, which go with them; it is not read here. */
    if (strncmp(spec, "/dev/disk/by-id/dm-uuid-", 24) == 0 || strncmp(spec, "/dev/disk/by-id/md-", 19) == 0) {
        *told = false;
        return NULL;
    }
    if (strncmp(spec, "/dev/disk/", 10) == 0)
        return NULL; /* by the disk's serial number or slot: others on EC2 */
    if (strncmp(spec, "/dev/md", 7) == 0)
        return by_text(guest, offsetof(struct guest_device, name), spec + 5);
    if (strncmp(spec, "/dev/", 5) != 0) {
        *told = false;
        return NULL;
    }
    return strchr(spec + 5, '/') != NULL ? by_group(guest, spec + 5, told) : by_number(guest, spec + 5, told);
}

/* What becomes a line of orders must not end it. */
static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ')
            return false;
    return true;
}

static void add_bind(struct guest *guest, const struct fstab_fields *fields)
{
    const struct guest_device *device;
    bool told;

    if (fields->n < 3 || !fstab_is_point(fields->words[1]) || !is_plain(fields->words[1]) ||
        strstr(fields->words[3], "subvol") != NULL || fstab_has_option(fields->words[3], "bind") ||
        guest->nr_binds == GUEST_BINDS_MAX)
        return;
    device = guest_device_of(guest, fields->words[0], &told);
    if (device == NULL || device->type[0] == '\0')
        return;
    guest->binds[guest->nr_binds].device = (size_t)(device - guest->devices);
    snprintf(guest->binds[guest->nr_binds++].point, sizeof(guest->binds[0].point), "%s", fields->words[1]);
}

static int by_length(const void *a, const void *b)
{
    const struct guest_bind *one = a, *two = b;
    size_t la = strlen(one->point), lb = strlen(two->point);

    return la != lb ? (la > lb) - (la < lb) : strcmp(one->point, two->point);
}

/* Parents before what is mounted beneath them. */
static void find_binds(struct guest *guest, const struct sw_look *survey)
{
    struct tree tree = {.look = survey, .group = guest->devices[guest->roots[0].device].group};
    char path[64];
    struct lines lines;

    snprintf(path, sizeof(path), "%s/etc/fstab", guest->roots[0].sub);
    lines = lines_of(tree_find(&tree, path));
    while (lines_next(&lines)) {
        struct fstab_fields fields;

        if (fstab_split(lines.text, lines.text + strlen(lines.text), &fields))
            add_bind(guest, &fields);
    }
    if (guest->nr_binds > 1)
        qsort(guest->binds, guest->nr_binds, sizeof(guest->binds[0]), by_length);
}

int guest_find(struct guest *guest, const struct sw_look *survey, struct sw_err *err)
{
    guest->nr_devices = guest->nr_roots = guest->nr_binds = 0;
    for (size_t i = 0; i < survey->n; i++)
        if (survey->entries[i].kind == SW_LOOK_DEVICE && add_device(guest, &survey->entries[i], err) < 0)
            return -1;
    find_roots(guest, survey);
    if (guest->nr_roots > 0)
        find_binds(guest, survey);
    return 0;
}
