/* A qcow2 of 64 TiB with 100 MiB in it: looking at it costs what is in it, not what it could hold. */
#include "src/base/ckd.h"
#include "tests/unit/formats/qcow2_edit.h"

enum { BITS = 16, CLUSTER = 1 << BITS, PLACES = 1600 };
#define GIANT_BYTES SW_VIRTUAL_MAX_BYTES

/*
 * Header, L1, then pairs of an L2 table with one cluster in it and that cluster. The bytes are made as they are read.
 */
struct giant {
    struct sw_in base;
    bool extended;
    uint64_t l1_size, l2_size; /* entries */
    unsigned reads;
};

static uint64_t l1_index(const struct giant *giant, uint64_t place)
{
    return place * giant->l1_size / PLACES;
}

static uint64_t guest_cluster(const struct giant *giant, uint64_t place)
{
    return l1_index(giant, place) * giant->l2_size + place * 7919 % giant->l2_size;
}

static uint64_t table_at(const struct giant *giant, uint64_t place)
{
    return (1 + sw_div_up(giant->l1_size * 8, CLUSTER) + 2 * place) * CLUSTER;
}

static void make_header(const struct giant *giant, uint8_t cluster[CLUSTER])
{
    struct qcow2_disk_header *disk = (struct qcow2_disk_header *)cluster;

    memcpy(disk->magic, "QFI\xfb", 4);
    be32_put(disk->version, 3);
    be32_put(disk->cluster_bits, BITS);
    be64_put(disk->size, GIANT_BYTES);
    be32_put(disk->l1_size, (uint32_t)giant->l1_size);
    be64_put(disk->l1_off, CLUSTER);
    be64_put(disk->incompatible, giant->extended ? QCOW2_INCOMPAT_EXTENDED_L2 : 0);
    be32_put(disk->header_length, sizeof(*disk));
}

static void make_cluster(const struct giant *giant, uint64_t number, uint8_t cluster[CLUSTER])
{
    uint64_t first = table_at(giant, 0) / CLUSTER, place = (number - first) / 2;
    size_t entry = (size_t)(guest_cluster(giant, place) % giant->l2_size) * (giant->extended ? 16 : 8);

    memset(cluster, 0, CLUSTER);
    if (number == 0) {
        make_header(giant, cluster);
    } else if (number < first) {
        for (uint64_t i = 0; i < PLACES; i++)
            if (l1_index(giant, i) / (CLUSTER / 8) == number - 1)
                be64_put(cluster + l1_index(giant, i) % (CLUSTER / 8) * 8, table_at(giant, i) | QCOW2_COPIED);
    } else if ((number - first) % 2 == 0) {
        be64_put(cluster + entry, (table_at(giant, place) + CLUSTER) | QCOW2_COPIED);
        if (giant->extended)
            be64_put(cluster + entry + 8, UINT32_MAX);
    } else {
        memset(cluster, 1 + (int)(place % 255), CLUSTER);
    }
}

static int giant_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    static uint8_t cluster[CLUSTER];
    struct giant *giant = (struct giant *)in;

    (void)err;
    giant->reads++;
    for (uint8_t *to = buf; len > 0;) {
        size_t inside = (size_t)(off % CLUSTER);
        size_t n = len < CLUSTER - inside ? len : CLUSTER - inside;

        make_cluster(giant, off / CLUSTER, cluster);
        memcpy(to, cluster + inside, n);
        to += n;
        off += n;
        len -= n;
    }
    return 0;
}

static void giant_close(struct sw_in *in)
{
    (void)in;
}

static struct giant make_giant(bool extended)
{
    static const struct sw_in_ops ops = {.pread = giant_pread, .close = giant_close};
    struct giant giant = {.base = {.ops = &ops, .fd = -1, .name = "giant"}, .extended = extended};

    giant.l2_size = CLUSTER / (extended ? 16 : 8);
    giant.l1_size = GIANT_BYTES / CLUSTER / giant.l2_size;
    giant.base.size_bytes = table_at(&giant, PLACES);
    return giant;
}

static void walk_giant(struct giant *giant)
{
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    struct sw_extent extent;
    unsigned extents = 0, data = 0;
    uint8_t byte;

    assert_ok(sw_image_open(&giant->base, "qcow2", NULL, &img, &err), err);
    giant->reads = 0;
    for (uint64_t off = 0; off < img->size_bytes; off += extent.len, extents++) {
        assert_ok(sw_image_next_extent(img, off, &extent, &err), err);
        assert_int_equal(extent.off, off);
        if (extent.kind != SW_EXTENT_DATA)
            continue;
        assert_int_equal(off, guest_cluster(giant, data) * CLUSTER);
        assert_int_equal(extent.len, CLUSTER);
        data++;
    }
    assert_int_equal(data, PLACES);
    /* A table's hole, its data, its other hole, and what has no table. Each table is read once. */
    assert_true(extents <= 4 * PLACES);
    assert_int_equal(giant->reads, PLACES);
    assert_ok(sw_image_pread(img, &byte, 1, guest_cluster(giant, 1234) * CLUSTER + 99, &err), err);
    assert_int_equal(byte, 1 + 1234 % 255);
    sw_image_close(img);
}

static void each_table_of_a_giant_is_read_once(void **state)
{
    struct giant giant = make_giant(false);

    (void)state;
    walk_giant(&giant);
}

static void each_table_of_a_giant_with_subclusters_is_read_once(void **state)
{
    struct giant giant = make_giant(true);

    (void)state;
    walk_giant(&giant);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_table_of_a_giant_is_read_once),
        cmocka_unit_test(each_table_of_a_giant_with_subclusters_is_read_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
