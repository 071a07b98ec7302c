/* L2 entries, checked: where a cluster, or a subcluster, has its bytes. */
#include "formats/qcow2/qcow2.h"
#include "src/base/ckd.h"

int qcow2_bad_entry(const struct qcow2_map *map, const char *what, uint64_t index, uint64_t entry,
                    const char *why, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "'%s': qcow2 %s entry %llu is 0x%016llx: %s", map->in->name, what,
                   (unsigned long long)index, (unsigned long long)entry, why);
}

static int place_coded(const struct qcow2_map *map, uint64_t cluster, uint64_t entry,
                       struct qcow2_place *place, struct sw_err *err)
{
    unsigned bits = qcow2_coded_bits(map->cluster_bits);
    uint64_t host = entry & ((UINT64_C(1) << bits) - 1);
    uint64_t sectors = ((entry & ~QCOW2_COMPRESSED) >> bits) + 1;
    uint64_t len = sectors * SW_SECTOR_BYTES - host % SW_SECTOR_BYTES;

    if ((entry & QCOW2_COPIED) != 0)
        return qcow2_bad_entry(map, "L2", cluster, entry, "a compressed cluster cannot be marked as copied",
                               err);
    /* The last sector of the last compressed cluster may be cut short. */
    if (host >= map->in->size_bytes ||
        len - sw_min_u64(len, SW_SECTOR_BYTES - 1) > map->in->size_bytes - host)
        return qcow2_bad_entry(map, "L2", cluster, entry,
                               "the compressed cluster lies beyond the end of the file", err);
    place->kind = QCOW2_IS_CODED;
    place->host = host;
    place->coded_len = (uint32_t)sw_min_u64(len, map->in->size_bytes - host);
    return 0;
}

/* The first word of an entry that is not compressed. allowed: its bits beside the place. */
static int check_plain(const struct qcow2_map *map, uint64_t cluster, uint64_t entry, uint64_t allowed,
                       struct sw_err *err)
{
    uint64_t host = entry & QCOW2_HOST_MASK;

    if ((entry & ~(QCOW2_HOST_MASK | allowed)) != 0)
        return qcow2_bad_entry(map, "L2", cluster, entry, "reserved bits are set", err);
    if (host % (UINT64_C(1) << map->cluster_bits) != 0)
        return qcow2_bad_entry(map, "L2", cluster, entry, "the data does not begin at a cluster", err);
    if (host == 0 && (entry & QCOW2_COPIED) != 0)
        return qcow2_bad_entry(map, "L2", cluster, entry, "the data would begin at the header", err);
    return 0;
}

/* A unit's bytes at host, as far as the disk goes. */
static int place_plain(const struct qcow2_map *map, uint64_t unit, uint64_t entry, uint64_t host,
                       struct qcow2_place *place, struct sw_err *err)
{
    uint64_t begin = unit << map->unit_bits;
    uint64_t need = sw_min_u64(UINT64_C(1) << map->unit_bits, map->size_bytes - begin);

    if (host > map->in->size_bytes || map->in->size_bytes - host < need)
        return qcow2_bad_entry(map, "L2", unit >> map->sub_bits, entry,
                               "the data lies beyond the end of the file", err);
    place->kind = QCOW2_IS_PLAIN;
    place->host = host;
    return 0;
}

static int place_cluster(const struct qcow2_map *map, uint64_t cluster, uint64_t entry,
                         struct qcow2_place *place, struct sw_err *err)
{
    uint64_t host = entry & QCOW2_HOST_MASK;
    bool zero = (entry & QCOW2_ZERO) != 0;

    if (check_plain(map, cluster, entry, QCOW2_COPIED | QCOW2_ZERO, err) < 0)
        return -1;
    if (zero && map->version < 3)
        return qcow2_bad_entry(map, "L2", cluster, entry, "version 2 has no zero clusters", err);
    /* Zeros may have a place that waits for data. */
    place->kind = zero ? QCOW2_IS_ZERO : QCOW2_IS_HOLE;
    return zero || host == 0 ? 0 : place_plain(map, cluster, entry, host, place, err);
}

static int check_bitmaps(const struct qcow2_map *map, uint64_t cluster, const uint64_t entry[2],
                         struct sw_err *err)
{
    const char *const what = "subcluster bitmap of L2";
    uint32_t allocated = (uint32_t)entry[1], zeros = (uint32_t)(entry[1] >> 32);

    if ((entry[0] & QCOW2_COMPRESSED) != 0)
        return entry[1] == 0 ? 0
                             : qcow2_bad_entry(map, what, cluster, entry[1],
                                               "a compressed cluster has no subclusters", err);
    if ((allocated & zeros) != 0)
        return qcow2_bad_entry(map, what, cluster, entry[1], "a subcluster is both allocated and zero", err);
    if (allocated != 0 && (entry[0] & QCOW2_HOST_MASK) == 0)
        return qcow2_bad_entry(map, what, cluster, entry[1], "subclusters are allocated at no place", err);
    return 0;
}

static int place_subcluster(const struct qcow2_map *map, uint64_t unit, const uint64_t entry[2],
                            struct qcow2_place *place, struct sw_err *err)
{
    uint64_t cluster = unit >> map->sub_bits, host = entry[0] & QCOW2_HOST_MASK;
    unsigned sub = (unsigned)(unit & ((1U << map->sub_bits) - 1));

    if (check_plain(map, cluster, entry[0], QCOW2_COPIED, err) < 0)
        return -1;
    if ((entry[1] >> sub & 1) != 0)
        return place_plain(map, unit, entry[0], host + ((uint64_t)sub << map->unit_bits), place, err);
    place->kind = (entry[1] >> 32 >> sub & 1) != 0 ? QCOW2_IS_ZERO : QCOW2_IS_HOLE;
    return 0;
}

int qcow2_entry_place(const struct qcow2_map *map, uint64_t unit, const uint64_t *entry,
                      struct qcow2_place *place, struct sw_err *err)
{
    uint64_t cluster = unit >> map->sub_bits;

    if (map->sub_bits > 0 && check_bitmaps(map, cluster, entry, err) < 0)
        return -1;
    if ((entry[0] & QCOW2_COMPRESSED) != 0)
        return place_coded(map, cluster, entry[0], place, err);
    return map->sub_bits > 0 ? place_subcluster(map, unit, entry, place, err)
                             : place_cluster(map, cluster, entry[0], place, err);
}
