/* qcow2 with extended L2 entries: subclusters of every kind, compressed clusters beside them, hostile bitmaps. */
#include "tests/unit/formats/qcow2_edit.h"

#include <zlib.h>

enum { KINDS = 3, ALL = 0xffffffff };

static const uint64_t extended = QCOW2_INCOMPAT_EXTENDED_L2;

/*
 * Cluster 0: by turns allocated, zero and absent. 1: wholly there. 2: behind it in the file, its first half there,
 * the second zero without a bit set for its place. 4: zeros with no place. 7, the short one: its first and last part.
 */
static struct mem_file mixed_file(void)
{
    struct mem_file file = q_file(extended);

    q_entry(&file, 0, q_host(0) | QCOW2_COPIED, 0x49249249, 0x92492492);
    q_entry(&file, 1, q_host(2) | QCOW2_COPIED, ALL, 0);
    q_entry(&file, 2, q_host(3), 0x0000ffff, 0xffff0000);
    q_entry(&file, 4, 0, 0, ALL);
    q_entry(&file, 7, q_host(4), 0x10000001, 0);
    return file;
}

static uint8_t kind_of(unsigned cluster, unsigned sub)
{
    switch (cluster) {
    case 0:
        return "DZH"[sub % KINDS];
    case 1:
        return 'D';
    case 2:
        return sub < 16 ? 'D' : 'Z';
    case 4:
        return 'Z';
    case 7:
        return sub == 0 || sub == 28 ? 'D' : 'H';
    default:
        return 'H';
    }
}

/* What the disk reads as; absent subclusters have the byte of under. */
static uint8_t *mixed_disk(const struct mem_file *file, const uint8_t *under)
{
    static const unsigned hosts[Q_CLUSTERS] = {0, 2, 3, 0, 0, 0, 0, 4};
    uint8_t *disk = calloc(1, Q_DISK_BYTES);

    assert_non_null(disk);
    for (uint64_t at = 0; at < Q_DISK_BYTES; at++) {
        unsigned cluster = (unsigned)(at / Q_CLUSTER);
        uint8_t kind = kind_of(cluster, (unsigned)(at % Q_CLUSTER / Q_SUB));

        if (kind == 'D')
            disk[at] = file->bytes[q_host(hosts[cluster]) + at % Q_CLUSTER];
        else if (kind == 'H' && under != NULL)
            disk[at] = under[at];
    }
    return disk;
}

static void subclusters_of_every_kind_are_read(void **state)
{
    struct mem_file file = mixed_file();
    uint8_t *disk = mixed_disk(&file, NULL);

    (void)state;
    assert_disk_reads(&file, "qcow2", disk, Q_DISK_BYTES);
    free(disk);
    free(file.bytes);
}

static void parts_of_subclusters_are_read_from_any_place(void **state)
{
    struct mem_file file = mixed_file();
    uint8_t *disk = mixed_disk(&file, NULL);
    uint8_t got[3 * Q_SUB];
    struct sw_err err = {0};
    struct sw_image *img;

    (void)state;
    assert_ok(q_open(&file, NULL, &img, &err), err);
    for (uint64_t off = 0; off + sizeof(got) <= Q_DISK_BYTES; off += 331)
        for (size_t len = 1; len <= sizeof(got); len += 307) {
            assert_ok(sw_image_pread(img, got, len, off, &err), err);
            assert_memory_equal(got, disk + off, len);
        }
    sw_image_close(img);
    free(disk);
    free(file.bytes);
}

static void expect_extent(struct sw_image *img, uint64_t off, uint64_t len, enum sw_extent_kind kind,
                          uint64_t physical)
{
    struct sw_extent extent;
    struct sw_err err = {0};

    assert_ok(sw_image_next_extent(img, off, &extent, &err), err);
    assert_int_equal(extent.off, off);
    assert_int_equal(extent.len, len);
    assert_int_equal(extent.kind, kind);
    assert_int_equal(extent.plain, physical != 0);
    assert_int_equal(extent.physical, physical);
}

