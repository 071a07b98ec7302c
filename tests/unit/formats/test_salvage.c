/* Opening what is cut: refused as ever without the option; with it a warning, and errors only where bytes are lost. */
#include "tests/unit/formats/vhd_edit.h"
#include "tests/unit/formats/vmdk_edit.h"

enum { GRAINS = 5, SIZE = GRAINS * GRAIN_BYTES, BIG = 3 * (2 << 20) };

static uint8_t *full_disk(uint64_t size)
{
    const struct piece all = {0, (size_t)size};

    return make_disk(size, &all, 1);
}

static struct sw_image *open_cut(const struct mem_file *file, size_t len, const char *format)
{
    struct sw_open_opts opts = {.salvage = true};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    assert_ok(sw_image_open(mem_in(file->bytes, len), format, &opts, &img, &err), err);
    return img;
}

/* [off, off + len) reads as the disk does. */
static void assert_part(struct sw_image *img, const uint8_t *disk, uint64_t off, size_t len)
{
    uint8_t *got = malloc(len);
    struct sw_err err = {0};

    assert_ok(sw_image_pread(img, got, len, off, &err), err);
    assert_memory_equal(got, disk + off, len);
    free(got);
}

static void assert_lost(struct sw_image *img, uint64_t off, size_t len, const char *part)
{
    uint8_t *got = malloc(len);
    struct sw_err err = {0};

    assert_failed(sw_image_pread(img, got, len, off, &err), err, SW_INTEGRITY, part);
    free(got);
}

static void a_sparse_vmdk_is_read_to_the_sector_before_the_cut(void **state)
{
    uint8_t *disk = full_disk(SIZE);
    struct mem_file file;
    struct sw_image *img;
    size_t len;

    (void)state;
    hand_sparse(&file, 1, VMDK_FLAG_NEWLINES, disk, SIZE);
    len = file.len - GRAIN_BYTES - 1000; /* grains lie in reverse order: 0 is lost, 1 in part */
    assert_refused(file.bytes, len, "vmdk", SW_INTEGRITY, "truncated");
    img = open_cut(&file, len, "vmdk");
    assert_part(img, disk, 2 * GRAIN_BYTES, 3 * GRAIN_BYTES);
    assert_part(img, disk, GRAIN_BYTES, GRAIN_BYTES - 1024);
    assert_lost(img, 2 * GRAIN_BYTES - 1024, 1024, "truncated");
    assert_lost(img, 0, 512, "truncated");
    sw_image_close(img);
    free(file.bytes);
    free(disk);
}

static void a_vmdk_whose_table_is_cut_off_warns_and_loses_what_it_maps(void **state)
{
    uint8_t *disk = full_disk(SIZE);
    struct mem_file file;
    struct sw_image *img;
    struct sw_extent extent;
    struct sw_err err = {0};

    (void)state;
    hand_sparse(&file, 1, VMDK_FLAG_NEWLINES, disk, SIZE);
    le32_put(file.bytes + HAND_GD_AT * 512, 1 << 20);
    assert_refused(file.bytes, file.len, "vmdk", SW_INTEGRITY, "grain table 0 at sector 1048576");
    img = open_cut(&file, file.len, "vmdk");
    assert_string_equal(img->warnings[0], "the file is cut: 1 grain tables lie after its end");
    assert_failed(sw_image_next_extent(img, 0, &extent, &err), err, SW_INTEGRITY, "truncated");
    assert_lost(img, 0, 512, "truncated");
    sw_image_close(img);
    free(file.bytes);
    free(disk);
}

static void a_vmdk_grain_that_leads_into_the_tables_is_lost_alone(void **state)
{
    uint8_t *disk = full_disk(SIZE);
    struct mem_file file;
    struct sw_image *img;

    (void)state;
    hand_sparse(&file, 1, VMDK_FLAG_NEWLINES, disk, SIZE);
    le32_put(hand_gte(&file, 2), 5);
    assert_refused(file.bytes, file.len, "vmdk", SW_INTEGRITY, "lies within the tables");
    img = open_cut(&file, file.len, "vmdk");
    assert_part(img, disk, 0, 2 * GRAIN_BYTES);
    assert_lost(img, 2 * GRAIN_BYTES, 512, "grain 2 at 2560 lies within the tables");
    assert_lost(img, 3 * GRAIN_BYTES - 512, 512, "lies within the tables");
    assert_part(img, disk, 3 * GRAIN_BYTES, 2 * GRAIN_BYTES);
    sw_image_close(img);
    free(file.bytes);
    free(disk);
}

static void a_stream_whose_entries_lead_nowhere_loses_these_grains(void **state)
{
    struct sw_create_opts opts = {.size_bytes = SIZE};
    uint8_t *disk = full_disk(SIZE);
    struct mem_file file = {0};
    struct sw_image *img;

    (void)state;
    write_disk(&file, "vmdk", &opts, disk, false);
    le32_put(stream_gte(&file, 1), 1 << 30);
    le32_put(stream_gte(&file, 3), 7);
    assert_refused(file.bytes, file.len, "vmdk", SW_INTEGRITY, "grain 1 at sector 1073741824");
    img = open_cut(&file, file.len, "vmdk");
    assert_part(img, disk, 0, GRAIN_BYTES);
    assert_lost(img, GRAIN_BYTES, 512, "begins after the file: it is truncated");
    assert_part(img, disk, 2 * GRAIN_BYTES, GRAIN_BYTES);
    assert_lost(img, 3 * GRAIN_BYTES, GRAIN_BYTES, "grain 3 at 3584 lies within the tables");
    assert_part(img, disk, 4 * GRAIN_BYTES, GRAIN_BYTES);
    sw_image_close(img);
    free(file.bytes);
    free(disk);
}

