/* Rules about files and disks. */
#include "src/preflight/rules.h"

#include "src/base/cleanup.h"

#include <string.h>

#define TIB (UINT64_C(1) << 40)

enum { MAX_DISKS = 21 };

static unsigned lane_bit(const char *lane)
{
    struct sw_err ignored = {.code = SW_OK};
    int i = sw_preflight_lane(lane, &ignored);

    return i >= 0 ? 1U << i : 0;
}

static bool has_own_rule(const char *format)
{
    static const char *const own[] = {"vmdk", "vhd", "vhdx", "ova"};

    for (size_t i = 0; i < SW_ARRAY_LEN(own); i++)
        if (strcmp(format, own[i]) == 0)
            return true;
    return false;
}

/* What the lanes say of a file of that format; a format of NULL: of every other one. */
static void not_as_it_is(const struct ev *ev, struct ruling *ruling, const char *format)
{
    const json_t *disk, *why;
    const char *lane;
    size_t i;

    json_array_foreach (ev->disks, i, disk) {
        const char *is = ev_text(disk, "container.format");

        if (format != NULL ? strcmp(is, format) != 0 : has_own_rule(is) && strcmp(is, "ova") != 0)
            continue;
        /* A parent has a rule of its own. */
        if (ev_text(disk, "container.parent")[0] != '\0')
            continue;
        json_object_foreach (json_object_get(ev_get(disk, "container"), "not_as_it_is"), lane, why)
            found(ruling, lane_bit(lane), ev_disk_name(disk), "%s %s: %s", is,
                  ev_text(disk, "container.subformat"),
                  json_string_value(why) != NULL ? json_string_value(why) : "");
    }
}

/* What could not be opened, and calls itself by that format's name; NULL: by any that has no rule of its own. */
static void not_opened(const struct ev *ev, struct ruling *ruling, const char *format)
{
    const json_t *disk;
    size_t i;

    json_array_foreach (ev->disks, i, disk) {
        const char *named = ev_text(disk, "container.named_format");

        if (named[0] != '\0' && (format != NULL ? strcmp(named, format) == 0 : !has_own_rule(named)))
            found(ruling, ALL_LANES, ev_disk_name(disk), "%s", ev_text(disk, "container.error"));
    }
}

static void format(const struct ev *ev, struct ruling *ruling)
{
    not_as_it_is(ev, ruling, NULL);
    not_opened(ev, ruling, NULL);
}

static void format_vmdk(const struct ev *ev, struct ruling *ruling)
{
    not_as_it_is(ev, ruling, "vmdk");
    not_opened(ev, ruling, "vmdk");
}

static void format_vhd(const struct ev *ev, struct ruling *ruling)
{
    not_as_it_is(ev, ruling, "vhd");
    not_opened(ev, ruling, "vhd");
}

static void format_vhdx(const struct ev *ev, struct ruling *ruling)
{
    not_as_it_is(ev, ruling, "vhdx");
    not_opened(ev, ruling, "vhdx");
}

static bool is_chunked(const json_t *disk)
{
    return strstr(ev_text(disk, "container.error"), "has a chunkSize") != NULL;
}

static void format_ova(const struct ev *ev, struct ruling *ruling)
{
    const json_t *disk;
    size_t i;

    json_array_foreach (ev->disks, i, disk) {
        if (ev_is(disk, "container.named_format", "ova") && !is_chunked(disk))
            found(ruling, ALL_LANES, ev_disk_name(disk), "%s", ev_text(disk, "container.error"));
    }
}

static void format_ova_chunked(const struct ev *ev, struct ruling *ruling)
{
    const json_t *disk;
    size_t i;

    json_array_foreach (ev->disks, i, disk) {
        if (is_chunked(disk))
            found(ruling, ALL_LANES, ev_disk_name(disk), "%s", ev_text(disk, "container.error"));
    }
}

static void parent(const struct ev *ev, struct ruling *ruling)
{
    const json_t *disk;
    size_t i;

    json_array_foreach (ev->disks, i, disk) {
        const char *name = ev_text(disk, "container.parent");
        bool opened = ev_true(disk, "container.parent_opened");

        if (name[0] != '\0')
            found(ruling, opened ? IMPORT_IMAGE | IMPORT_SNAPSHOT : ALL_LANES, ev_disk_name(disk),
                  "it holds only what differs from its parent '%s'%s", name,
                  opened ? "" : ", which was not opened (--allow-parent DIR)");
    }
}

/* Of a file that is no image at all its format's own rule tells. */
static void intact(const struct ev *ev, struct ruling *ruling)
{
    const json_t *disk, *line;
    size_t i, j;

    json_array_foreach (ev->disks, i, disk) {
        if (ev_get(disk, "container.named_format") != NULL)
            continue;
        json_array_foreach (ev_get(disk, "container.damage"), j, line)
            found(ruling, ALL_LANES, ev_disk_name(disk), "%s",
                  json_string_value(line) != NULL ? json_string_value(line) : "damaged");
    }
}

