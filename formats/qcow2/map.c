/* From guest to host: the L1 table, checked at once, and a small cache of L2 tables. */
#include "formats/qcow2/qcow2.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"

#include <string.h>

/* All cached L2 tables together stay below this. */
enum { CACHE_BYTES = 16 << 20, CACHE_SLOTS_MIN = 4 };

static uint64_t cluster_bytes(const struct qcow2_map *map)
{
    return UINT64_C(1) << map->cluster_bits;
}

static void table_to_host(uint64_t *table, size_t n)
{
    for (size_t i = 0; i < n; i++)
        table[i] = be64_get(&table[i]);
}

static int check_l1_entry(struct qcow2_map *map, uint64_t index, struct sw_err *err)
{
    uint64_t entry = map->l1[index], host = entry & QCOW2_HOST_MASK;

    if ((entry & ~(QCOW2_HOST_MASK | QCOW2_COPIED)) != 0)
        return qcow2_bad_entry(map, "L1", index, entry, "reserved bits are set", err);
    if (host % cluster_bytes(map) != 0)
        return qcow2_bad_entry(map, "L1", index, entry, "the L2 table does not begin at a cluster", err);
    if (host != 0 &&
        !sw_entry_opens(map->salvage, host + cluster_bytes(map), map->in->size_bytes, &map->nr_cut))
        return qcow2_bad_entry(map, "L1", index, entry, "the L2 table lies beyond the end of the file", err);
    return 0;
}

/* Entries that share a table would make a small file a giant disk. */
static int check_room(const struct qcow2_map *map, struct sw_err *err)
{
    uint64_t tables = 0;

    for (uint64_t i = 0; i < map->l1_size; i++)
        tables += (map->l1[i] & QCOW2_HOST_MASK) != 0;
    if (tables - map->nr_cut <= map->in->size_bytes / cluster_bytes(map))
        return 0;
    return sw_fail(err, SW_INTEGRITY,
                   "'%s': %llu L2 tables cannot lie in a file of %llu bytes: some share a place",
                   map->in->name, (unsigned long long)tables, (unsigned long long)map->in->size_bytes);
}

static int read_l1(struct qcow2_map *map, uint64_t off, struct sw_err *err)
{
    map->l1 = sw_calloc((size_t)map->l1_size, sizeof(*map->l1), err);
    if (map->l1 == NULL)
        return -1;
    if (map->l1_size == 0)
        return 0;
    if (sw_in_read(map->in, map->l1, (size_t)map->l1_size * 8, off, err) < 0)
        return -1;
    table_to_host(map->l1, (size_t)map->l1_size);
    for (uint64_t i = 0; i < map->l1_size; i++)
        if (check_l1_entry(map, i, err) < 0)
            return -1;
    return check_room(map, err);
}

int qcow2_map_open(struct qcow2_map *map, struct sw_in *in, const struct qcow2_header *header,
                   struct sw_err *err)
{
    unsigned l2_bits = qcow2_l2_bits(header->cluster_bits, header->extended);
    unsigned sub_bits = header->extended ? QCOW2_SUBCLUSTER_BITS : 0;

    *map = (struct qcow2_map){
        .in = in,
        .version = header->version,
        .cluster_bits = header->cluster_bits,
        .sub_bits = sub_bits,
        .unit_bits = header->cluster_bits - sub_bits,
        .table_bits = l2_bits + sub_bits,
        .size_bytes = header->size_bytes,
        .salvage = header->salvage,
        .l1_size = sw_div_up(header->size_bytes, UINT64_C(1) << (header->cluster_bits + l2_bits)),
        .nr_slots = QCOW2_CACHE_SLOTS,
    };
    while (map->nr_slots > CACHE_SLOTS_MIN && map->nr_slots * cluster_bytes(map) > CACHE_BYTES)
        map->nr_slots /= 2;
    for (unsigned i = 0; i < map->nr_slots; i++)
        pthread_mutex_init(&map->slots[i].lock, NULL);
    if (qcow2_claims_open(map, err) < 0)
        return -1;
    return read_l1(map, header->l1_off, err);
}

void qcow2_map_close(struct qcow2_map *map)
{
    for (unsigned i = 0; i < map->nr_slots; i++) {
        pthread_mutex_destroy(&map->slots[i].lock);
        free(map->slots[i].table);
    }
    qcow2_claims_close(map);
    free(map->l1);
}

