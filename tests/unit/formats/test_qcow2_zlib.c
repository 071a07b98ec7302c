/* qcow2 as zlib: what is written another reader's 12-bit window takes. */
#include "tests/unit/formats/qcow2_edit.h"

#include <zlib.h>

enum { UNIT = 64 << 10, UNITS = 5, DISK = UNITS * UNIT - 1024 };

/* A byte that nothing foretells. */
static uint8_t noise(uint32_t x)
{
    x = (x ^ x >> 15) * 0x2c1b3c6d;
    x = (x ^ x >> 12) * 0x297a2d39;
    return (uint8_t)(x >> 24);
}

/*
 * Unit 0: noise that comes again after 8 KiB, which a wider window would use. 1: text-like. 2: zeros. 3: noise that
 * nothing makes shorter. 4, the short one: a pattern.
 */
static uint8_t *make_zlib_disk(void)
{
    uint8_t *disk = calloc(UNITS, UNIT);

    assert_non_null(disk);
    for (uint32_t i = 0; i < UNIT; i++) {
        disk[i] = noise(i % 8192) & (i % 8192 < 5000 ? 0xff : 0x0f);
        disk[UNIT + i] = (uint8_t)("lorem ipsum dolor"[i % 17] + i / 3000);
        disk[3 * UNIT + i] = noise(i + 1000000);
    }
    for (uint32_t i = 4 * UNIT; i < DISK; i++)
        disk[i] = pattern_at(i / 8);
    return disk;
}

static struct mem_file write_zlib(uint8_t *disk, int level, bool backing)
{
    struct sw_create_opts opts = {
        .size_bytes = DISK, .subformat = "zlib", .level = level, .unit_bytes = UNIT};
    struct mem_file file = {0};

    if (backing) {
        opts.backing_name = "base.raw";
        opts.backing_format = "raw";
    }
    write_disk(&file, "qcow2", &opts, disk, true);
    return file;
}

static uint64_t entry_of(const struct mem_file *file, unsigned cluster)
{
    uint64_t l1 = be64_get(file->bytes + offsetof(struct qcow2_disk_header, l1_off));

    return be64_get(file->bytes + (be64_get(file->bytes + l1) & QCOW2_HOST_MASK) + (uint64_t)cluster * 8);
}

/*
 * Inflates the cluster from the sectors that its entry gives; its compressed length. It is had in small pieces, so that
 * nothing but the window of 12 bits remembers what came before.
 */
static size_t inflate_narrowly(const struct mem_file *file, unsigned cluster, uint8_t plain[UNIT])
{
    uint64_t entry = entry_of(file, cluster), host;
    unsigned bits = qcow2_coded_bits(16);
    z_stream z = {.avail_in = 0};
    uint8_t piece[512];
    int rc;

    assert_true((entry & QCOW2_COMPRESSED) != 0);
    host = entry & ((UINT64_C(1) << bits) - 1);
    z.next_in = file->bytes + host;
    z.avail_in = (uInt)((((entry & ~QCOW2_COMPRESSED) >> bits) + 1) * 512 - host % 512);
    assert_true(host + z.avail_in <= file->len);
    assert_int_equal(inflateInit2(&z, -12), Z_OK);
    do {
        size_t before = z.total_out;

        z.next_out = piece;
        z.avail_out = sizeof(piece);
        rc = inflate(&z, Z_NO_FLUSH);
        if (rc != Z_OK && rc != Z_STREAM_END)
            fail_msg("cluster %u, behind byte %zu: %s", cluster, before, z.msg != NULL ? z.msg : "stuck");
        assert_true(z.total_out <= UNIT);
        memcpy(plain + before, piece, z.total_out - before);
    } while (rc != Z_STREAM_END);
    assert_int_equal(z.total_out, UNIT);
    inflateEnd(&z);
    return z.total_in;
}

static void a_window_of_12_bits_is_enough_at_every_level(void **state)
{
    static const unsigned coded[] = {0, 1, 4};
    static uint8_t plain[UNIT], whole[UNIT];
    uint8_t *disk = make_zlib_disk();

    (void)state;
    for (int level = 1; level <= 9; level++) {
        struct mem_file file = write_zlib(disk, level, false);

        for (size_t i = 0; i < 3; i++) {
            size_t begin = (size_t)coded[i] * UNIT, len = DISK - begin < UNIT ? DISK - begin : UNIT;

            memset(whole, 0, UNIT);
            memcpy(whole, disk + begin, len);
            (void)inflate_narrowly(&file, coded[i], plain);
            assert_memory_equal(plain, whole, UNIT);
        }
        assert_disk_reads(&file, "qcow2", disk, DISK);
        free(file.bytes);
    }
    free(disk);
}

static void a_higher_level_makes_it_smaller(void **state)
{
    static uint8_t plain[UNIT];
    uint8_t *disk = make_zlib_disk();
    struct mem_file fast = write_zlib(disk, 1, false), small = write_zlib(disk, 9, false);

    (void)state;
    assert_true(inflate_narrowly(&small, 1, plain) < inflate_narrowly(&fast, 1, plain));
    free(fast.bytes);
    free(small.bytes);
    free(disk);
}

static void what_does_not_shrink_is_stored_plain(void **state)
{
    uint8_t *disk = make_zlib_disk();
    struct mem_file file = write_zlib(disk, 0, false);

    (void)state;
    assert_true((entry_of(&file, 3) & QCOW2_COMPRESSED) == 0);
    assert_int_equal(entry_of(&file, 2), 0);
    free(file.bytes);
    free(disk);
}

/* Readers before zstd know the type without its bit; with a parent zeros are said, not left out. */
static void the_header_asks_for_nothing_new(void **state)
{
    uint8_t *disk = make_zlib_disk();
    struct mem_file file = write_zlib(disk, 0, true);
    const struct qcow2_disk_header *head = (const struct qcow2_disk_header *)file.bytes;
    struct sw_open_opts opts = {.top_only = true};
    struct sw_err err = {0};
    struct sw_image *img;

    (void)state;
    assert_int_equal(be64_get(head->incompatible), 0);
    assert_int_equal(head->compression, QCOW2_COMPRESSION_ZLIB);
    assert_int_equal(entry_of(&file, 2), QCOW2_ZERO);
    assert_ok(q_open(&file, &opts, &img, &err), err);
    assert_string_equal(img->parent_name, "base.raw");
    assert_string_equal(img->parent_format, "raw");
    assert_reads(img, disk, DISK);
    sw_image_close(img);
    free(file.bytes);
    free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_of_12_bits_is_enough_at_every_level),
        cmocka_unit_test(a_higher_level_makes_it_smaller),
        cmocka_unit_test(what_does_not_shrink_is_stored_plain),
        cmocka_unit_test(the_header_asks_for_nothing_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
