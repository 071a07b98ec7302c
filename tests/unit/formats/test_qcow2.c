/* qcow2: hostile and damaged headers, tables and clusters; what is written is read back. */
#include "tests/unit/testing.h"

#include "formats/qcow2/ondisk.h"
#include "slipway/copy.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"
#include "src/base/fs.h"
#include "src/base/pool.h"
#include "tests/lib/mem_in.h"

#include <stdatomic.h>

enum { CLUSTER = 4096, DISK = 8 << 20, FILE_MAX = 16 << 20 };

/* Bytes that compress, differ from place to place and are never zero. */
static uint8_t byte_at(uint64_t off)
{
    return (uint8_t)(1 + (off / 64 * 7 + off % 5) % 255);
}

static void fill(uint8_t *to, size_t len, uint64_t off)
{
    for (size_t i = 0; i < len; i++)
        to[i] = byte_at(off + i);
}

/* Clusters 0, 3 and 1030 (in the third L2 table) hold data; 5 is explicit zeros when there is a parent. */
static const uint64_t written[] = {0, 3, 1030};

static void put(struct sw_image *img, void *worker, uint64_t index, enum sw_block_kind kind)
{
    static uint8_t data[CLUSTER], coded[CLUSTER];
    struct sw_block block = {.off = index * CLUSTER,
                             .len = CLUSTER,
                             .kind = kind,
                             .data = data,
                             .data_cap = CLUSTER,
                             .coded = coded,
                             .coded_cap = CLUSTER};
    struct sw_err err = {.code = SW_OK};

    fill(data, CLUSTER, block.off);
    if (kind == SW_BLOCK_DATA)
        assert_ok(img->format->encode(img, worker, &block, &err), err);
    assert_ok(img->format->put(img, &block, &err), err);
}

/* Writes the sample and reads the whole file. */
static struct sw_buf sample(const char *subformat, const char *parent)
{
    const struct sw_format *format = sw_format_by_name("qcow2");
    struct sw_create_opts opts = {.size_bytes = DISK,
                                  .subformat = subformat,
                                  .unit_bytes = CLUSTER,
                                  .backing_name = parent,
                                  .backing_format = parent != NULL ? "raw" : NULL};
    struct sw_err err = {.code = SW_OK};
    struct sw_buf file = {0};
    struct sw_image *img = NULL;
    struct sw_out *out = NULL;
    void *worker = NULL;

    assert_ok(sw_out_create_file("sample.qcow2", 0600, &out, &err), err);
    assert_ok(format->create(out, &opts, &img, &err), err);
    assert_ok(format->worker_new(img, &worker, &err), err);
    put(img, worker, written[0], SW_BLOCK_DATA);
    put(img, worker, written[1], SW_BLOCK_DATA);
    put(img, worker, 5, SW_BLOCK_ZERO);
    put(img, worker, written[2], SW_BLOCK_DATA);
    format->worker_free(img, worker);
    assert_ok(format->finish(img, &err), err);
    sw_image_close(img);
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    assert_ok(sw_read_file("sample.qcow2", FILE_MAX, &file, &err), err);
    return file;
}

static int open_bytes(const struct sw_buf *file, bool top_only, struct sw_image **img, struct sw_err *err)
{
    struct sw_open_opts opts = {.top_only = top_only};

    *img = NULL;
    return sw_image_open(mem_in(file->data, file->len), "qcow2", &opts, img, err);
}

/* Reads every byte; 0 when it could be read and is right, 1 when it is wrong, -1 on error. */
static int check_content(struct sw_image *img, struct sw_err *err)
{
    static uint8_t got[DISK], want[DISK];

    memset(want, 0, sizeof(want));
    for (size_t i = 0; i < 3; i++)
        fill(want + written[i] * CLUSTER, CLUSTER, written[i] * CLUSTER);
    if (sw_image_pread(img, got, DISK, 0, err) < 0)
        return -1;
    return memcmp(got, want, DISK) == 0 ? 0 : 1;
}

