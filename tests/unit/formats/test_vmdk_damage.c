/* Damaged and hostile VMDKs: what is wrong is named with its value and place, nothing is read as zeros. */
#include "tests/unit/formats/vmdk_edit.h"

#include <libdeflate.h>

enum { SIZE = 3 * GRAIN_BYTES };

static uint8_t *disk_of(void)
{
    const struct piece all = {0, SIZE};

    return make_disk(SIZE, &all, 1);
}

static int make_stream(void **state)
{
    struct mem_file *file = calloc(1, sizeof(*file));
    struct sw_create_opts opts = {.size_bytes = SIZE};
    uint8_t *disk = disk_of();

    write_disk(file, "vmdk", &opts, disk, false);
    free(disk);
    *state = file;
    return 0;
}

static int make_sparse(void **state)
{
    struct mem_file *file = calloc(1, sizeof(*file));
    uint8_t *disk = disk_of();

    hand_sparse(file, 1, VMDK_FLAG_NEWLINES, disk, SIZE);
    free(disk);
    *state = file;
    return 0;
}

static void every_wrong_header_field_is_named(void **state)
{
    static const struct {
        size_t off, bytes;
        uint64_t value;
        enum sw_code code;
        const char *part;
    } cases[] = {
        {4, 4, 0, SW_INTEGRITY, "version 0 (0x0) in the header at 4 is not known"},
        {4, 4, 4, SW_INTEGRITY, "version 4"},
        {8, 4, 0x40001, SW_INTEGRITY, "flags 262145 (0x40001)"},
        {8, 4, 0x20001, SW_INTEGRITY, "flags 131073"},
        {8, 4, 0x10001, SW_INTEGRITY, "compression algorithm 0"},
        {12, 8, 0, SW_REFUSED, "capacity 0"},
        {12, 8, UINT64_MAX, SW_INTEGRITY, "capacity 18446744073709551615"},
        {12, 8, UINT64_C(1) << 37, SW_INTEGRITY, "the descriptor says 384 sectors"},
        {20, 8, 0, SW_INTEGRITY, "grain size 0"},
        {20, 8, 100, SW_INTEGRITY, "grain size 100"},
        {20, 8, UINT64_C(1) << 63, SW_INTEGRITY, "grain size 9223372036854775808"},
        {28, 8, 0, SW_REFUSED, "no descriptor"},
        {28, 8, UINT64_MAX / 2, SW_INTEGRITY, "descriptor offset 9223372036854775807"},
        {36, 8, 0, SW_INTEGRITY, "descriptor size 0"},
        {36, 8, UINT64_C(1) << 40, SW_INTEGRITY, "descriptor size 1099511627776"},
        {44, 4, 0, SW_INTEGRITY, "table entries per table 0"},
        {44, 4, 1u << 30, SW_INTEGRITY, "table entries per table 1073741824"},
        {56, 8, 0, SW_INTEGRITY, "sector 0 is not in the file"},
        {56, 8, UINT64_MAX - 1, SW_INTEGRITY, "sector 18446744073709551614 is not in the file"},
        {64, 8, UINT64_C(1) << 40, SW_INTEGRITY, "overhead 1099511627776"},
        {73, 4, 0x0a0d0a0a, SW_INTEGRITY, "transferred in text mode"},
        {77, 2, 1, SW_INTEGRITY, "compression algorithm 1"},
    };
    const struct mem_file *file = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t saved[8];

        memcpy(saved, file->bytes + cases[i].off, 8);
        for (size_t b = 0; b < cases[i].bytes; b++)
            file->bytes[cases[i].off + b] = (uint8_t)(cases[i].value >> (8 * b));
        assert_refused(file->bytes, file->len, "vmdk", cases[i].code, cases[i].part);
        memcpy(file->bytes + cases[i].off, saved, 8);
    }
}

/* A disk of 64 TiB in 4 KiB grains needs a directory of 32 Mi entries: refused before memory is taken. */
static void a_giant_directory_is_refused(void **state)
{
    const struct mem_file *file = *state;

    le64_put(file->bytes + 12, UINT64_C(1) << 37);
    le64_put(file->bytes + 20, 8);
    hand_descriptor(file->bytes, "monolithicSparse", UINT64_C(1) << 37, "");
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "a grain directory of 33554432 entries");
}

