/* VHDX from hostile hands: every table's fields, blocks in each other's place, files cut at every boundary. */
#include "tests/unit/formats/vhdx_edit.h"

#define MIB ((uint64_t)EDIT_MIB)

/* Four bytes of the file, made wrong; the checksums of headers and region tables are made right again. */
struct edit {
    size_t at;
    uint32_t value;
    enum sw_code code;
    const char *part;
};

static void assert_edits_refused(const struct edit *edits, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t *disk = edit_disk();
        struct mem_file file = {0};

        edit_make(&file, disk);
        le32_put(file.bytes + edits[i].at, edits[i].value);
        if (edits[i].at < VHDX_REGIONS_AT) /* both headers alike, but for their sequence numbers */
            memcpy(file.bytes + VHDX_HEADER_AT + 16, file.bytes + 2 * VHDX_HEADER_AT + 16, 80);
        if (edits[i].at >= VHDX_REGIONS_AT && edits[i].at < MIB)
            memcpy(file.bytes + VHDX_REGIONS_AT + VHDX_REGIONS_BYTES, file.bytes + VHDX_REGIONS_AT,
                   VHDX_REGIONS_BYTES);
        edit_fix_headers(&file);
        edit_fix_regions(&file);
        assert_refused(file.bytes, file.len, NULL, edits[i].code, edits[i].part);
        free(file.bytes);
        free(disk);
    }
}
#define ASSERT_EDITS_REFUSED(edits) assert_edits_refused((edits), sizeof(edits) / sizeof((edits)[0]))

static void fields_of_the_header_are_checked(void **state)
{
    static const size_t at = 2 * VHDX_HEADER_AT;
    const struct edit edits[] = {
        {at + 66, 2, SW_REFUSED, "version 2 in the header"},
        {at + 68, EDIT_MIB + 4096, SW_INTEGRITY, "log length 1052672 in the header"},
        {at + 72, 4096, SW_INTEGRITY, "log offset 4096"},
        {at + 72, 0, SW_INTEGRITY, "log offset 0"},
        {at + 72, 7 << 20, SW_INTEGRITY, "is truncated: a log of 1048576 bytes at 7340032"},
        {at + 72, 3 << 20, SW_INTEGRITY, "overlaps the log"},
        {at + 76, 1, SW_INTEGRITY, "is truncated: a log"},
    };

    (void)state;
    ASSERT_EDITS_REFUSED(edits);
}

static void damaged_headers_are_refused(void **state)
{
    uint8_t *disk = edit_disk();
    struct mem_file file = {0};

    (void)state;
    edit_make(&file, disk);
    file.bytes[VHDX_HEADER_AT + 100] ^= 1;
    file.bytes[2 * VHDX_HEADER_AT + 100] ^= 1;
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY,
                   "neither header is valid: 'memory': bad checksum 0x");
    memset(file.bytes + VHDX_HEADER_AT, 0, 4);
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "no 'head' header at 65536");
    edit_make(&file, disk);
    le64_put(file.bytes + VHDX_HEADER_AT + 8, 2);
    file.bytes[VHDX_HEADER_AT + 16] ^= 1;
    edit_fix_headers(&file);
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "both headers have sequence number 2");
    free(file.bytes);
    free(disk);
}

static void fields_of_the_region_table_are_checked(void **state)
{
    static const size_t at = VHDX_REGIONS_AT, bat = VHDX_REGIONS_AT + 16, metadata = VHDX_REGIONS_AT + 48;
    const struct edit edits[] = {
        {at, 0, SW_INTEGRITY, "neither region table is valid: 'memory': no 'regi' table at 196608"},
        {at + 8, 2048, SW_INTEGRITY, "2048 entries in the region table at 196608"},
        {at + 8, UINT32_MAX, SW_INTEGRITY, "4294967295 entries in the region table"},
        {at + 8, 0, SW_INTEGRITY, "the region table has no block table"},
        {at + 8, 1, SW_INTEGRITY, "the region table has no metadata"},
        {at + 8, 3, SW_INTEGRITY, "region 2 of 0 bytes at 0"},
        {bat, 0, SW_REFUSED, "region 0 at 3145728 is required, and not known"},
        {bat + 16, (3 << 20) + 4096, SW_INTEGRITY, "region 0 of 1048576 bytes at 3149824"},
        {bat + 16, 0, SW_INTEGRITY, "region 0 of 1048576 bytes at 0"},
        {bat + 16, 7 << 20, SW_INTEGRITY, "region 0 of 1048576 bytes at 7340032"},
        {bat + 20, 0x80000000, SW_INTEGRITY, "region 0 of 1048576 bytes at 9223372036857921536"},
        {bat + 24, 4096, SW_INTEGRITY, "region 0 of 4096 bytes"},
        {bat + 24, 5 << 20, SW_INTEGRITY, "region 0 of 5242880 bytes"},
        {metadata + 16, 1 << 20, SW_INTEGRITY, "no 'metadata' table at 1048576"},
    };

    (void)state;
    ASSERT_EDITS_REFUSED(edits);
}