static void extents_end_where_subclusters_change(void **state)
{
    struct mem_file file = mixed_file();
    struct sw_err err = {0};
    struct sw_image *img;

    (void)state;
    assert_ok(q_open(&file, NULL, &img, &err), err);
    expect_extent(img, 0, Q_SUB, SW_EXTENT_DATA, q_host(0));
    expect_extent(img, Q_SUB, Q_SUB, SW_EXTENT_ZERO, 0);
    expect_extent(img, 2 * Q_SUB, Q_SUB, SW_EXTENT_HOLE, 0);
    expect_extent(img, 3 * Q_SUB + 100, Q_SUB - 100, SW_EXTENT_DATA, q_host(0) + 3 * Q_SUB + 100);
    /* Clusters that follow each other in the file are one piece, up to the part that is not there. */
    expect_extent(img, Q_CLUSTER, Q_CLUSTER + 16 * Q_SUB, SW_EXTENT_DATA, q_host(2));
    expect_extent(img, 2 * Q_CLUSTER + 16 * Q_SUB, 16 * Q_SUB, SW_EXTENT_ZERO, 0);
    expect_extent(img, 3 * Q_CLUSTER, Q_CLUSTER, SW_EXTENT_HOLE, 0);
    expect_extent(img, 4 * Q_CLUSTER, Q_CLUSTER, SW_EXTENT_ZERO, 0);
    expect_extent(img, 5 * Q_CLUSTER + 5, 2 * Q_CLUSTER - 5, SW_EXTENT_HOLE, 0);
    expect_extent(img, 7 * Q_CLUSTER + Q_SUB, 27 * Q_SUB, SW_EXTENT_HOLE, 0);
    expect_extent(img, 7 * Q_CLUSTER + 28 * Q_SUB, Q_SUB, SW_EXTENT_DATA, q_host(4) + 28 * Q_SUB);
    sw_image_close(img);
    free(file.bytes);
}

/* Gives a raw disk over bytes, whatever the name. */
struct resolver {
    struct sw_parent_resolver base;
    const uint8_t *bytes;
    size_t len;
};

static int open_bytes(struct sw_parent_resolver *self, const char *name, const char *format,
                      struct sw_image **out, struct sw_err *err)
{
    const struct resolver *resolver = (const struct resolver *)self;

    assert_string_equal(name, "under.raw");
    return sw_image_open(mem_in(resolver->bytes, resolver->len), format, NULL, out, err);
}

/* Only absent subclusters show the parent, and beyond its end there are zeros. */
static void a_parent_shows_through_absent_subclusters_only(void **state)
{
    const struct piece all = {0, 6 * Q_CLUSTER + 3 * Q_SUB};
    uint8_t *under = make_disk(Q_DISK_BYTES, &all, 1);
    struct resolver resolver = {{.open = open_bytes}, under, all.len};
    struct sw_open_opts opts = {.parents = &resolver.base};
    struct mem_file file = mixed_file();
    uint8_t *disk = mixed_disk(&file, under), *got = malloc(Q_DISK_BYTES);
    struct sw_err err = {0};
    struct sw_image *img;

    (void)state;
    be64_put(file.bytes + offsetof(struct qcow2_disk_header, backing_off), 144);
    be32_put(file.bytes + offsetof(struct qcow2_disk_header, backing_len), 9);
    be32_put(file.bytes + 112, QCOW2_EXT_BACKING_FORMAT);
    be32_put(file.bytes + 116, 3);
    memcpy(file.bytes + 120, "raw", 3);
    memcpy(file.bytes + 144, "under.raw", 9);
    assert_ok(q_open(&file, &opts, &img, &err), err);
    assert_ok(sw_image_pread(img, got, Q_DISK_BYTES, 0, &err), err);
    assert_memory_equal(got, disk, Q_DISK_BYTES);
    /* The parent ends within a hole of its child. */
    expect_extent(img, 5 * Q_CLUSTER, Q_CLUSTER + 3 * Q_SUB, SW_EXTENT_DATA, 0);
    expect_extent(img, 6 * Q_CLUSTER + 3 * Q_SUB, Q_CLUSTER - 3 * Q_SUB, SW_EXTENT_HOLE, 0);
    sw_image_close(img);
    free(got);
    free(disk);
    free(under);
    free(file.bytes);
}