static void entries_outside_of_the_file_are_refused(void **state)
{
    const struct mem_file *file = *state;
    uint8_t *gde = file->bytes + HAND_GD_AT * 512, *gte = hand_gte(file, 1);
    uint32_t sector = le32_get(gte);

    le32_put(gte, (uint32_t)(file->len / 512) - 1);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "grain 1 at sector");
    le32_put(gte, UINT32_MAX);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "table entry at 11268) ends after the file");
    le32_put(gte, HAND_OVERHEAD - 1);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "lies within the tables");
    le32_put(gte, sector);
    le32_put(gde, UINT32_MAX);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY,
                   "grain table 0 at sector 4294967295 (directory entry at 10752)");
    le32_put(gde, (uint32_t)(file->len / 512) - 3);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "it is truncated");
}

/* Disks of 32 MiB, and of 512 GiB, in a file of three grains. */
static void entries_that_share_a_place_are_refused(void **state)
{
    const struct mem_file *file = *state;

    le64_put(file->bytes + 12, 65536);
    hand_descriptor(file->bytes, "monolithicSparse", 65536, "");
    for (size_t i = 0; i < 512; i++)
        le32_put(hand_gte(file, i), HAND_OVERHEAD);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "511 grains cannot lie in a file of");
    le64_put(file->bytes + 12, UINT64_C(1) << 30);
    hand_descriptor(file->bytes, "monolithicSparse", UINT64_C(1) << 30, "");
    le64_put(file->bytes + 56, HAND_OVERHEAD);
    for (size_t i = 0; i < GRAIN_BYTES / 4; i++)
        le32_put(file->bytes + HAND_OVERHEAD * 512 + i * 4, HAND_GT_AT);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "grain tables cannot lie in a file of");
}

static void footers_that_do_not_fit_are_refused(void **state)
{
    const struct mem_file *file = *state;
    struct vmdk_header *footer = stream_footer(file);
    uint8_t *marker = (uint8_t *)footer - 512, *eos = (uint8_t *)footer + 512;

    marker[12] = VMDK_MARKER_GD;
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "no footer marker");
    marker[12] = VMDK_MARKER_FOOTER;
    eos[100] = 1;
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "no end-of-stream marker");
    eos[100] = 0;
    le64_put(footer->capacity, SIZE / 512 + 1);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "does not agree with the header");
    le64_put(footer->capacity, SIZE / 512);
    le64_put(footer->gd_offset, VMDK_GD_AT_END);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "does not agree with the header");
}

/* Reading grain 1 fails; opening does not. */
static void assert_grain_fails(const struct mem_file *file, const char *part)
{
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    uint8_t buf[512];

    assert_ok(sw_image_open(mem_in(file->bytes, file->len), NULL, NULL, &img, &err), err);
    assert_failed(sw_image_pread(img, buf, sizeof(buf), GRAIN_BYTES, &err), err, SW_INTEGRITY, part);
    assert_non_null(strstr(err.text, "grain 1 at "));
    assert_ok(sw_image_pread(img, buf, sizeof(buf), 0, &err), err);
    sw_image_close(img);
}

static void a_damaged_grain_is_never_zeros(void **state)
{
    const struct mem_file *file = *state;
    uint8_t *grain = stream_grain(file, 1);
    uint32_t len = le32_get(grain + 8);

    grain[0] ^= 1;
    assert_grain_fails(file, "another grain's address");
    grain[0] ^= 1;
    le32_put(grain + 8, 0);
    assert_grain_fails(file, "compressed size that no grain can have");
    le32_put(grain + 8, UINT32_MAX);
    assert_grain_fails(file, "compressed size that no grain can have");
    le32_put(grain + 8, 100000);
    assert_grain_fails(file, "ends after the file");
    le32_put(grain + 8, len / 2);
    assert_grain_fails(file, "does not inflate");
    le32_put(grain + 8, len);
    grain[12 + len - 1] ^= 0x40; /* the checksum at the end of the stream */
    assert_grain_fails(file, "does not inflate");
}