static void a_region_that_is_not_required_is_passed_over(void **state)
{
    uint8_t *disk = edit_disk();
    struct mem_file file = {0};
    uint8_t *region;

    (void)state;
    edit_make(&file, disk);
    edit_grow(&file, 8 * MIB);
    region = file.bytes + VHDX_REGIONS_AT + 16 + 2 * 32;
    le32_put(file.bytes + VHDX_REGIONS_AT + 8, 3);
    memset(region, 7, 16);
    le64_put(region + 16, 7 * MIB);
    le32_put(region + 24, MIB);
    edit_fix_regions(&file);
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    le64_put(region + 16, 2 * MIB); /* over the metadata */
    memcpy(file.bytes + VHDX_REGIONS_AT + VHDX_REGIONS_BYTES, file.bytes + VHDX_REGIONS_AT,
           VHDX_REGIONS_BYTES);
    edit_fix_regions(&file);
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "region 2 at 2097152 overlaps");
    memcpy(region, region - 32, 16); /* the metadata a second time */
    edit_fix_regions(&file);
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "region 2, the metadata, is there twice");
    free(file.bytes);
    free(disk);
}

static void fields_of_the_metadata_are_checked(void **state)
{
    static const size_t at = EDIT_METADATA, first = EDIT_METADATA + 32, items = EDIT_ITEMS;
    const struct edit edits[] = {
        {at, 0, SW_INTEGRITY, "no 'metadata' table at 2097152"},
        {at + 8, 2048u << 16, SW_INTEGRITY, "2048 entries in the metadata at 2097152"},
        {at + 8, 0, SW_INTEGRITY, "the metadata at 2097152 has no file parameters"},
        {at + 8, 1 << 16, SW_INTEGRITY, "has no virtual disk size"},
        {at + 8, 2 << 16, SW_INTEGRITY, "has no logical sector size"},
        {first, 1, SW_REFUSED, "the metadata entry at 2097184 is required, and not known"},
        {first + 16, 4096, SW_INTEGRITY, "file parameters at 4096"},
        {first + 16, EDIT_MIB - 4, SW_INTEGRITY, "file parameters at 1048572"},
        {first + 16, UINT32_MAX, SW_INTEGRITY, "file parameters at 4294967295"},
        {first + 20, 4, SW_INTEGRITY, "file parameters of 4 bytes"},
        {first + 20, UINT32_MAX, SW_INTEGRITY, "file parameters of 4294967295 bytes"},
        {first + 24, 5, SW_REFUSED, "is required, and not known"}, /* a user's item */
        {items, 0, SW_INTEGRITY, "block size 0 in the metadata at 2162688"},
        {items, 3 << 20, SW_INTEGRITY, "block size 3145728"},
        {items, 512 << 10, SW_INTEGRITY, "block size 524288"},
        {items, 512 << 20, SW_INTEGRITY, "block size 536870912"},
        {items + 4, 4, SW_REFUSED, "flags 0x4 of the file parameters at 2162688"},
        {items + 4, 2, SW_INTEGRITY, "has no parent locator"},
        {items + 8, 0, SW_INTEGRITY, "virtual disk size 0"},
        {items + 8, 511, SW_INTEGRITY, "virtual disk size 511"},
        {items + 12, 0x4001, SW_INTEGRITY, "up to 64 TiB"},
        {items + 12, 0x4000 - 1, SW_INTEGRITY, "block table of 1048576 bytes at 3145728"},
        {items + 16, 0, SW_INTEGRITY, "logical sector size 0"},
        {items + 16, 1024, SW_INTEGRITY, "logical sector size 1024"},
        {items + 16, 4096, SW_INTEGRITY, "is not whole sectors of 4096"},
    };

    (void)state;
    ASSERT_EDITS_REFUSED(edits);
}

