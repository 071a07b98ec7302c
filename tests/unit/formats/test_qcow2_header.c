/* What stands around the disk in a qcow2: extensions, versions, bits that warn; and clusters that wait for data. */
#include "tests/unit/formats/qcow2_edit.h"

enum { EXTENSIONS = sizeof(struct qcow2_disk_header) };

/* Appends an extension of len bytes at *at. */
static void put_extension(struct mem_file *file, size_t *at, uint32_t type, const void *bytes, uint32_t len)
{
    be32_put(file->bytes + *at, type);
    be32_put(file->bytes + *at + 4, len);
    if (bytes != NULL)
        memcpy(file->bytes + *at + 8, bytes, len);
    *at += 8 + (len + 7) / 8 * 8;
}

static void put_backing_name(struct mem_file *file, uint64_t off, const char *name)
{
    be64_put(file->bytes + offsetof(struct qcow2_disk_header, backing_off), off);
    be32_put(file->bytes + offsetof(struct qcow2_disk_header, backing_len), (uint32_t)strlen(name));
    memcpy(file->bytes + off, name, strlen(name));
}

static void expect_parent(const struct mem_file *file, const char *name, const char *format)
{
    struct sw_open_opts opts = {.top_only = true};
    struct sw_err err = {0};
    struct sw_image *img;

    assert_ok(q_open(file, &opts, &img, &err), err);
    assert_string_equal(img->parent_name, name);
    if (format != NULL)
        assert_string_equal(img->parent_format, format);
    else
        assert_null(img->parent_format);
    sw_image_close(img);
}

