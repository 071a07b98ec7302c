/* The GPT: two copies, each with a checksum over its header and one over its entries. */
#include "src/disk/partition.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/disk/utf16.h"

#include <stdio.h>
#include <string.h>

enum {
    HEADER_BYTES = 92, /* and up to a sector */
    ENTRY_BYTES = 128, /* or a power of two times that */
    ENTRIES_BYTES_MAX = 1 << 20,
    SECTOR_LARGE = 4096,
    LEGACY_BOOTABLE = 4,
};

struct header {
    uint64_t own, other, first, last, entries_at;
    uint32_t nr_entries, entry_bytes, entries_crc;
};

static const struct {
    const char *guid;
    enum part_role role;
    const char *architecture;
} types[] = {
    {"c12a7328-f81f-11d2-ba4b-00a0c93ec93b", PART_ESP, NULL},
    {"21686148-6449-6e6f-744e-656564454649", PART_BIOS_BOOT, NULL},
    {"5808c8aa-7e8f-42e0-85d2-e1e90434cfb3", PART_LDM, NULL},
    {"af9b60a0-1431-4f62-bc68-3311714a69ad", PART_LDM, NULL},
    {"e3c9e316-0b5c-4db8-817d-f92df00215ae", PART_RESERVED, NULL},
    {"4f68bce3-e8cd-4db1-96e7-fbcaf984b709", PART_DATA, "x86_64"},
    {"b921b045-1df0-41c3-af44-4c6f280d3fae", PART_DATA, "arm64"},
    {"44479540-f297-41b2-9af7-d131d5f0458a", PART_DATA, "i386"},
    {"69dad710-2ce4-4e3c-b16c-21a1d49abed3", PART_DATA, "arm"},
};

static uint32_t crc32_of(const uint8_t *bytes, size_t len)
{
    static const uint32_t nibble[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        crc = nibble[crc & 15] ^ (crc >> 4);
        crc = nibble[crc & 15] ^ (crc >> 4);
    }
    return ~crc;
}

static void guid_text(const uint8_t *raw, char out[PART_GUID])
{
    snprintf(out, PART_GUID, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", le32_get(raw),
             le16_get(raw + 4), le16_get(raw + 6), raw[8], raw[9], raw[10], raw[11], raw[12], raw[13],
             raw[14], raw[15]);
}

static void name_text(const uint8_t *raw, size_t units, char *out)
{
    for (size_t i = 0; i < units && le16_get(raw + 2 * i) != 0; i++)
        out = utf16_put(out, le16_get(raw + 2 * i));
    *out = '\0';
}

static int refuse(struct part_gpt *copy, const char *why)
{
    snprintf(copy->why, sizeof(copy->why), "%s", why);
    return 1;
}

/* 0, or 1 with copy->why. raw: the header's sector. */
static int check_header(const uint8_t *raw, unsigned sector, uint64_t lba, struct header *h,
                        struct part_gpt *copy)
{
    uint8_t blank[SECTOR_LARGE];
    uint32_t bytes = le32_get(raw + 12), crc = le32_get(raw + 16);
    uint64_t entries_bytes;

    if (bytes < HEADER_BYTES || bytes > sector)
        return refuse(copy, "its header's size is out of range");
    memcpy(blank, raw, bytes);
    memset(blank + 16, 0, 4);
    if (crc32_of(blank, bytes) != crc)
        return refuse(copy, "its header's checksum is wrong");
    *h = (struct header){.own = le64_get(raw + 24),
                         .other = le64_get(raw + 32),
                         .first = le64_get(raw + 40),
                         .last = le64_get(raw + 48),
                         .entries_at = le64_get(raw + 72),
                         .nr_entries = le32_get(raw + 80),
                         .entry_bytes = le32_get(raw + 84),
                         .entries_crc = le32_get(raw + 88)};
    if (h->own != lba)
        return refuse(copy, "its header says that it lies elsewhere");
    if (h->entry_bytes < ENTRY_BYTES || !sw_is_pow2(h->entry_bytes) || h->nr_entries == 0 ||
        sw_mul_ovf((uint64_t)h->nr_entries, (uint64_t)h->entry_bytes, &entries_bytes) ||
        entries_bytes > ENTRIES_BYTES_MAX)
        return refuse(copy, "its number or size of entries is out of range");
    return 0;
}

/* The entries, or NULL: with err when memory is out or the disk cannot be read, else with copy->why. */
static uint8_t *load_entries(const struct span *disk, unsigned sector, const struct header *h,
                             struct part_gpt *copy, struct sw_err *err)
{
    size_t len = (size_t)h->nr_entries * h->entry_bytes;
    SW_AUTO_FREE uint8_t *entries = NULL;
    uint64_t at;

    if (sw_mul_ovf(h->entries_at, (uint64_t)sector, &at) || at > disk->len || disk->len - at < len) {
        refuse(copy, "its entries lie past the disk's end");
        return NULL;
    }
    entries = sw_calloc(1, len, err);
    if (entries == NULL || span_read(disk, entries, len, at, err) < 0)
        return NULL;
    if (crc32_of(entries, len) != h->entries_crc) {
        refuse(copy, "the checksum of its entries is wrong");
        return NULL;
    }
    return SW_STEAL_PTR(entries);
}

