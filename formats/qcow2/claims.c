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

/* Places beyond the file are not counted: who reads them hears of that. */
static uint64_t plain_claim(const struct qcow2_map *map, uint64_t entry)
{
    uint64_t host = entry & QCOW2_HOST_MASK, cluster = UINT64_C(1) << map->cluster_bits;

    return host != 0 && host < map->in->size_bytes && map->in->size_bytes - host >= cluster ? cluster : 0;
}

/*
 * Compressed clusters may share the sectors at their ends: what one takes for certain is what no codec can do without (zstd needs
 * 4 bytes for 128 KiB), and that of each boundary between two sectors only one cluster lies across. Each of the two sums is a
 * bound by itself; a sum of the greater of both for each cluster would count sectors twice.
 */
static void claim_table(struct qcow2_map *map, const uint64_t *table)
{
    size_t words = (size_t)1 << (map->cluster_bits - 3), step = qcow2_entry_words(map);
    uint64_t least = (UINT64_C(1) << map->cluster_bits >> 15) + 8;
    unsigned bits = qcow2_coded_bits(map->cluster_bits);

    for (size_t i = 0; i < words; i += step) {
        bool coded = (table[i] & QCOW2_COMPRESSED) != 0;
        uint64_t plain = coded ? 0 : plain_claim(map, table[i]);
        uint64_t sectors = coded ? (table[i] & ~(QCOW2_COMPRESSED | QCOW2_COPIED)) >> bits : 0;

        map->claims.bytes += coded ? least : plain;
        map->claims.sector_bytes += coded ? sectors * SW_SECTOR_BYTES : plain;
    }
}

int qcow2_claims_add(struct qcow2_map *map, uint64_t l1_index, const uint64_t *table, struct sw_err *err)
{
    SW_AUTO_UNLOCK pthread_mutex_t *lock = &map->claims.lock;
    uint8_t *counted = &map->claims.counted[l1_index / 8], bit = (uint8_t)(1u << l1_index % 8);

    pthread_mutex_lock(lock);
    if ((*counted & bit) == 0) {
        *counted |= bit;
        claim_table(map, table);
    }
    if (map->salvage || sw_max_u64(map->claims.bytes, map->claims.sector_bytes) <= map->in->size_bytes)
        return 0;
    return sw_fail(
        err, SW_INTEGRITY,
        "'%s': the clusters up to L2 table %llu cannot lie in a file of %llu bytes: some share a place",
        map->in->name, (unsigned long long)l1_index, (unsigned long long)map->in->size_bytes);
}