static void extensions_that_are_not_known_are_passed_over(void **state)
{
    struct mem_file file = q_file(0);
    size_t at = EXTENSIONS;

    (void)state;
    put_extension(&file, &at, 0x6803f857, "feature names", 13);
    put_extension(&file, &at, 0x23852875, "\0\0\0\2\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16);
    put_extension(&file, &at, 0xfeedface, NULL, 0);
    put_extension(&file, &at, 0xfeedface, NULL, 1);
    put_extension(&file, &at, QCOW2_EXT_BACKING_FORMAT, "qcow2", 5);
    put_extension(&file, &at, QCOW2_EXT_END, NULL, 0);
    put_backing_name(&file, at, "base");
    expect_parent(&file, "base", "qcow2");
    free(file.bytes);
}

/* Without an end they go up to the backing name, or to the end of the first cluster, and no further. */
static void extensions_end_with_the_first_cluster(void **state)
{
    struct mem_file file = q_file(0);
    struct sw_err err = {0};
    struct sw_image *img;
    size_t at = EXTENSIONS;

    (void)state;
    put_extension(&file, &at, 0xfeedface, NULL, Q_CLUSTER - EXTENSIONS - 8);
    assert_ok(q_open(&file, NULL, &img, &err), err);
    sw_image_close(img);
    be32_put(file.bytes + EXTENSIONS + 4, Q_CLUSTER - EXTENSIONS - 7);
    assert_refused(file.bytes, file.len, "qcow2", SW_INTEGRITY,
                   "extension 0xfeedface at offset 112 is 16265 bytes long");
    be32_put(file.bytes + EXTENSIONS + 4, UINT32_MAX - 7);
    assert_refused(file.bytes, file.len, "qcow2", SW_INTEGRITY, "leaves the header");
    /* Nor may one reach into the name behind it. */
    be32_put(file.bytes + EXTENSIONS + 4, 80);
    put_backing_name(&file, EXTENSIONS + 8 + 79, "base");
    assert_refused(file.bytes, file.len, "qcow2", SW_INTEGRITY, "leaves the header");
    put_backing_name(&file, EXTENSIONS + 8 + 80, "base");
    expect_parent(&file, "base", NULL);
    free(file.bytes);
}

/* A cluster full of empty extensions is read to its end and is nothing. */
static void very_many_extensions_are_no_harm(void **state)
{
    struct mem_file file = q_file(0);
    struct sw_err err = {0};
    struct sw_image *img;

    (void)state;
    for (size_t at = EXTENSIONS; at < Q_CLUSTER;)
        put_extension(&file, &at, 0xfeedface, NULL, 0);
    assert_ok(q_open(&file, NULL, &img, &err), err);
    sw_image_close(img);
    free(file.bytes);
}

/* It is named, not opened: with the bit that asks for it, and where only the name is there. */
static void another_file_with_the_data_is_refused_by_its_name(void **state)
{
    static const char name[] = "json:{\"driver\":\"nbd\"}";

    (void)state;
    for (uint64_t bit = 0; bit <= QCOW2_INCOMPAT_DATA_FILE; bit += QCOW2_INCOMPAT_DATA_FILE) {
        struct mem_file file = q_file(bit);
        size_t at = EXTENSIONS;

        put_extension(&file, &at, QCOW2_EXT_DATA_FILE, name, sizeof(name) - 1);
        assert_refused(file.bytes, file.len, "qcow2", SW_REFUSED,
                       "its data lies in another file, 'json:{\"driver\":\"nbd\"}', which is never opened");
        memset(file.bytes + EXTENSIONS, 0, 64);
        if (bit != 0)
            assert_refused(file.bytes, file.len, "qcow2", SW_REFUSED, "'incompatible' at offset 72 is 4");
        free(file.bytes);
    }
}

/* Where version 3 has its fields version 2 has extensions: bits there, even of doom, mean nothing. */
static void version_2_has_extensions_at_byte_72(void **state)
{
    struct mem_file file = q_file(0);
    size_t at = QCOW2_V2_HEADER_BYTES;

    (void)state;
    be32_put(file.bytes + offsetof(struct qcow2_disk_header, version), 2);
    put_extension(&file, &at, 0xffffffff, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    put_extension(&file, &at, QCOW2_EXT_BACKING_FORMAT, "raw", 3);
    put_extension(&file, &at, QCOW2_EXT_END, NULL, 0);
    put_backing_name(&file, at, "base.raw");
    expect_parent(&file, "base.raw", "raw");
    free(file.bytes);
}

/* Lazy counts, bitmaps and bits that nobody knows change nothing for a reader; the dirty bit is told. */
static void bits_that_only_writers_mind_are_no_obstacle(void **state)
{
    struct mem_file file = q_file(QCOW2_INCOMPAT_DIRTY);
    struct sw_err err = {0};
    struct sw_image *img;

    (void)state;
    be64_put(file.bytes + offsetof(struct qcow2_disk_header, compatible), UINT64_MAX);
    be64_put(file.bytes + offsetof(struct qcow2_disk_header, autoclear), UINT64_MAX);
    for (uint32_t order = 0; order <= 6; order++) {
        be32_put(file.bytes + offsetof(struct qcow2_disk_header, refcount_order), order);
        assert_ok(q_open(&file, NULL, &img, &err), err);
        assert_int_equal(img->nr_warnings, 1);
        assert_non_null(strstr(img->warnings[0], "not closed cleanly"));
        sw_image_close(img);
    }
    free(file.bytes);
}

/* What waits there is not shown; it need not even lie in the file. */
static void zero_clusters_with_a_place_read_as_zeros(void **state)
{
    static const uint64_t beyond = (uint64_t)Q_FILE_CLUSTERS * Q_CLUSTER;
    uint8_t *zeros = calloc(1, Q_DISK_BYTES);
    struct mem_file file = q_file(0);
    struct sw_extent extent;
    struct sw_err err = {0};
    struct sw_image *img;

    (void)state;
    be64_put(file.bytes + Q_L2 * Q_CLUSTER, q_host(0) | QCOW2_ZERO | QCOW2_COPIED);
    be64_put(file.bytes + Q_L2 * Q_CLUSTER + 8, q_host(1) | QCOW2_ZERO);
    be64_put(file.bytes + Q_L2 * Q_CLUSTER + 16, beyond | QCOW2_ZERO);
    assert_ok(q_open(&file, NULL, &img, &err), err);
    assert_ok(sw_image_next_extent(img, 0, &extent, &err), err);
    assert_int_equal(extent.kind, SW_EXTENT_ZERO);
    assert_int_equal(extent.len, 3 * Q_CLUSTER);
    assert_reads(img, zeros, Q_DISK_BYTES);
    sw_image_close(img);
    free(file.bytes);
    free(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extensions_that_are_not_known_are_passed_over),
        cmocka_unit_test(extensions_end_with_the_first_cluster),
        cmocka_unit_test(very_many_extensions_are_no_harm),
        cmocka_unit_test(another_file_with_the_data_is_refused_by_its_name),
        cmocka_unit_test(version_2_has_extensions_at_byte_72),
        cmocka_unit_test(bits_that_only_writers_mind_are_no_obstacle),
        cmocka_unit_test(zero_clusters_with_a_place_read_as_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