static void fill(unsigned sector, const uint8_t *entry, struct part *part)
{
    uint64_t first = le64_get(entry + 32), last = le64_get(entry + 40);

    if (sw_mul_ovf(first, (uint64_t)sector, &part->start_bytes))
        part->start_bytes = UINT64_MAX;
    if (last < first || sw_mul_ovf(last - first + 1, (uint64_t)sector, &part->size_bytes))
        part->size_bytes = last < first ? 0 : UINT64_MAX;
    guid_text(entry, part->guid);
    guid_text(entry + 16, part->uuid);
    name_text(entry + 56, 36, part->name);
    part->active = (le64_get(entry + 48) & LEGACY_BOOTABLE) != 0;
    for (size_t i = 0; i < SW_ARRAY_LEN(types); i++) {
        if (strcmp(part->guid, types[i].guid) == 0) {
            part->role = types[i].role;
            part->architecture = types[i].architecture;
        }
    }
}

static void take_entries(const struct header *h, unsigned sector, const uint8_t *entries,
                         struct part_table *table)
{
    static const uint8_t unused[16];

    for (uint32_t i = 0; i < h->nr_entries; i++) {
        const uint8_t *entry = entries + (size_t)i * h->entry_bytes;
        uint64_t first = le64_get(entry + 32), last = le64_get(entry + 40);
        struct part *part;

        if (memcmp(entry, unused, sizeof(unused)) == 0)
            continue;
        part = part_add(table, i + 1);
        if (part == NULL)
            return;
        fill(sector, entry, part);
        if (last < first)
            part_fault_add(table, "empty", i + 1, "partition %u ends before it begins", i + 1);
        else if (first < h->first || last > h->last)
            part_fault_add(table, "outside-usable", i + 1,
                           "partition %u lies outside of what the GPT has for partitions", i + 1);
    }
}

/* A copy that is sound: its header and entries (to be freed). */
struct loaded {
    struct header header;
    uint8_t *entries; /* NULL: it is not */
};

static void loaded_free(struct loaded *loaded)
{
    free(loaded->entries);
}

/* Looks at one copy; fills loaded when it is there and sound. -1 and err only when it cannot be read or memory is out. */
static int read_copy(const struct span *disk, unsigned sector, uint64_t lba, struct part_gpt *copy,
                     struct loaded *loaded, struct sw_err *err)
{
    uint8_t raw[SECTOR_LARGE];
    struct sw_err cause = {.code = SW_OK};
    uint64_t at;

    *copy = (struct part_gpt){.there = false};
    if (sw_mul_ovf(lba, (uint64_t)sector, &at) || at > disk->len || disk->len - at < sector)
        return 0;
    if (span_read(disk, raw, sector, at, err) < 0)
        return -1;
    if (memcmp(raw, "EFI PART", 8) != 0)
        return 0;
    copy->there = true;
    if (check_header(raw, sector, lba, &loaded->header, copy) > 0)
        return 0;
    loaded->entries = load_entries(disk, sector, &loaded->header, copy, &cause);
    if (loaded->entries == NULL && cause.code != SW_OK) {
        *err = cause;
        return -1;
    }
    copy->sound = loaded->entries != NULL;
    return 0;
}

static void judge_copies(struct part_table *table, bool moved)
{
    if (!table->primary.sound)
        part_fault_add(table, "header", 0, "the GPT's first copy is %s%s%s",
                       table->primary.there ? "damaged" : "missing", table->primary.there ? ": " : "",
                       table->primary.why);
    if (!table->backup.sound)
        part_fault_add(table, "backup", 0, "the GPT's second copy is %s%s%s",
                       table->backup.there ? "damaged" : "missing", table->backup.there ? ": " : "",
                       table->backup.why);
    else if (moved)
        part_fault_add(table, "backup", 0, "the GPT's second copy does not lie at the disk's end");
}

/* The sector size decides where both copies are. */
static int read_at(const struct span *disk, unsigned sector, struct part_table *table, struct sw_err *err)
{
    SW_CLEANUP(loaded_free) struct loaded first = {.entries = NULL};
    SW_CLEANUP(loaded_free) struct loaded second = {.entries = NULL};
    uint64_t last = disk->len / sector - (disk->len >= sector);
    uint64_t other = last;

    if (read_copy(disk, sector, 1, &table->primary, &first, err) < 0)
        return -1;
    if (first.entries != NULL)
        other = first.header.other;
    if (read_copy(disk, sector, other, &table->backup, &second, err) < 0)
        return -1;
    if (!table->primary.there && !table->backup.sound)
        return 0;
    table->kind = PART_TABLE_GPT;
    table->sector_bytes = sector;
    judge_copies(table, other != last);
    if (first.entries != NULL)
        take_entries(&first.header, sector, first.entries, table);
    else if (second.entries != NULL)
        take_entries(&second.header, sector, second.entries, table);
    return 0;
}

int part_read_gpt(const struct span *disk, struct part_table *table, struct sw_err *err)
{
    if (read_at(disk, SW_SECTOR_BYTES, table, err) < 0)
        return -1;
    if (table->kind != PART_TABLE_NONE)
        return 0;
    return read_at(disk, SECTOR_LARGE, table, err);
}