static void a_vhd_that_lost_its_end_is_opened_by_the_copy_of_its_footer(void **state)
{
    struct sw_create_opts opts = {.size_bytes = BIG};
    uint8_t *disk = full_disk(BIG);
    struct mem_file file = {0};
    struct sw_image *img;
    size_t len;

    (void)state;
    write_disk(&file, "vhd", &opts, disk, true);
    len = file.len - 512 - (2 << 20) - 4096; /* the last block is lost, and some of the one before */
    assert_refused(file.bytes, len, "vhd", SW_INTEGRITY, "no VHD footer");
    img = open_cut(&file, len, "vhd");
    assert_string_equal(img->warnings[0], "it has no good footer at its end: its copy at 0 is taken");
    assert_string_equal(img->warnings[1], "the file is cut: 1 blocks lie after its end");
    assert_part(img, disk, 0, 4 << 20);
    assert_lost(img, 4 << 20, 512, "truncated");
    sw_image_close(img);
    file.bytes[100] ^= 1; /* the copy no longer sums up */
    assert_refused(file.bytes, len, "vhd", SW_INTEGRITY, "no VHD footer");
    free(file.bytes);
    free(disk);
}

static void a_vhd_block_over_the_tables_is_refused_for_salvage_too(void **state)
{
    struct sw_create_opts opts = {.size_bytes = BIG};
    struct sw_open_opts salvage = {.salvage = true};
    uint8_t *disk = full_disk(BIG);
    struct mem_file file = {0};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    write_disk(&file, "vhd", &opts, disk, true);
    be32_put(file.bytes + 1536, 1);
    assert_failed(sw_image_open(mem_in(file.bytes, file.len), "vhd", &salvage, &img, &err), err, SW_INTEGRITY,
                  "overlaps the tables");
    free(file.bytes);
    free(disk);
}

static void a_qcow2_whose_l2_table_is_cut_off_warns_and_loses_what_it_maps(void **state)
{
    enum { CLUSTER = 512, TABLE_COVERS = CLUSTER / 8 * CLUSTER };
    struct sw_create_opts opts = {
        .size_bytes = (uint64_t)4 * TABLE_COVERS, .unit_bytes = CLUSTER, .subformat = "plain"};
    uint8_t *disk = full_disk(opts.size_bytes);
    struct mem_file file = {0};
    struct sw_image *img;
    uint64_t l1;

    (void)state;
    write_disk(&file, "qcow2", &opts, disk, true);
    l1 = be64_get(file.bytes + 40);
    be64_put(file.bytes + l1 + 8, UINT64_C(1) << 63 | UINT64_C(1) << 40);
    assert_refused(file.bytes, file.len, "qcow2", SW_INTEGRITY, "L2 table lies beyond the end");
    img = open_cut(&file, file.len, "qcow2");
    assert_string_equal(img->warnings[0], "the file is cut: 1 L2 tables lie after its end");
    assert_part(img, disk, 0, TABLE_COVERS);
    assert_lost(img, TABLE_COVERS, 512, "truncated");
    assert_part(img, disk, 2 * TABLE_COVERS, 2 * TABLE_COVERS);
    sw_image_close(img);
    free(file.bytes);
    free(disk);
}

static void a_qcow2_extent_ends_before_damage(void **state)
{
    enum { CLUSTER = 64 << 10 };
    struct sw_create_opts opts = {.size_bytes = (uint64_t)8 * CLUSTER, .subformat = "plain"};
    uint8_t *disk = full_disk(opts.size_bytes);
    struct mem_file file = {0};
    struct sw_image *img = NULL;
    struct sw_extent extent;
    struct sw_err err = {0};
    uint64_t l2;

    (void)state;
    write_disk(&file, "qcow2", &opts, disk, true);
    l2 = be64_get(file.bytes + be64_get(file.bytes + 40)) & 0x00fffffffffffe00;
    be64_put(file.bytes + l2 + 24, UINT64_C(1) << 63 | UINT64_C(1) << 40);
    assert_ok(sw_image_open(mem_in(file.bytes, file.len), "qcow2", NULL, &img, &err), err);
    assert_ok(sw_image_next_extent(img, 0, &extent, &err), err);
    assert_int_equal(extent.len, 3 * CLUSTER);
    assert_failed(sw_image_next_extent(img, 3 * CLUSTER, &extent, &err), err, SW_INTEGRITY, "L2 entry 3");
    sw_image_close(img);
    free(file.bytes);
    free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sparse_vmdk_is_read_to_the_sector_before_the_cut),
        cmocka_unit_test(a_vmdk_whose_table_is_cut_off_warns_and_loses_what_it_maps),
        cmocka_unit_test(a_vmdk_grain_that_leads_into_the_tables_is_lost_alone),
        cmocka_unit_test(a_stream_whose_entries_lead_nowhere_loses_these_grains),
        cmocka_unit_test(a_vhd_that_lost_its_end_is_opened_by_the_copy_of_its_footer),
        cmocka_unit_test(a_vhd_block_over_the_tables_is_refused_for_salvage_too),
        cmocka_unit_test(a_qcow2_whose_l2_table_is_cut_off_warns_and_loses_what_it_maps),
        cmocka_unit_test(a_qcow2_extent_ends_before_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
