/* monolithicSparse as it is written: VMware's layout field by field. */
#include "formats/vmdk/vmdk.h"
#include "tests/unit/formats/vmdk_edit.h"

enum { MIB = 1 << 20 };
/* The second grain table (of 32 MiB) stays empty, the last grain is short. */
#define SIZE ((uint64_t)(70 * MIB) + 3 * 512)

static const struct piece pieces[] = {
    {0, 100}, {3 * GRAIN_BYTES + 700, 2 * GRAIN_BYTES}, {68 * MIB, 512}, {70 * MIB + 1024, 512}};
static const uint64_t want[] = {0, 3, 4, 5, 1088, 1120}; /* grains with data */

static const struct sw_create_opts opts = {
    .size_bytes = SIZE, .subformat = "monolithicSparse", .epoch = 1700000000};

static uint8_t *disk_of(void)
{
    return make_disk(SIZE, pieces, sizeof(pieces) / sizeof(pieces[0]));
}

static void make(struct mem_file *file)
{
    uint8_t *disk = disk_of();

    write_disk(file, "vmdk", &opts, disk, true);
    free(disk);
}

static void the_header_is_vmwares(void **state)
{
    struct mem_file file = {0};
    const struct vmdk_header *h;

    (void)state;
    make(&file);
    h = stream_header(&file);
    assert_memory_equal(h->magic, "KDMV", 4);
    assert_int_equal(le32_get(h->version), 1);
    assert_int_equal(le32_get(h->flags), 3);
    assert_int_equal(le64_get(h->capacity), SIZE / 512);
    assert_int_equal(le64_get(h->grain_size), 128);
    assert_int_equal(le64_get(h->descriptor_offset), 1);
    assert_int_equal(le64_get(h->descriptor_size), 20);
    assert_int_equal(le32_get(h->gtes_per_gt), 512);
    assert_int_equal(le64_get(h->rgd_offset), 21);
    assert_int_equal(le64_get(h->gd_offset), 21 + 1 + 3 * 4);
    assert_int_equal(le64_get(h->overhead), 128);
    assert_int_equal(h->unclean_shutdown[0], 0);
    assert_memory_equal(h->newlines, "\n \r\n", 4);
    assert_int_equal(le16_get(h->compress_algorithm), 0);
    assert_true(all_zero(h->pad, sizeof(h->pad)));
    free(file.bytes);
}

static void both_directories_hold_all_tables_and_grains_ascend(void **state)
{
    static const uint64_t directories[] = {21, 34};
    struct mem_file file = {0};

    (void)state;
    make(&file);
    for (size_t d = 0; d < 2; d++) {
        uint64_t seen = 0;

        for (uint64_t gt = 0; gt < 3; gt++) {
            uint32_t at = le32_get(file.bytes + directories[d] * 512 + gt * 4);

            assert_int_equal(at, directories[d] + 1 + gt * 4);
            for (uint64_t i = 0; i < 512; i++) {
                uint32_t gte = le32_get(file.bytes + (size_t)at * 512 + i * 4);
                bool data = seen < 6 && gt * 512 + i == want[seen];

                assert_int_equal(gte, data ? 128 + seen * 128 : 0);
                seen += data;
            }
        }
        assert_int_equal(seen, 6);
        assert_true(all_zero(file.bytes + directories[d] * 512 + 12, 500));
    }
    assert_int_equal(file.len, (128 + 6 * 128) * 512);
    free(file.bytes);
}

static void what_is_written_reads_back_and_is_always_the_same(void **state)
{
    struct mem_file file = {0}, again = {0};
    uint8_t *disk = disk_of();

    (void)state;
    make(&file);
    make(&again);
    assert_disk_reads(&file, NULL, disk, SIZE);
    assert_int_equal(file.len, again.len);
    assert_memory_equal(file.bytes, again.bytes, file.len);
    free(file.bytes);
    free(again.bytes);
    free(disk);
}

static void the_descriptor_is_one_others_take(void **state)
{
    struct mem_file file = {0};
    const char *text;

    (void)state;
    make(&file);
    text = (const char *)file.bytes + 512;
    assert_non_null(strstr(text, "# Disk DescriptorFile\nversion=1\nCID="));
    assert_non_null(strstr(text, "\nparentCID=ffffffff\ncreateType=\"monolithicSparse\"\n"));
    assert_non_null(strstr(text, "\nRW 143363 SPARSE \"disk.vmdk\"\n"));
    assert_non_null(strstr(text, "\nddb.adapterType = \"lsilogic\"\n"));
    assert_true(strlen(text) < 20 * 512);
    free(file.bytes);
}

/* Directories that are longer than what is written at once. */
static void a_disk_of_terabytes_has_all_of_its_tables(void **state)
{
    const struct sw_create_opts large = {.size_bytes = UINT64_C(300) << 30, .subformat = "MONOLITHICSPARSE"};
    const uint64_t nr_gts = 300 * 32, directory = 75;
    struct mem_file file = {0};
    struct sw_out *out = mem_out(&file, true);
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_format_by_name("vmdk")->create(out, &large, &img, &err), err);
    assert_ok(img->format->finish(img, &err), err);
    sw_image_close(img);
    sw_out_close(out);
    for (uint64_t gt = 0; gt < nr_gts; gt++)
        assert_int_equal(le32_get(file.bytes + 21 * 512 + gt * 4), 21 + directory + gt * 4);
    assert_ok(sw_image_open(mem_in(file.bytes, file.len), NULL, NULL, &img, &err), err);
    assert_int_equal(img->size_bytes, large.size_bytes);
    sw_image_close(img);
    free(file.bytes);
}

static void no_file_is_larger_than_its_tables_can_say(void **state)
{
    uint8_t *bytes = make_disk(MIB, (const struct piece[]){{0, MIB}}, 1);
    struct sw_block block = {.len = MIB, .kind = SW_BLOCK_DATA, .data = bytes, .data_cap = MIB};
    struct mem_file file = {0};
    struct sw_out *out = mem_out(&file, true);
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_format_by_name("vmdk")->create(out, &opts, &img, &err), err);
    vmdk_of(img)->next_sector = UINT32_MAX / 128 * 128;
    assert_failed(img->format->put(img, &block, &err), err, SW_FAILED, "larger than 2 TiB");
    sw_image_close(img);
    sw_out_close(out);
    free(file.bytes);
    free(bytes);
}

static void what_it_cannot_be_is_refused(void **state)
{
    static const struct {
        struct sw_create_opts opts;
        bool stream;
        const char *part;
    } cases[] = {
        {{.size_bytes = 512}, true, "cannot be written as a stream: take subformat=streamOptimized"},
        {{.size_bytes = 512, .level = 1}, false, "monolithicSparse vmdk is not compressed"},
        {{.size_bytes = 512, .unit_bytes = 4096}, false, "takes no cluster size"},
        {{.size_bytes = 513}, false, "cannot have 513 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_create_opts bad = cases[i].opts;

        bad.subformat = "monolithicSparse";
        assert_int_equal(assert_create_refused("vmdk", &bad, !cases[i].stream, cases[i].part), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_is_vmwares),
        cmocka_unit_test(both_directories_hold_all_tables_and_grains_ascend),
        cmocka_unit_test(what_is_written_reads_back_and_is_always_the_same),
        cmocka_unit_test(the_descriptor_is_one_others_take),
        cmocka_unit_test(a_disk_of_terabytes_has_all_of_its_tables),
        cmocka_unit_test(no_file_is_larger_than_its_tables_can_say),
        cmocka_unit_test(what_it_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