static void what_is_written_is_read_back(void **state)
{
    static const char *const subformats[] = {"zstd", "zlib", "plain"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct sw_err err = {.code = SW_OK};
        struct sw_buf file = sample(subformats[i], NULL);
        struct sw_image *img;

        assert_ok(open_bytes(&file, false, &img, &err), err);
        assert_int_equal(img->size_bytes, DISK);
        assert_int_equal(check_content(img, &err), 0);
        sw_image_close(img);
        sw_buf_free(&file);
    }
}

static void parts_of_a_cluster_are_read_from_any_place(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_buf file = sample("zstd", NULL);
    struct sw_image *img;
    uint8_t got[3 * CLUSTER];

    (void)state;
    assert_ok(open_bytes(&file, false, &img, &err), err);
    for (uint64_t off = 2 * CLUSTER; off < 4 * CLUSTER; off += 511) {
        for (size_t len = 1; len < CLUSTER + 600; len += 997) {
            assert_ok(sw_image_pread(img, got, len, off, &err), err);
            for (size_t i = 0; i < len; i++)
                assert_int_equal(got[i], (off + i) / CLUSTER == 3 ? byte_at(off + i) : 0);
        }
    }
    sw_image_close(img);
    sw_buf_free(&file);
}

static void expect_extent(struct sw_image *img, uint64_t cluster, uint64_t nr, enum sw_extent_kind kind)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_extent extent;

    assert_ok(sw_image_next_extent(img, cluster * CLUSTER, &extent, &err), err);
    assert_int_equal(extent.off, cluster * CLUSTER);
    assert_int_equal(extent.len, nr * CLUSTER);
    assert_int_equal(extent.kind, kind);
}

static void extents_tell_data_zeros_and_holes_apart(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_buf file = sample("zstd", "parent.raw");
    struct sw_image *img;

    (void)state;
    assert_ok(open_bytes(&file, true, &img, &err), err);
    expect_extent(img, 0, 1, SW_EXTENT_DATA);
    expect_extent(img, 1, 2, SW_EXTENT_HOLE);
    expect_extent(img, 3, 1, SW_EXTENT_DATA);
    expect_extent(img, 5, 1, SW_EXTENT_ZERO);
    expect_extent(img, 1030, 1, SW_EXTENT_DATA);
    /* An extent ends with its L2 table. */
    expect_extent(img, 1031, 3 * CLUSTER / 8 - 1031, SW_EXTENT_HOLE);
    assert_string_equal(img->parent_name, "parent.raw");
    assert_string_equal(img->parent_format, "raw");
    sw_image_close(img);
    sw_buf_free(&file);
}

static void plain_extents_tell_where_the_bytes_lie(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_buf file = sample("plain", NULL);
    struct sw_extent extent;
    struct sw_image *img;
    uint8_t want[CLUSTER];

    (void)state;
    assert_ok(open_bytes(&file, false, &img, &err), err);
    assert_ok(sw_image_next_extent(img, 3 * CLUSTER + 512, &extent, &err), err);
    assert_true(extent.plain);
    assert_int_equal(extent.len, CLUSTER - 512);
    fill(want, CLUSTER, 3 * CLUSTER);
    assert_memory_equal(file.data + extent.physical, want + 512, CLUSTER - 512);
    sw_image_close(img);
    sw_buf_free(&file);
}

static void a_parent_is_not_opened_without_a_resolver(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_buf file = sample("zstd", "/etc/passwd");
    struct sw_image *img;

    (void)state;
    assert_failed(open_bytes(&file, false, &img, &err), err, SW_REFUSED, "--allow-parent");
    sw_buf_free(&file);
}

/* One field of the header, what it is set to, and what the refusal says. */
struct header_case {
    size_t off;
    unsigned bytes;
    uint64_t value;
    enum sw_code code;
    const char *part;
};