/* Compresses the pattern of a guest cluster to the place of the nth cluster of data, 100 bytes in. */
static void put_coded(struct mem_file *file, unsigned cluster, unsigned nth, uint8_t plain[Q_CLUSTER])
{
    uint64_t host = q_host(nth) + 100, sectors;
    z_stream z = {
        .next_in = plain, .avail_in = Q_CLUSTER, .next_out = file->bytes + host, .avail_out = Q_CLUSTER};

    for (unsigned i = 0; i < Q_CLUSTER; i++)
        plain[i] = (uint8_t)(1 + i / 300 % 200 + cluster);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    sectors = (host + z.total_out - 1) / 512 - host / 512;
    deflateEnd(&z);
    q_entry(file, cluster, QCOW2_COMPRESSED | sectors << qcow2_coded_bits(Q_BITS) | host, 0, 0);
}

static void compressed_clusters_lie_beside_subclusters(void **state)
{
    struct mem_file file = q_file(extended);
    static uint8_t want[4 * Q_CLUSTER], got[4 * Q_CLUSTER];
    struct sw_err err = {0};
    struct sw_image *img;

    (void)state;
    put_coded(&file, 1, 0, want + Q_CLUSTER);
    put_coded(&file, 2, 1, want + 2 * Q_CLUSTER);
    q_entry(&file, 3, q_host(2), 1, 0);
    memcpy(want + 3 * Q_CLUSTER, file.bytes + q_host(2), Q_SUB);
    assert_ok(q_open(&file, NULL, &img, &err), err);
    expect_extent(img, Q_CLUSTER, 2 * Q_CLUSTER, SW_EXTENT_DATA, 0);
    expect_extent(img, 3 * Q_CLUSTER, Q_SUB, SW_EXTENT_DATA, q_host(2));
    for (uint64_t off = 0; off < sizeof(got) - 1; off += 3001)
        for (size_t len = 1; len <= sizeof(got) - off; len = len * 5 + 77) {
            assert_ok(sw_image_pread(img, got, len, off, &err), err);
            assert_memory_equal(got, want + off, len);
        }
    sw_image_close(img);
    free(file.bytes);
}

/* An entry and its bitmaps, as no writer makes them. */
static const struct {
    uint64_t entry;
    uint32_t allocated, zeros;
    const char *part;
} bad_entries[] = {
    {(uint64_t)Q_DATA * Q_CLUSTER, 0x80000001, 0x80000000, "both allocated and zero"},
    {(uint64_t)Q_DATA * Q_CLUSTER, ALL, ALL, "both allocated and zero"},
    {0, 1, 0, "allocated at no place"},
    {QCOW2_COPIED, 0, ALL, "begin at the header"},
    {(uint64_t)Q_DATA * Q_CLUSTER | QCOW2_ZERO, 0, 0, "reserved bits"},
    {(uint64_t)Q_DATA * Q_CLUSTER | 256, 1, 0, "reserved bits"},
    {(uint64_t)Q_DATA * Q_CLUSTER | UINT64_C(1) << 57, 1, 0, "reserved bits"},
    {(uint64_t)Q_DATA * Q_CLUSTER + 512, 1, 0, "does not begin at a cluster"},
    {(uint64_t)Q_FILE_CLUSTERS * Q_CLUSTER, 1, 0, "beyond the end"},
    {QCOW2_HOST_MASK & ~(Q_CLUSTER - UINT64_C(1)), 1, 0, "beyond the end"},
    {QCOW2_COMPRESSED | (uint64_t)Q_DATA * Q_CLUSTER, 0, 1, "compressed cluster has no subclusters"},
    {QCOW2_COMPRESSED | (uint64_t)Q_DATA * Q_CLUSTER, ALL, 0, "compressed cluster has no subclusters"},
    {QCOW2_COMPRESSED | QCOW2_COPIED | (uint64_t)Q_DATA * Q_CLUSTER, 0, 0, "marked as copied"},
    {QCOW2_COMPRESSED | (uint64_t)Q_FILE_CLUSTERS * Q_CLUSTER, 0, 0, "beyond the end"},
};