/* Puts a stream of n zeros in place of grain 1. */
static void replace_grain(const struct mem_file *file, size_t n)
{
    struct libdeflate_compressor *deflate = libdeflate_alloc_compressor(6);
    uint8_t *zeros = calloc(1, n), *grain = stream_grain(file, 1);

    le32_put(grain + 8, (uint32_t)libdeflate_zlib_compress(deflate, zeros, n, grain + 12, 500));
    assert_int_not_equal(le32_get(grain + 8), 0);
    free(zeros);
    libdeflate_free_compressor(deflate);
}

static void a_grain_that_inflates_to_another_length_is_refused(void **state)
{
    const struct mem_file *file = *state;

    replace_grain(file, GRAIN_BYTES + 1);
    assert_grain_fails(file, "does not inflate to a grain");
    replace_grain(file, 300000); /* a bomb is stopped at one grain */
    assert_grain_fails(file, "does not inflate to a grain");
    replace_grain(file, GRAIN_BYTES - 512);
    assert_grain_fails(file, "inflates to less than a grain");
}

static void kinds_that_are_not_read_are_refused_by_name(void **state)
{
    static const char *const types[] = {"monolithicFlat",   "twoGbMaxExtentSparse", "vmfs",   "vmfsSparse",
                                        "seSparse",         "fullDevice",           "custom", "vmfsRDM",
                                        "partitionedDevice"};
    const struct mem_file *file = *state;
    char text[1024];

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        snprintf(text, sizeof(text), "is a '%s' VMDK", types[i]);
        hand_descriptor(file->bytes, types[i], SIZE / 512, "");
        assert_refused(file->bytes, file->len, NULL, SW_REFUSED, text);
        snprintf(text, sizeof(text), "descriptor of a '%s' VMDK", types[i]);
        assert_refused(file->bytes + 512, 20 * 512, NULL, SW_REFUSED, text);
    }
    hand_descriptor(file->bytes, "monolithicSparse", SIZE / 512, "RW 384 FLAT \"/etc/passwd\" 0\n");
    assert_refused(file->bytes, file->len, NULL, SW_REFUSED, "2 extents (the last is 'FLAT')");
    hand_descriptor(file->bytes, "monolithicSparse", SIZE / 512 + 1, "");
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "says 385 sectors");
    memcpy(file->bytes, "kdmv", 4);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "left unfinished");
    memcpy(file->bytes, "COWD", 4);
    assert_refused(file->bytes, file->len, NULL, SW_REFUSED, "vmfsSparse");
    memcpy(file->bytes, "\xbe\xba\xfe\xca\0\0\0\0", 8);
    assert_refused(file->bytes, file->len, NULL, SW_REFUSED, "seSparse");
}

static void cut(const struct mem_file *file)
{
    for (size_t len = 0; len < file->len; len += len < 2048 ? 64 : 509) {
        struct sw_image *img = NULL;
        struct sw_err err = {0};

        if (sw_image_open(mem_in(file->bytes, len), NULL, NULL, &img, &err) == 0)
            fail_msg("opened with %zu of %zu bytes", len, file->len);
    }
}

static void a_cut_file_does_not_open(void **state)
{
    cut(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_wrong_header_field_is_named, make_sparse, drop_file),
        cmocka_unit_test_setup_teardown(a_giant_directory_is_refused, make_sparse, drop_file),
        cmocka_unit_test_setup_teardown(entries_outside_of_the_file_are_refused, make_sparse, drop_file),
        cmocka_unit_test_setup_teardown(entries_that_share_a_place_are_refused, make_sparse, drop_file),
        cmocka_unit_test_setup_teardown(footers_that_do_not_fit_are_refused, make_stream, drop_file),
        cmocka_unit_test_setup_teardown(a_damaged_grain_is_never_zeros, make_stream, drop_file),
        cmocka_unit_test_setup_teardown(a_grain_that_inflates_to_another_length_is_refused, make_stream,
                                        drop_file),
        cmocka_unit_test_setup_teardown(kinds_that_are_not_read_are_refused_by_name, make_sparse, drop_file),
        cmocka_unit_test_setup_teardown(a_cut_file_does_not_open, make_stream, drop_file),
        cmocka_unit_test_setup_teardown(a_cut_file_does_not_open, make_sparse, drop_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
