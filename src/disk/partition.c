/* Partition tables: which kind it is, and what of it contradicts itself or the disk. */
#include "src/disk/partition.h"

#include "src/base/ckd.h"
#include "src/base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BOOT_CODE_BYTES = 440, SIGNATURE_AT = 510, TYPE_PROTECTIVE = 0xee };

void part_fault_add(struct part_table *table, const char *kind, unsigned number, const char *fmt, ...)
{
    struct part_fault *fault = &table->faults[table->nr_faults];
    va_list args;

    if (table->nr_faults == PART_FAULTS)
        return;
    table->nr_faults++;
    fault->kind = kind;
    fault->number = number;
    va_start(args, fmt);
    vsnprintf(fault->text, sizeof(fault->text), fmt, args);
    va_end(args);
}

struct part *part_add(struct part_table *table, unsigned number)
{
    struct part *part = &table->parts[table->nr_parts];

    if (table->nr_parts == PART_MAX) {
        table->truncated = true;
        return NULL;
    }
    table->nr_parts++;
    *part = (struct part){.number = number};
    return part;
}

static bool any_set(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return true;
    return false;
}

/* Ends may overflow in a hostile table: then they lie past any disk. */
static uint64_t end_of(const struct part *part)
{
    uint64_t end;

    return sw_add_ovf(part->start_bytes, part->size_bytes, &end) ? UINT64_MAX : end;
}

static int by_start(const void *a, const void *b)
{
    const struct part *const *left = a, *const *right = b;

    if ((*left)->start_bytes != (*right)->start_bytes)
        return (*left)->start_bytes < (*right)->start_bytes ? -1 : 1;
    return (*left)->number < (*right)->number ? -1 : 1;
}

static void check_overlaps(struct part_table *table)
{
    const struct part *sorted[PART_MAX];
    const struct part *furthest;

    if (table->nr_parts == 0)
        return;
    for (size_t i = 0; i < table->nr_parts; i++)
        sorted[i] = &table->parts[i];
    qsort(sorted, table->nr_parts, sizeof(sorted[0]), by_start);
    furthest = sorted[0];
    for (size_t i = 1; i < table->nr_parts; i++) {
        if (sorted[i]->start_bytes < end_of(furthest))
            part_fault_add(table, "overlap", sorted[i]->number,
                           "partition %u begins at %llu, within partition %u", sorted[i]->number,
                           (unsigned long long)sorted[i]->start_bytes, furthest->number);
        if (end_of(sorted[i]) > end_of(furthest))
            furthest = sorted[i];
    }
}

static void check_ends(const struct span *disk, struct part_table *table)
{
    for (size_t i = 0; i < table->nr_parts; i++) {
        const struct part *part = &table->parts[i];

        if (part->start_bytes >= disk->len)
            part_fault_add(table, "past-end", part->number,
                           "partition %u begins at %llu: the disk has %llu bytes", part->number,
                           (unsigned long long)part->start_bytes, (unsigned long long)disk->len);
        else if (end_of(part) > disk->len)
            part_fault_add(table, "past-end", part->number,
                           "partition %u ends at %llu: the disk has %llu bytes", part->number,
                           (unsigned long long)end_of(part), (unsigned long long)disk->len);
    }
}

int part_read(const struct span *disk, struct part_table *table, struct sw_err *err)
{
    uint8_t first[SW_SECTOR_BYTES];
    bool mbr;

    memset(table, 0, sizeof(*table));
    table->sector_bytes = SW_SECTOR_BYTES;
    if (span_peek(disk, first, sizeof(first), 0, err) < 0)
        return -1;
    table->boot_code = any_set(first, BOOT_CODE_BYTES);
    table->signature = first[SIGNATURE_AT] == 0x55 && first[SIGNATURE_AT + 1] == 0xaa;
    mbr = table->signature && part_is_mbr(first);
    if (part_read_gpt(disk, table, err) < 0)
        return -1;
    /* A copy that is left of an earlier GPT counts for nothing where an MBR says otherwise, as in kernels and firmware. */
    if (table->kind == PART_TABLE_GPT && mbr && !part_mbr_has(first, TYPE_PROTECTIVE)) {
        table->nr_parts = table->nr_faults = 0;
        table->kind = PART_TABLE_NONE;
        part_fault_add(table, "stale-gpt", 0, "an MBR that protects none lies before a GPT: the MBR counts");
    } else if (table->kind == PART_TABLE_GPT && !mbr) {
        part_fault_add(table, "protective", 0, "the GPT has no protective MBR");
    }
    if (mbr && part_read_mbr(disk, first, table, err) < 0)
        return -1;
    check_ends(disk, table);
    check_overlaps(table);
    return 0;
}