static void size(const struct ev *ev, struct ruling *ruling)
{
    static const struct {
        unsigned lane;
        uint64_t limit;
        const char *text;
    } limits[] = {{IMPORT_IMAGE, 8 * TIB - 1, "ImportImage takes disks below 8 TiB"},
                  {IMPORT_SNAPSHOT, 16 * TIB - 1, "an import takes disks below 16 TiB"},
                  {EBS_DIRECT, 64 * TIB, "a volume has 64 TiB at most"}};
    const json_t *disk;
    size_t i;

    json_array_foreach (ev->disks, i, disk) {
        uint64_t bytes = ev_number(disk, "container.virtual_bytes");

        for (size_t k = 0; k < SW_ARRAY_LEN(limits); k++)
            if (bytes > limits[k].limit)
                found(ruling, limits[k].lane, ev_disk_name(disk), "a disk of %llu bytes; %s",
                      (unsigned long long)bytes, limits[k].text);
    }
}

static void count(const struct ev *ev, struct ruling *ruling)
{
    size_t n = json_array_size(ev->disks);

    if (n > MAX_DISKS)
        found(ruling, IMPORT_IMAGE, "the machine", "%zu disks; ImportImage takes %d", n, MAX_DISKS);
}

static const char *const not_readable = "the disk cannot be read";

/* A rule about the table of each disk that was looked at. */
static const json_t *table_of(const json_t *disk, struct ruling *ruling)
{
    const json_t *table = ev_get(disk, "table");

    if (!json_is_object(table)) {
        unknown(ruling, not_readable);
        return NULL;
    }
    return table;
}

/* Further disks may well have a file system and no table: only the first has to boot. */
static void partitions(const struct ev *ev, struct ruling *ruling)
{
    const json_t *first = json_array_get(ev->disks, 0), *table = table_of(first, ruling);
    const char *holds = ev_text(first, "content");

    if (table == NULL || json_array_size(ev_get(first, "partitions")) > 0)
        return;
    found(ruling, ALL_LANES, ev_disk_name(first), "%s%s%s",
          ev_is(table, "kind", "none") ? "no partition table" : "a partition table without partitions",
          holds[0] != '\0' ? ": the disk holds " : "", holds);
}

static bool is_note(const char *kind)
{
    return strcmp(kind, "stale-gpt") == 0;
}

static void partitions_sound(const struct ev *ev, struct ruling *ruling)
{
    const json_t *disk, *fault;
    size_t i, j;

    json_array_foreach (ev->disks, i, disk) {
        if (table_of(disk, ruling) == NULL)
            continue;
        json_array_foreach (ev_get(disk, "table.faults"), j, fault) {
            if (is_note(ev_text(fault, "kind")))
                found_note(ruling, ALL_LANES, ev_disk_name(disk), "%s", ev_text(fault, "what"));
            else
                found(ruling, ALL_LANES, ev_disk_name(disk), "%s", ev_text(fault, "what"));
        }
    }
}

static void sectors(const struct ev *ev, struct ruling *ruling)
{
    const json_t *disk;
    size_t i;

    json_array_foreach (ev->disks, i, disk) {
        if (table_of(disk, ruling) != NULL && ev_number(disk, "table.sector_bytes") == 4096)
            found(ruling, ALL_LANES, ev_disk_name(disk),
                  "its GPT is of sectors of 4096 bytes; EBS has sectors of 512");
    }
}

static void encrypted(const struct ev *ev, struct ruling *ruling)
{
    static const char *const kinds[] = {"LUKS", "BitLocker"};
    const json_t *disk, *part;
    char where[300];
    size_t i, j;

    for (size_t k = 0; k < SW_ARRAY_LEN(kinds); k++) {
        json_array_foreach (ev->disks, i, disk) {
            if (ev_is(disk, "content", kinds[k]))
                found(ruling, ALL_LANES, ev_disk_name(disk), "%s", kinds[k]);
            json_array_foreach (ev_get(disk, "partitions"), j, part) {
                if (ev_is(part, "content", kinds[k]))
                    found(ruling, ALL_LANES, ev_part_name(disk, part, where, sizeof(where)), "%s", kinds[k]);
            }
        }
    }
    if (ev_true(ev->guest, "encrypted"))
        found(ruling, ALL_LANES, "the guest", "/etc/crypttab names volumes that are opened on boot");
    else if (ev->guest == NULL && !ev_all_plain(ev))
        unknown(ruling, NEEDS_LAUNCH);
}

const struct rule rules_disk[] = {
    {"disk.format", format},
    {"disk.format.vmdk", format_vmdk},
    {"disk.format.vhd", format_vhd},
    {"disk.format.vhdx", format_vhdx},
    {"disk.format.ova", format_ova},
    {"disk.format.ova.chunked", format_ova_chunked},
    {"disk.parent", parent},
    {"disk.intact", intact},
    {"disk.size", size},
    {"disk.count", count},
    {"disk.partitions", partitions},
    {"disk.partitions.sound", partitions_sound},
    {"disk.sectors", sectors},
    {"disk.encrypted", encrypted},
    {.id = NULL},
};