static const struct header_case header_cases[] = {
    {4, 4, 1, SW_REFUSED, "'version' at offset 4 is 1"},
    {4, 4, 4, SW_REFUSED, "'version'"},
    {20, 4, 8, SW_INTEGRITY, "'cluster_bits' at offset 20 is 8"},
    {20, 4, 22, SW_INTEGRITY, "'cluster_bits'"},
    {20, 4, UINT32_MAX, SW_INTEGRITY, "'cluster_bits'"},
    {24, 8, DISK + 1, SW_INTEGRITY, "'size' at offset 24"},
    {24, 8, UINT64_C(1) << 60, SW_INTEGRITY, "does not cover"},
    {24, 8, DISK * 2, SW_INTEGRITY, "does not cover"},
    {32, 4, 1, SW_REFUSED, "encrypted"},
    {32, 4, 2, SW_REFUSED, "encrypted"},
    {36, 4, 0, SW_INTEGRITY, "does not cover"},
    {36, 4, UINT32_MAX, SW_REFUSED, "32 MiB"},
    {36, 4, 1 << 20, SW_INTEGRITY, "beyond the end"},
    {40, 8, 17, SW_INTEGRITY, "'l1_off' at offset 40"},
    {40, 8, UINT64_C(1) << 40, SW_INTEGRITY, "beyond the end"},
    {40, 8, UINT64_MAX - CLUSTER + 1, SW_INTEGRITY, "beyond the end"},
    {60, 4, 65537, SW_INTEGRITY, "'nr_snapshots'"},
    {72, 8, 1 << 1, SW_INTEGRITY, "corrupt"},
    {72, 8, 1 << 2, SW_REFUSED, "another file"},
    {72, 8, 1 << 4, SW_INTEGRITY, "'cluster_bits' at offset 20 is 12 (0xc): extended L2 entries need 14"},
    {72, 8, UINT64_C(1) << 63 | 8, SW_REFUSED, "not known"},
    {72, 8, 0, SW_INTEGRITY, "'compression'"},
    {96, 4, 7, SW_INTEGRITY, "'refcount_order'"},
    {100, 4, 96, SW_INTEGRITY, "'header_length'"},
    {100, 4, 105, SW_INTEGRITY, "'header_length'"},
    {100, 4, 1 << 20, SW_INTEGRITY, "'header_length'"},
    {104, 1, 2, SW_REFUSED, "'compression' at offset 104 is 2"},
    {8, 8, CLUSTER + 1, SW_INTEGRITY, "leaves the first cluster"},
    {16, 4, 1024, SW_INTEGRITY, "1023"},
    {8, 8, CLUSTER - 3, SW_INTEGRITY, "leaves the first cluster"},
    {112, 4, 0x44415441, SW_REFUSED, "another file"},
    {112, 4, 0x0537be77, SW_REFUSED, "names a LUKS header"},
    {116, 4, CLUSTER, SW_INTEGRITY, "leaves the header"},
    {116, 4, UINT32_MAX, SW_INTEGRITY, "leaves the header"},
};

static void set_field(struct sw_buf *file, size_t off, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        file->data[off + i] = (char)(value >> (8 * (bytes - 1 - i)));
}

static void a_hostile_header_is_refused_by_field_and_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(header_cases) / sizeof(header_cases[0]); i++) {
        const struct header_case *at = &header_cases[i];
        struct sw_err err = {.code = SW_OK};
        struct sw_buf file = sample("zstd", "parent.raw");
        struct sw_image *img;

        set_field(&file, at->off, at->bytes, at->value);
        assert_failed(open_bytes(&file, true, &img, &err), err, at->code, at->part);
        sw_buf_free(&file);
    }
}

static uint64_t field64(const struct sw_buf *file, size_t off)
{
    return be64_get(file->data + off);
}

/* File offset of the L2 entry of a cluster. */
static size_t l2_entry(const struct sw_buf *file, uint64_t cluster)
{
    uint64_t l1 = field64(file, 40) + cluster / (CLUSTER / 8) * 8;

    return (size_t)((field64(file, (size_t)l1) & QCOW2_HOST_MASK) + cluster % (CLUSTER / 8) * 8);
}

