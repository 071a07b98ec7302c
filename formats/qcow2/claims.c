/* How much of the file the L2 tables claim: no two of the disk's clusters have the same place. */
#include "formats/qcow2/qcow2.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"

int qcow2_claims_open(struct qcow2_map *map, struct sw_err *err)
{
    pthread_mutex_init(&map->claims.lock, NULL);
    map->claims.counted = sw_calloc((size_t)sw_div_up(map->l1_size, 8) + 1, 1, err);
    return map->claims.counted != NULL ? 0 : -1;
}

void qcow2_claims_close(struct qcow2_map *map)
{
    pthread_mutex_destroy(&map->claims.lock);
    free(map->claims.counted);
}

/*
 * Compressed clusters may share the sectors at their ends, so that each counts for what it has beyond those, and at least
 * for what no codec can do without: zstd needs 4 bytes for 128 KiB.
 */
static uint64_t coded_claim(const struct qcow2_map *map, uint64_t entry)
{
    unsigned bits = qcow2_coded_bits(map->cluster_bits);
    uint64_t sectors = (entry & ~(QCOW2_COMPRESSED | QCOW2_COPIED)) >> bits;
    uint64_t least = (UINT64_C(1) << map->cluster_bits >> 15) + 8;

    return sw_max_u64(least, sectors * SW_SECTOR_BYTES);
}

/* Places beyond the file are not counted: who reads them hears of that. */
static uint64_t entry_claim(const struct qcow2_map *map, uint64_t entry)
{
    uint64_t host = entry & QCOW2_HOST_MASK, cluster = UINT64_C(1) << map->cluster_bits;

    if ((entry & QCOW2_COMPRESSED) != 0)
        return coded_claim(map, entry);
    return host != 0 && host < map->in->size_bytes && map->in->size_bytes - host >= cluster ? cluster : 0;
}

static uint64_t table_claim(const struct qcow2_map *map, const uint64_t *table)
{
    size_t words = (size_t)1 << (map->cluster_bits - 3), step = qcow2_entry_words(map);
    uint64_t sum = 0;

    for (size_t i = 0; i < words; i += step)
        sum += entry_claim(map, table[i]);
    return sum;
}

int qcow2_claims_add(struct qcow2_map *map, uint64_t l1_index, const uint64_t *table, struct sw_err *err)
{
    SW_AUTO_UNLOCK pthread_mutex_t *lock = &map->claims.lock;
    uint8_t *counted = &map->claims.counted[l1_index / 8], bit = (uint8_t)(1u << l1_index % 8);

    pthread_mutex_lock(lock);
    if ((*counted & bit) == 0) {
        *counted |= bit;
        map->claims.bytes += table_claim(map, table);
    }
    if (map->salvage || map->claims.bytes <= map->in->size_bytes)
        return 0;
    return sw_fail(
        err, SW_INTEGRITY,
        "'%s': the clusters up to L2 table %llu cannot lie in a file of %llu bytes: some share a place",
        map->in->name, (unsigned long long)l1_index, (unsigned long long)map->in->size_bytes);
}