static void a_hostile_extended_entry_is_refused_by_number_and_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_entries) / sizeof(bad_entries[0]); i++) {
        struct mem_file file = mixed_file();
        struct sw_extent extent;
        struct sw_err err = {0};
        struct sw_image *img;
        uint8_t byte;

        q_entry(&file, 5, bad_entries[i].entry, bad_entries[i].allocated, bad_entries[i].zeros);
        assert_ok(q_open(&file, NULL, &img, &err), err);
        assert_failed(sw_image_pread(img, &byte, 1, 5 * Q_CLUSTER, &err), err, SW_INTEGRITY,
                      bad_entries[i].part);
        assert_non_null(strstr(err.text, "L2 entry 5 is 0x"));
        assert_failed(sw_image_next_extent(img, 5 * Q_CLUSTER, &extent, &err), err, SW_INTEGRITY,
                      bad_entries[i].part);
        /* Others are read as before. */
        assert_ok(sw_image_pread(img, &byte, 1, 6 * Q_CLUSTER, &err), err);
        sw_image_close(img);
        free(file.bytes);
    }
}

/* A file may end behind the last subcluster that is there; one that ends before it is damaged. */
static void a_cut_file_never_reads_as_zeros(void **state)
{
    struct mem_file file = mixed_file();
    uint8_t *disk = mixed_disk(&file, NULL), *got = malloc(Q_DISK_BYTES);
    size_t whole = (size_t)q_host(4) + 29 * Q_SUB;

    (void)state;
    for (size_t len = whole; len > q_host(0); len -= 256) {
        struct sw_err err = {0};
        struct sw_image *img;
        int rc;

        file.len = len;
        assert_ok(q_open(&file, NULL, &img, &err), err);
        rc = sw_image_pread(img, got, Q_DISK_BYTES, 0, &err);
        if (len == whole) {
            assert_ok(rc, err);
            assert_memory_equal(got, disk, Q_DISK_BYTES);
        } else {
            assert_failed(rc, err, SW_INTEGRITY, "beyond the end of the file");
        }
        sw_image_close(img);
    }
    free(got);
    free(disk);
    free(file.bytes);
}

static void clusters_below_16_kib_have_no_subclusters(void **state)
{
    struct mem_file file = q_file(extended);

    (void)state;
    be32_put(file.bytes + offsetof(struct qcow2_disk_header, cluster_bits), 13);
    assert_refused(file.bytes, file.len, "qcow2", SW_INTEGRITY, "'cluster_bits' at offset 20 is 13");
    free(file.bytes);
}

/* A table of two-word entries maps half as much: an L1 table that would do without them does not cover the disk. */
static void the_l1_table_must_cover_the_disk_with_half_as_many_entries(void **state)
{
    const uint64_t half = (uint64_t)Q_CLUSTER / 16 * Q_CLUSTER;
    struct mem_file file = q_file(extended);
    struct sw_err err = {0};
    struct sw_image *img;

    (void)state;
    be64_put(file.bytes + offsetof(struct qcow2_disk_header, size), half);
    assert_ok(q_open(&file, NULL, &img, &err), err);
    sw_image_close(img);
    be64_put(file.bytes + offsetof(struct qcow2_disk_header, size), half + 512);
    assert_refused(file.bytes, file.len, "qcow2", SW_INTEGRITY, "does not cover the disk");
    be64_put(file.bytes + offsetof(struct qcow2_disk_header, incompatible), 0);
    assert_ok(q_open(&file, NULL, &img, &err), err);
    sw_image_close(img);
    free(file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subclusters_of_every_kind_are_read),
        cmocka_unit_test(parts_of_subclusters_are_read_from_any_place),
        cmocka_unit_test(extents_end_where_subclusters_change),
        cmocka_unit_test(a_parent_shows_through_absent_subclusters_only),
        cmocka_unit_test(compressed_clusters_lie_beside_subclusters),
        cmocka_unit_test(a_hostile_extended_entry_is_refused_by_number_and_value),
        cmocka_unit_test(a_cut_file_never_reads_as_zeros),
        cmocka_unit_test(clusters_below_16_kib_have_no_subclusters),
        cmocka_unit_test(the_l1_table_must_cover_the_disk_with_half_as_many_entries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
