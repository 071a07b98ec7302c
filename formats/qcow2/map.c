/* From guest clusters to host clusters: the L1 table, a small cache of L2 tables, every entry checked. */
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

static int bad_entry(const struct qcow2_map *map, const char *level, uint64_t index, uint64_t entry,
                     const char *why, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "'%s': qcow2 %s entry %llu is 0x%016llx: %s", map->in->name, level,
                   (unsigned long long)index, (unsigned long long)entry, why);
}

static int check_l1_entry(const struct qcow2_map *map, uint64_t index, struct sw_err *err)
{
    uint64_t entry = map->l1[index], host = entry & QCOW2_HOST_MASK;

    if ((entry & ~(QCOW2_HOST_MASK | QCOW2_COPIED)) != 0)
        return bad_entry(map, "L1", index, entry, "reserved bits are set", err);
    if (host % cluster_bytes(map) != 0)
        return bad_entry(map, "L1", index, entry, "the L2 table does not begin at a cluster", err);
    if (host != 0 && (host > map->in->size_bytes || map->in->size_bytes - host < cluster_bytes(map)))
        return bad_entry(map, "L1", index, entry, "the L2 table lies beyond the end of the file", err);
    return 0;
}

/* Entries that share a table would make a small file a giant disk. */
static int check_room(const struct qcow2_map *map, struct sw_err *err)
{
    uint64_t tables = 0;

    for (uint64_t i = 0; i < map->l1_size; i++)
        tables += (map->l1[i] & QCOW2_HOST_MASK) != 0;
    if (tables <= map->in->size_bytes / cluster_bytes(map))
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
    *map = (struct qcow2_map){
        .in = in,
        .version = header->version,
        .cluster_bits = header->cluster_bits,
        .l2_bits = header->cluster_bits - 3,
        .size_bytes = header->size_bytes,
        .l1_size = sw_div_up(header->size_bytes, UINT64_C(1) << (2 * header->cluster_bits - 3)),
        .nr_slots = QCOW2_CACHE_SLOTS,
    };
    while (map->nr_slots > CACHE_SLOTS_MIN && map->nr_slots * cluster_bytes(map) > CACHE_BYTES)
        map->nr_slots /= 2;
    for (unsigned i = 0; i < map->nr_slots; i++)
        pthread_mutex_init(&map->slots[i].lock, NULL);
    return read_l1(map, header->l1_off, err);
}

void qcow2_map_close(struct qcow2_map *map)
{
    for (unsigned i = 0; i < map->nr_slots; i++) {
        pthread_mutex_destroy(&map->slots[i].lock);
        free(map->slots[i].table);
    }
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
    slot->l1_index = l1_index;
    slot->valid = true;
    return 0;
}

static int copy_entries(struct qcow2_map *map, uint64_t index, unsigned nr, uint64_t *entries,
                        struct sw_err *err)
{
    uint64_t l1_index = index >> map->l2_bits;
    size_t at = (size_t)(index & ((UINT64_C(1) << map->l2_bits) - 1));
    struct qcow2_slot *slot = &map->slots[l1_index % map->nr_slots];
    SW_AUTO_UNLOCK pthread_mutex_t *lock = &slot->lock;

    pthread_mutex_lock(lock);
    if (slot_load(map, slot, l1_index, err) < 0)
        return -1;
    memcpy(entries, slot->table + at, nr * sizeof(*entries));
    return 0;
}

static int place_coded(const struct qcow2_map *map, uint64_t index, uint64_t entry, struct qcow2_place *place,
                       struct sw_err *err)
{
    unsigned bits = qcow2_coded_bits(map->cluster_bits);
    uint64_t host = entry & ((UINT64_C(1) << bits) - 1);
    uint64_t sectors = ((entry & ~QCOW2_COMPRESSED) >> bits) + 1;
    uint64_t len = sectors * SW_SECTOR_BYTES - host % SW_SECTOR_BYTES;

    if ((entry & QCOW2_COPIED) != 0)
        return bad_entry(map, "L2", index, entry, "a compressed cluster cannot be marked as copied", err);
    /* The last sector of the last compressed cluster may be cut short. */
    if (host >= map->in->size_bytes ||
        len - sw_min_u64(len, SW_SECTOR_BYTES - 1) > map->in->size_bytes - host)
        return bad_entry(map, "L2", index, entry, "the compressed cluster lies beyond the end of the file",
                         err);
    place->kind = QCOW2_IS_CODED;
    place->host = host;
    place->coded_len = (uint32_t)sw_min_u64(len, map->in->size_bytes - host);
    return 0;
}

static int place_plain(const struct qcow2_map *map, uint64_t index, uint64_t entry, struct qcow2_place *place,
                       struct sw_err *err)
{
    uint64_t host = entry & QCOW2_HOST_MASK;
    uint64_t begin = index << map->cluster_bits;
    uint64_t need = sw_min_u64(cluster_bytes(map), map->size_bytes - begin);
    bool zero = (entry & QCOW2_ZERO) != 0;

    if ((entry & ~(QCOW2_HOST_MASK | QCOW2_COPIED | QCOW2_ZERO)) != 0)
        return bad_entry(map, "L2", index, entry, "reserved bits are set", err);
    if (zero && map->version < 3)
        return bad_entry(map, "L2", index, entry, "version 2 has no zero clusters", err);
    if (host % cluster_bytes(map) != 0)
        return bad_entry(map, "L2", index, entry, "the data does not begin at a cluster", err);
    if (host == 0 && (entry & QCOW2_COPIED) != 0)
        return bad_entry(map, "L2", index, entry, "the data would begin at the header", err);
    place->kind = zero ? QCOW2_IS_ZERO : host != 0 ? QCOW2_IS_PLAIN : QCOW2_IS_HOLE;
    place->host = host;
    if (place->kind == QCOW2_IS_PLAIN && (host > map->in->size_bytes || map->in->size_bytes - host < need))
        return bad_entry(map, "L2", index, entry, "the data lies beyond the end of the file", err);
    return 0;
}

uint64_t qcow2_map_unmapped(const struct qcow2_map *map, uint64_t index)
{
    uint64_t first = index >> map->l2_bits, at = first;

    while (at < map->l1_size && (map->l1[at] & QCOW2_HOST_MASK) == 0)
        at++;
    return at == first ? 0 : (at << map->l2_bits) - index;
}

int qcow2_map_get(struct qcow2_map *map, uint64_t index, unsigned max, struct qcow2_place *places,
                  unsigned *nr, struct sw_err *err)
{
    enum { BATCH = 64 };
    uint64_t entries[BATCH];
    uint64_t left = (UINT64_C(1) << map->l2_bits) - (index & ((UINT64_C(1) << map->l2_bits) - 1));
    uint64_t disk = sw_div_up(map->size_bytes, cluster_bytes(map));

    *nr = (unsigned)sw_min_u64(sw_min_u64(max, BATCH), sw_min_u64(left, disk - index));
    memset(places, 0, *nr * sizeof(*places));
    if ((map->l1[index >> map->l2_bits] & QCOW2_HOST_MASK) == 0)
        return 0;
    if (copy_entries(map, index, *nr, entries, err) < 0)
        return -1;
    for (unsigned i = 0; i < *nr; i++) {
        int rc = (entries[i] & QCOW2_COMPRESSED) != 0
                     ? place_coded(map, index + i, entries[i], &places[i], err)
                     : place_plain(map, index + i, entries[i], &places[i], err);

        if (rc == 0)
            continue;
        /* What is before the damage can still be had; whoever asks for the cluster itself hears of it. */
        *nr = i;
        return i > 0 ? 0 : -1;
    }
    return 0;
}