static void a_hostile_l1_entry_is_refused_on_opening(void **state)
{
    static const struct {
        uint64_t entry;
        const char *part;
    } cases[] = {
        {UINT64_C(1) << 50, "beyond the end"},
        {3 * 512, "does not begin at a cluster"},
        {CLUSTER | 1, "reserved bits"},
        {CLUSTER | UINT64_C(1) << 62, "reserved bits"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_err err = {.code = SW_OK};
        struct sw_buf file = sample("zstd", NULL);
        struct sw_image *img;

        set_field(&file, (size_t)field64(&file, 40), 8, cases[i].entry);
        assert_failed(open_bytes(&file, false, &img, &err), err, SW_INTEGRITY, cases[i].part);
        assert_non_null(strstr(err.text, "L1 entry 0"));
        sw_buf_free(&file);
    }
}

static void a_hostile_l2_entry_is_refused_where_it_is_read(void **state)
{
    static const struct {
        uint64_t entry;
        const char *part;
    } cases[] = {
        {UINT64_C(1) << 50, "beyond the end"},
        {5 * 512, "does not begin at a cluster"},
        {CLUSTER | 2, "reserved bits"},
        {CLUSTER | UINT64_C(1) << 60, "reserved bits"},
        {QCOW2_COPIED, "begin at the header"},
        {QCOW2_COMPRESSED | QCOW2_COPIED | CLUSTER, "marked as copied"},
        {QCOW2_COMPRESSED | UINT64_C(1) << 40, "beyond the end"},
        {QCOW2_COMPRESSED | 512, "is damaged"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_err err = {.code = SW_OK};
        struct sw_buf file = sample("zstd", NULL);
        struct sw_image *img;

        set_field(&file, l2_entry(&file, 3), 8, cases[i].entry);
        assert_ok(open_bytes(&file, false, &img, &err), err);
        assert_int_equal(check_content(img, &err), -1);
        assert_failed(-1, err, SW_INTEGRITY, cases[i].part);
        sw_image_close(img);
        sw_buf_free(&file);
    }
}

static void version_2_has_no_zero_clusters(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_buf file = sample("plain", NULL);
    struct sw_image *img;

    (void)state;
    set_field(&file, 4, 4, 2);
    memset(file.data + 72, 0, 40);
    set_field(&file, l2_entry(&file, 5), 8, QCOW2_ZERO);
    assert_ok(open_bytes(&file, false, &img, &err), err);
    assert_int_equal(check_content(img, &err), -1);
    assert_failed(-1, err, SW_INTEGRITY, "version 2 has no zero clusters");
    sw_image_close(img);
    sw_buf_free(&file);
}

/* Wherever the file is cut: an error, or every byte right. Never zeros in place of data. */
static void a_truncated_file_never_reads_as_zeros(void **state)
{
    static const char *const subformats[] = {"zstd", "zlib", "plain"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct sw_buf file = sample(subformats[i], NULL);
        size_t whole = file.len, last_wrong = 0;

        for (size_t len = 0; len < whole; len += len < 512 ? 1 : 256) {
            struct sw_err err = {.code = SW_OK};
            struct sw_image *img;
            int content;

            file.len = len;
            if (open_bytes(&file, false, &img, &err) < 0) {
                last_wrong = len;
                continue;
            }
            content = check_content(img, &err);
            assert_int_not_equal(content, 1);
            if (content < 0) {
                assert_int_equal(err.code, SW_INTEGRITY);
                last_wrong = len;
            }
            sw_image_close(img);
        }
        assert_true(last_wrong > CLUSTER);
        file.len = whole;
        sw_buf_free(&file);
    }
}

static void a_damaged_compressed_cluster_is_an_error_or_of_full_length(void **state)
{
    struct sw_buf file = sample("zstd", NULL);
    uint64_t host = field64(&file, l2_entry(&file, 3)) & ((UINT64_C(1) << qcow2_coded_bits(12)) - 1);
    unsigned refused = 0;

    (void)state;
    for (size_t bit = 0; bit < 200; bit++) {
        struct sw_err err = {.code = SW_OK};
        struct sw_image *img;
        uint8_t got[CLUSTER];

        file.data[host + bit / 8] ^= (char)(1 << (bit % 8));
        assert_ok(open_bytes(&file, false, &img, &err), err);
        if (sw_image_pread(img, got, CLUSTER, 3 * CLUSTER, &err) < 0) {
            assert_failed(-1, err, SW_INTEGRITY, "is damaged");
            refused++;
        }
        sw_image_close(img);
        file.data[host + bit / 8] ^= (char)(1 << (bit % 8));
    }
    assert_true(refused > 50);
    sw_buf_free(&file);
}

static void create_refuses_what_qcow2_cannot_hold(void **state)
{
    static const struct {
        struct sw_create_opts opts;
        const char *part;
    } cases[] = {
        {{.size_bytes = DISK, .unit_bytes = 256}, "512 bytes to 2 MiB"},
        {{.size_bytes = DISK, .unit_bytes = 4 << 20}, "512 bytes to 2 MiB"},
        {{.size_bytes = DISK, .unit_bytes = 3 << 16}, "power of two"},
        {{.size_bytes = DISK, .level = 20}, "levels 1 to 19"},
        {{.size_bytes = DISK, .level = -1}, "levels 1 to 19"},
        {{.size_bytes = DISK, .subformat = "zlib", .level = 10}, "zlib levels 1 to 9, not 10"},
        {{.size_bytes = DISK, .subformat = "zlib", .level = -1}, "zlib levels 1 to 9"},
        {{.size_bytes = DISK, .subformat = "zip"}, "subformat"},
        {{.size_bytes = UINT64_C(1) << 40, .unit_bytes = 512}, "too small for a disk"},
        {{.size_bytes = DISK + 1}, "whole sectors"},
    };
    const struct sw_format *format = sw_format_by_name("qcow2");

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_err err = {.code = SW_OK};
        struct sw_image *img = NULL;
        struct sw_out *out = NULL;

        assert_ok(sw_out_create_file("refused.qcow2", 0600, &out, &err), err);
        assert_failed(format->create(out, &cases[i].opts, &img, &err), err, SW_USAGE, cases[i].part);
        sw_out_close(out);
    }
}

struct readers {
    struct sw_image *img;
    atomic_uint wrong;
};

/* Small overlapping reads share the decoders' clusters. */
static void read_much(void *arg, unsigned index)
{
    struct readers *readers = arg;
    struct sw_err err = {.code = SW_OK};
    uint8_t got[1024];

    for (unsigned i = 0; i < 400; i++) {
        uint64_t off = written[(i + index) % 3] * CLUSTER + i * 7 % 3000;

        if (sw_image_pread(readers->img, got, sizeof(got), off, &err) < 0 || got[0] != byte_at(off) ||
            got[1023] != byte_at(off + 1023))
            atomic_fetch_add(&readers->wrong, 1);
    }
}

static void threads_read_at_once(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_buf file = sample("zstd", NULL);
    struct readers readers = {.wrong = 0};

    (void)state;
    assert_ok(open_bytes(&file, false, &readers.img, &err), err);
    assert_ok(sw_threads_run(8, read_much, &readers, &err), err);
    assert_int_equal(readers.wrong, 0);
    sw_image_close(readers.img);
    sw_buf_free(&file);
}

/* Header, L1 table, one L2 table, one cluster of data: all entries of the L1 table name the same L2 table. */
static void l1_entries_that_share_a_table_are_no_disk(void **state)
{
    enum { SMALL = 512, ENTRIES = SMALL / 8 };
    uint8_t bytes[4 * SMALL] = {0};
    struct qcow2_disk_header *disk = (struct qcow2_disk_header *)bytes;
    const struct sw_buf file = {.data = (char *)bytes, .len = sizeof(bytes)};
    struct sw_err err = {.code = SW_OK};
    struct sw_image *img;

    (void)state;
    memcpy(disk->magic, "QFI\xfb", 4);
    be32_put(disk->version, 2);
    be32_put(disk->cluster_bits, 9);
    be64_put(disk->size, (uint64_t)ENTRIES * ENTRIES * SMALL);
    be32_put(disk->l1_size, ENTRIES);
    be64_put(disk->l1_off, SMALL);
    for (size_t i = 0; i < 4; i++)
        be64_put(bytes + SMALL + i * 8, (2 * SMALL) | QCOW2_COPIED);
    assert_ok(open_bytes(&file, false, &img, &err), err);
    sw_image_close(img);
    for (size_t i = 4; i < ENTRIES; i++)
        be64_put(bytes + SMALL + i * 8, (2 * SMALL) | QCOW2_COPIED);
    assert_failed(open_bytes(&file, false, &img, &err), err, SW_INTEGRITY, "64 L2 tables cannot lie in");
}

/* One L2 table of 512 entries over one cluster of data: of plain bytes, then compressed. */
static void l2_entries_that_share_a_cluster_are_no_disk(void **state)
{
    enum { SMALL = 4096, ENTRIES = SMALL / 8, DATA = 3 * SMALL };
    const uint64_t coded = QCOW2_COMPRESSED | UINT64_C(1) << qcow2_coded_bits(12);
    uint8_t bytes[4 * SMALL] = {0};
    struct sw_buf file = {.data = (char *)bytes, .len = sizeof(bytes)};
    struct sw_err err = {.code = SW_OK};
    struct sw_extent extent;
    struct sw_image *img;

    (void)state;
    memcpy(file.data, "QFI\xfb", 4);
    set_field(&file, 4, 4, 2);
    set_field(&file, 20, 4, 12);
    set_field(&file, 24, 8, (uint64_t)ENTRIES * SMALL);
    set_field(&file, 36, 4, 1);
    set_field(&file, 40, 8, SMALL);
    set_field(&file, SMALL, 8, (2 * SMALL) | QCOW2_COPIED);
    for (unsigned shared = 1; shared <= ENTRIES; shared++) {
        bool plain = shared % 2 != 0;

        for (unsigned i = 0; i < shared; i++)
            set_field(&file, 2 * SMALL + 8 * i, 8, plain ? DATA | QCOW2_COPIED : DATA | coded);
        assert_ok(open_bytes(&file, false, &img, &err), err);
        if (shared <= 4)
            assert_ok(sw_image_next_extent(img, 0, &extent, &err), err);
        else if (plain || shared > 32)
            assert_failed(sw_image_next_extent(img, 0, &extent, &err), err, SW_INTEGRITY,
                          "the clusters up to L2 table 0 cannot lie in a file of 16384 bytes");
        sw_image_close(img);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(parts_of_a_cluster_are_read_from_any_place),
        cmocka_unit_test(extents_tell_data_zeros_and_holes_apart),
        cmocka_unit_test(plain_extents_tell_where_the_bytes_lie),
        cmocka_unit_test(a_parent_is_not_opened_without_a_resolver),
        cmocka_unit_test(a_hostile_header_is_refused_by_field_and_value),
        cmocka_unit_test(a_hostile_l1_entry_is_refused_on_opening),
        cmocka_unit_test(l1_entries_that_share_a_table_are_no_disk),
        cmocka_unit_test(l2_entries_that_share_a_cluster_are_no_disk),
        cmocka_unit_test(a_hostile_l2_entry_is_refused_where_it_is_read),
        cmocka_unit_test(version_2_has_no_zero_clusters),
        cmocka_unit_test(a_truncated_file_never_reads_as_zeros),
        cmocka_unit_test(a_damaged_compressed_cluster_is_an_error_or_of_full_length),
        cmocka_unit_test(create_refuses_what_qcow2_cannot_hold),
        cmocka_unit_test(threads_read_at_once),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
