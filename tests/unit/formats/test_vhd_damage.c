/* Damaged and hostile VHDs: each field that is wrong is named, nothing is read as zeros. */
#include "formats/vhd/vhd_ondisk.h"
#include "src/base/endian.h"
#include "tests/unit/formats/vhd_edit.h"

enum { SIZE = (4 << 20) + 512 };

static const struct piece pieces[] = {{0, 5000}, {4 << 20, 512}};

/* A dynamic disk with its last block used; file->len is whole. */
static int make_dynamic(void **state)
{
    struct mem_file *file = calloc(1, sizeof(*file));
    struct sw_create_opts opts = {.size_bytes = SIZE};
    uint8_t *disk = make_disk(SIZE, pieces, 2);

    write_disk(file, "vhd", &opts, disk, true);
    free(disk);
    *state = file;
    return 0;
}

/* Sets a field of the dynamic header, or of both footers (which then agree), with right checksums. */
static void set(struct mem_file *file, bool footer, size_t off, uint64_t value, size_t bytes)
{
    uint8_t *places[] = {file->bytes + 512, file->bytes, file->bytes + file->len - 512};

    for (size_t i = footer ? 1 : 0; i < (footer ? 3u : 1u); i++) {
        for (size_t b = 0; b < bytes; b++)
            places[i][off + b] = (uint8_t)(value >> (8 * (bytes - 1 - b)));
        vhd_fix(places[i], footer ? 512 : 1024, footer ? 64 : 36);
    }
}

static void every_wrong_field_is_named(void **state)
{
    static const struct {
        bool footer;
        size_t off, bytes;
        uint64_t value;
        const char *part;
    } cases[] = {
        {true, 12, 4, 0x00020000, "version 0x00020000"},
        {true, 60, 4, 7, "disk type 7"},
        {true, 48, 8, 0, "current size 0"},
        {true, 48, 8, 1000, "current size 1000"},
        {true, 16, 8, 0, "data offset 0"},
        {true, 16, 8, UINT64_MAX, "data offset 18446744073709551615"},
        {true, 16, 8, 1024, "no 'cxsparse' header at 1024"},
        {false, 32, 4, 0, "block size 0"},
        {false, 32, 4, 3 << 20, "block size 3145728"},
        {false, 32, 4, 1u << 31, "block size 2147483648"},
        {false, 28, 4, 2, "max table entries 2"},
        {false, 28, 4, UINT32_MAX, "max table entries 4294967295"},
        {false, 16, 8, 0, "block table at 0"},
        {false, 16, 8, UINT64_MAX - 3, "block table at 18446744073709551612"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mem_file *file = *state, copy = {malloc(file->len), file->len};

        memcpy(copy.bytes, file->bytes, file->len);
        set(&copy, cases[i].footer, cases[i].off, cases[i].value, cases[i].bytes);
        assert_refused(copy.bytes, copy.len, "vhd", SW_INTEGRITY, cases[i].part);
        free(copy.bytes);
    }
}

static void a_giant_disk_claims_no_memory(void **state)
{
    struct mem_file *file = *state;

    set(file, true, 48, UINT64_C(1) << 60, 8);
    assert_refused(file->bytes, file->len, NULL, SW_REFUSED, "claims a disk of 1152921504606846976");
    set(file, true, 48, UINT64_C(1) << 40, 8);
    set(file, false, 32, 512, 4);
    set(file, false, 28, UINT32_C(1) << 31, 4);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "max table entries 2147483648");
}

static void table_entries_outside_of_the_file_are_refused(void **state)
{
    struct mem_file *file = *state;
    uint32_t sector = be32_get(file->bytes + 1536);

    be32_put(file->bytes + 1536, (uint32_t)(file->len / 512) - 2);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "block 0 at sector");
    be32_put(file->bytes + 1536, UINT32_MAX - 1);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "table entry at 1536");
    be32_put(file->bytes + 1536, 0);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "overlaps the tables");
    be32_put(file->bytes + 1536, 2);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "overlaps the tables");
    be32_put(file->bytes + 1536, sector);
}