/* Reads the table of l1_index into the slot, whose lock is held. */
static int slot_load(struct qcow2_map *map, struct qcow2_slot *slot, uint64_t l1_index, struct sw_err *err)
{
    size_t bytes = (size_t)cluster_bytes(map);

    if (slot->valid && slot->l1_index == l1_index)
        return 0;
    slot->valid = false;
    if (slot->table == NULL)
        slot->table = sw_calloc(1, bytes, err);
    if (slot->table == NULL ||
        sw_in_read(map->in, slot->table, bytes, map->l1[l1_index] & QCOW2_HOST_MASK, err) < 0)
        return -1;
    table_to_host(slot->table, bytes / 8);
    if (qcow2_claims_add(map, l1_index, slot->table, err) < 0)
        return -1;
    slot->l1_index = l1_index;
    slot->valid = true;
    return 0;
}

size_t qcow2_entry_words(const struct qcow2_map *map)
{
    return map->sub_bits > 0 ? 2 : 1;
}

/* The place of the unit's entry in its L2 table, in words. */
static size_t word_of(const struct qcow2_map *map, uint64_t index)
{
    uint64_t unit = index & ((UINT64_C(1) << map->table_bits) - 1);

    return (size_t)(unit >> map->sub_bits) * qcow2_entry_words(map);
}

/* The slot that holds the table of the unit, filled and locked; NULL on error. */
static struct qcow2_slot *slot_lock(struct qcow2_map *map, uint64_t index, struct sw_err *err)
{
    uint64_t l1_index = index >> map->table_bits;
    struct qcow2_slot *slot = &map->slots[l1_index % map->nr_slots];

    pthread_mutex_lock(&slot->lock);
    if (slot_load(map, slot, l1_index, err) == 0)
        return slot;
    pthread_mutex_unlock(&slot->lock);
    return NULL;
}

/* The entries of units index … last, which one table has. */
static int copy_entries(struct qcow2_map *map, uint64_t index, uint64_t last, uint64_t *words,
                        struct sw_err *err)
{
    size_t from = word_of(map, index), to = word_of(map, last) + qcow2_entry_words(map);
    struct qcow2_slot *slot = slot_lock(map, index, err);

    if (slot == NULL)
        return -1;
    memcpy(words, slot->table + from, (to - from) * sizeof(*words));
    pthread_mutex_unlock(&slot->lock);
    return 0;
}

uint64_t qcow2_map_unmapped(const struct qcow2_map *map, uint64_t index)
{
    uint64_t first = index >> map->table_bits, at = first;

    while (at < map->l1_size && (map->l1[at] & QCOW2_HOST_MASK) == 0)
        at++;
    return at == first ? 0 : (at << map->table_bits) - index;
}

int qcow2_map_empty(struct qcow2_map *map, uint64_t index, uint64_t *nr, struct sw_err *err)
{
    size_t from = word_of(map, index), words = (size_t)(cluster_bytes(map) / 8), at = from;
    struct qcow2_slot *slot = slot_lock(map, index, err);

    if (slot == NULL)
        return -1;
    while (at < words && slot->table[at] == 0)
        at++;
    pthread_mutex_unlock(&slot->lock);
    /* An entry of which only the first word is empty is not. */
    at -= at % qcow2_entry_words(map);
    *nr = at == from ? 0
                     : (((at - from) / qcow2_entry_words(map)) << map->sub_bits) -
                           (index & ((1U << map->sub_bits) - 1));
    return 0;
}

int qcow2_map_get(struct qcow2_map *map, uint64_t index, unsigned max, struct qcow2_place *places,
                  unsigned *nr, struct sw_err *err)
{
    enum { BATCH = 64 };
    uint64_t words[BATCH];
    uint64_t left = (UINT64_C(1) << map->table_bits) - (index & ((UINT64_C(1) << map->table_bits) - 1));
    uint64_t disk = sw_div_up(map->size_bytes, UINT64_C(1) << map->unit_bits);
    size_t first = word_of(map, index);

    *nr = (unsigned)sw_min_u64(sw_min_u64(max, BATCH), sw_min_u64(left, disk - index));
    memset(places, 0, *nr * sizeof(*places));
    if ((map->l1[index >> map->table_bits] & QCOW2_HOST_MASK) == 0)
        return 0;
    if (copy_entries(map, index, index + *nr - 1, words, err) < 0)
        return -1;
    for (unsigned i = 0; i < *nr; i++) {
        const uint64_t *entry = &words[word_of(map, index + i) - first];

        if (qcow2_entry_place(map, index + i, entry, &places[i], err) == 0)
            continue;
        /* What is before the damage can still be had; whoever asks for the unit itself hears of it. */
        *nr = i;
        return i > 0 ? 0 : -1;
    }
    return 0;
}