static void an_item_that_is_there_twice_is_refused(void **state)
{
    uint8_t *disk = edit_disk();
    struct mem_file file = {0};

    (void)state;
    edit_make(&file, disk);
    le16_put(file.bytes + EDIT_METADATA + 10, 6);
    memcpy(file.bytes + EDIT_METADATA + 6 * 32, file.bytes + EDIT_METADATA + 2 * 32, 32);
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "virtual disk size is there twice");
    free(file.bytes);
    free(disk);
}

static void entries_of_the_block_table_are_checked(void **state)
{
    static const size_t bat = EDIT_BAT;
    const struct edit edits[] = {
        {bat, 4 << 20 | 4, SW_INTEGRITY, "0x0000000000400004 at 3145728 has a state that is not known"},
        {bat, 4 << 20 | 7, SW_INTEGRITY, "partially present, without a parent"},
        {bat, 4 << 20 | 4096 | 6, SW_INTEGRITY, "has reserved bits set"},
        {bat, 6, SW_INTEGRITY, "points at the headers"},
        {bat, 1 << 20 | 6, SW_INTEGRITY, "lies over a table or another block"}, /* the log */
        {bat, 2 << 20 | 6, SW_INTEGRITY, "lies over a table"},                  /* the metadata */
        {bat, 3 << 20 | 6, SW_INTEGRITY, "lies over a table"},                  /* itself */
        {bat, 5 << 20 | 6, SW_INTEGRITY, "at 3145744 lies over a table or another block"},
        {bat + 8, 6 << 20 | 6, SW_INTEGRITY, "at 3145760 lies over a table or another block"},
        {bat, 7 << 20 | 6, SW_INTEGRITY, "ends after the file: it is truncated"},
        {bat + 4, 0x80000000, SW_INTEGRITY, "ends after the file"},
        {bat + 4 * 8 + 4, UINT32_MAX, SW_INTEGRITY, "0xffffffff00600006"},
    };

    (void)state;
    ASSERT_EDITS_REFUSED(edits);
}

/* Of a table that is larger than the disk needs, the rest means nothing. */
static void entries_behind_the_disk_are_not_looked_at(void **state)
{
    uint8_t *disk = edit_disk();
    struct mem_file file = {0};

    (void)state;
    edit_make(&file, disk);
    edit_entry(&file, 5, UINT64_MAX);
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    free(file.bytes);
    free(disk);
}

static void a_file_cut_at_any_boundary_is_refused(void **state)
{
    static const size_t cuts[] = {8,       65536,        65537,      69632,       131072,      135167,
                                  196608,  262144,       MIB - 1,    MIB,         MIB + 4096,  2 * MIB - 1,
                                  2 * MIB, 2 * MIB + 32, EDIT_ITEMS, 3 * MIB - 1, 3 * MIB + 8, 4 * MIB - 1,
                                  4 * MIB, 5 * MIB,      6 * MIB};
    uint8_t *disk = edit_disk();
    struct mem_file file = {0};

    (void)state;
    edit_make(&file, disk);
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        uint8_t *exact = malloc(cuts[i]); /* so that a sanitizer sees a read behind it */

        memcpy(exact, file.bytes, cuts[i]);
        assert_refused(exact, cuts[i], "vhdx", SW_INTEGRITY,
                       cuts[i] < MIB       ? "is truncated: "
                       : cuts[i] < 4 * MIB ? "m"
                                           : "ends after the file");
        free(exact);
    }
    free(file.bytes);
    free(disk);
}

static void a_disk_above_the_callers_limit_is_refused(void **state)
{
    struct sw_open_opts opts = {.max_virtual_bytes = EDIT_SIZE - 1};
    uint8_t *disk = edit_disk();
    struct mem_file file = {0};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    edit_make(&file, disk);
    assert_failed(sw_image_open(mem_in(file.bytes, file.len), NULL, &opts, &img, &err), err, SW_REFUSED,
                  "at most 4195839");
    free(file.bytes);
    free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_the_header_are_checked),
        cmocka_unit_test(damaged_headers_are_refused),
        cmocka_unit_test(fields_of_the_region_table_are_checked),
        cmocka_unit_test(a_region_that_is_not_required_is_passed_over),
        cmocka_unit_test(fields_of_the_metadata_are_checked),
        cmocka_unit_test(an_item_that_is_there_twice_is_refused),
        cmocka_unit_test(entries_of_the_block_table_are_checked),
        cmocka_unit_test(entries_behind_the_disk_are_not_looked_at),
        cmocka_unit_test(a_file_cut_at_any_boundary_is_refused),
        cmocka_unit_test(a_disk_above_the_callers_limit_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