/* 600 MB of disk in a file of one block. */
static void entries_that_share_a_block_are_refused(void **state)
{
    struct mem_file *file = *state;
    uint32_t sector = be32_get(file->bytes + 1536);

    set(file, true, 48, UINT64_C(300) << 21, 8);
    set(file, false, 28, 300, 4);
    set(file, false, 16, 2048, 8);
    for (size_t i = 0; i < 300; i++)
        be32_put(file->bytes + 2048 + i * 4, sector);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "300 blocks cannot lie in a file");
}

static void a_flipped_bit_in_footer_copy_or_header_is_found(void **state)
{
    struct mem_file *file = *state;
    size_t places[] = {100, 512 + 300, file->len - 512 + 100};

    for (size_t i = 0; i < 3; i++) {
        file->bytes[places[i]] ^= 0x10;
        assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "bad checksum");
        file->bytes[places[i]] ^= 0x10;
    }
}

static void a_copy_that_says_something_else_is_refused(void **state)
{
    struct mem_file *file = *state;

    be64_put(file->bytes + 48, SIZE - 512);
    vhd_fix(file->bytes, 512, 64);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "footer and its copy at 0 differ");
}

static void a_cut_file_is_called_truncated(void **state)
{
    struct mem_file *file = *state;

    assert_refused(file->bytes, file->len - 512, NULL, SW_INTEGRITY, "is truncated");
    assert_refused(file->bytes, file->len - 1000, "vhd", SW_INTEGRITY, "is truncated");
    assert_refused(file->bytes, 1536, NULL, SW_INTEGRITY, "is truncated");
    assert_refused(file->bytes, 511, NULL, SW_INTEGRITY, "is truncated");
    /* A footer at the end of half a file. */
    memmove(file->bytes + file->len / 2, file->bytes + file->len - 512, 512);
    assert_refused(file->bytes, file->len / 2 + 512, NULL, SW_INTEGRITY,
                   "ends after the file: it is truncated");
}

static void a_fixed_disk_that_is_too_short_is_refused(void **state)
{
    struct sw_create_opts opts = {.size_bytes = 1 << 20, .subformat = "fixed"};
    uint8_t *disk = make_disk(opts.size_bytes, pieces, 1);
    struct mem_file file = {0};

    (void)state;
    write_disk(&file, "vhd", &opts, disk, true);
    assert_refused(file.bytes + 512, file.len - 512, "vhd", SW_INTEGRITY, "a fixed disk of 1048576 bytes");
    free(file.bytes);
    free(disk);
}

static void a_parent_locator_is_bounded(void **state)
{
    struct mem_file *file = *state;

    set(file, true, 60, VHD_DIFFERENCING, 4);
    memcpy(file->bytes + 512 + 576, "W2ru", 4);
    set(file, false, 576 + 8, UINT32_MAX, 4);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "parent locator of 4294967295 bytes");
    set(file, false, 576 + 8, 8, 4);
    set(file, false, 576 + 16, UINT64_MAX - 2, 8);
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "is truncated");
    set(file, false, 576 + 16, 2048, 8);
    memcpy(file->bytes + 2048, "\x00\xd8\x41\x00", 4); /* half of a surrogate pair */
    assert_refused(file->bytes, file->len, NULL, SW_INTEGRITY, "not UTF-16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_wrong_field_is_named, make_dynamic, drop_file),
        cmocka_unit_test_setup_teardown(a_giant_disk_claims_no_memory, make_dynamic, drop_file),
        cmocka_unit_test_setup_teardown(table_entries_outside_of_the_file_are_refused, make_dynamic,
                                        drop_file),
        cmocka_unit_test_setup_teardown(entries_that_share_a_block_are_refused, make_dynamic, drop_file),
        cmocka_unit_test_setup_teardown(a_flipped_bit_in_footer_copy_or_header_is_found, make_dynamic,
                                        drop_file),
        cmocka_unit_test_setup_teardown(a_copy_that_says_something_else_is_refused, make_dynamic, drop_file),
        cmocka_unit_test_setup_teardown(a_cut_file_is_called_truncated, make_dynamic, drop_file),
        cmocka_unit_test(a_fixed_disk_that_is_too_short_is_refused),
        cmocka_unit_test_setup_teardown(a_parent_locator_is_bounded, make_dynamic, drop_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
