/* The MBR, and the chain of logical partitions in its extended one. */
#include "src/disk/partition.h"

#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <stdio.h>
#include <string.h>

enum {
    ENTRIES_AT = 446,
    ENTRY_BYTES = 16,
    ENTRIES = 4,
    FIRST_LOGICAL = 5,
    TYPE_PROTECTIVE = 0xee,
    TYPE_ESP = 0xef,
    TYPE_LDM = 0x42,
};

struct entry {
    uint8_t status, type;
    uint64_t start, sectors;
};

static struct entry entry_at(const uint8_t *sector, unsigned i)
{
    const uint8_t *raw = sector + ENTRIES_AT + i * ENTRY_BYTES;

    return (struct entry){
        .status = raw[0], .type = raw[4], .start = le32_get(raw + 8), .sectors = le32_get(raw + 12)};
}

static bool is_extended(uint8_t type)
{
    return type == 0x05 || type == 0x0f || type == 0x85;
}

/* The jump and the fields that a FAT or NTFS has where boot code would be. */
static bool is_volume(const uint8_t *first)
{
    bool jump = (first[0] == 0xeb && first[2] == 0x90) || first[0] == 0xe9;
    uint16_t sector = le16_get(first + 11);

    return jump && sw_is_pow2(sector) && sector >= 512 && sector <= 4096 && sw_is_pow2(first[13]) &&
           (first[21] >= 0xf0 || memcmp(first + 3, "NTFS", 4) == 0 || memcmp(first + 3, "EXFAT", 5) == 0);
}

bool part_is_mbr(const uint8_t *first)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        if ((first[ENTRIES_AT + i * ENTRY_BYTES] & 0x7f) != 0)
            return false;
    return !is_volume(first);
}

bool part_mbr_has(const uint8_t *first, uint8_t type)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        if (entry_at(first, i).type == type)
            return true;
    return false;
}

static void add(struct part_table *table, const struct entry *entry, uint64_t base, unsigned number)
{
    struct part *part = part_add(table, number);

    if (part == NULL)
        return;
    part->start_bytes = (base + entry->start) * SW_SECTOR_BYTES;
    part->size_bytes = entry->sectors * SW_SECTOR_BYTES;
    part->mbr_type = entry->type;
    part->active = entry->status == 0x80;
    part->role = entry->type == TYPE_ESP ? PART_ESP : entry->type == TYPE_LDM ? PART_LDM : PART_DATA;
}

static bool seen_before(const uint64_t *seen, unsigned n, uint64_t at)
{
    for (unsigned i = 0; i < n; i++)
        if (seen[i] == at)
            return true;
    return false;
}

/* Each link has one logical partition, relative to itself, and the next link, relative to the first. */
static int read_logical(const struct span *disk, const struct entry *extended, struct part_table *table,
                        struct sw_err *err)
{
    uint64_t seen[PART_LOGICAL], at = extended->start;
    uint8_t sector[SW_SECTOR_BYTES];
    struct entry own, next;

    for (unsigned n = 0; at != 0; n++) {
        uint64_t off = at * SW_SECTOR_BYTES;

        if (n == PART_LOGICAL || seen_before(seen, n, at)) {
            part_fault_add(table, "loop", 0, "the chain of logical partitions does not end");
            return 0;
        }
        seen[n] = at;
        if (off > disk->len || disk->len - off < sizeof(sector)) {
            part_fault_add(table, "past-end", 0, "the chain of logical partitions leads past the disk's end");
            return 0;
        }
        if (span_read(disk, sector, sizeof(sector), off, err) < 0)
            return -1;
        if (sector[510] != 0x55 || sector[511] != 0xaa) {
            part_fault_add(table, "chain", 0, "the chain of logical partitions is broken at %llu",
                           (unsigned long long)off);
            return 0;
        }
        own = entry_at(sector, 0);
        next = entry_at(sector, 1);
        if (own.type != 0 && own.sectors != 0)
            add(table, &own, at, FIRST_LOGICAL + n);
        at = is_extended(next.type) && next.start != 0 ? extended->start + next.start : 0;
    }
    return 0;
}

int part_read_mbr(const struct span *disk, const uint8_t *first, struct part_table *table, struct sw_err *err)
{
    bool gpt = table->kind == PART_TABLE_GPT, protects = part_mbr_has(first, TYPE_PROTECTIVE);
    unsigned own = 0;

    for (unsigned i = 0; i < ENTRIES; i++) {
        struct entry entry = entry_at(first, i);

        if (entry.type == 0 || entry.sectors == 0 || entry.type == TYPE_PROTECTIVE)
            continue;
        own++;
        if (gpt)
            continue;
        if (is_extended(entry.type)) {
            if (read_logical(disk, &entry, table, err) < 0)
                return -1;
            continue;
        }
        add(table, &entry, 0, i + 1);
    }
    table->hybrid = gpt && own > 0;
    if (gpt)
        return 0;
    table->kind = PART_TABLE_MBR;
    for (size_t i = 0; i < table->nr_parts; i++)
        snprintf(table->parts[i].uuid, PART_GUID, "%08x-%02x", le32_get(first + 440), table->parts[i].number);
    if (protects)
        part_fault_add(table, "header", 0, "the MBR protects a GPT, of which neither copy is there");
    return 0;
}
