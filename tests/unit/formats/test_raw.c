/* Raw disks: holes, odd lengths, writing sparse or as a stream. */
#include "tests/unit/formats/disk.h"

#include <fcntl.h>
#include <sys/stat.h>

static void a_length_that_is_not_whole_sectors_is_padded_and_said(void **state)
{
    uint8_t bytes[1300], disk[1536] = {0};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    memset(bytes, 7, sizeof(bytes));
    memcpy(disk, bytes, sizeof(bytes));
    assert_ok(sw_image_open(mem_in(bytes, sizeof(bytes)), "raw", NULL, &img, &err), err);
    assert_int_equal(img->nr_warnings, 1);
    assert_non_null(strstr(img->warnings[0], "1300 bytes"));
    assert_reads(img, disk, sizeof(disk));
    sw_image_close(img);
}

static void put(struct sw_image *img, uint8_t *bytes, uint64_t len, uint64_t off)
{
    put_unit(img, NULL, bytes, len, off);
}

static void holes_of_a_file_are_holes_of_the_disk(void **state)
{
    struct sw_in *in = NULL;
    struct sw_image *img = NULL;
    struct sw_extent extent;
    struct sw_err err = {0};
    int fd = open("sparse", O_CREAT | O_RDWR | O_TRUNC, 0600);

    (void)state;
    assert_int_equal(ftruncate(fd, 64 << 20), 0);
    assert_int_equal(pwrite(fd, "x", 1, 32 << 20), 1);
    close(fd);
    assert_ok(sw_in_open_file("sparse", &in, &err), err);
    assert_ok(sw_image_open(in, "raw", NULL, &img, &err), err);
    assert_ok(sw_image_next_extent(img, 512, &extent, &err), err);
    assert_int_equal(extent.kind, SW_EXTENT_HOLE);
    assert_int_equal(extent.off + extent.len, 32 << 20);
    assert_ok(sw_image_next_extent(img, 32 << 20, &extent, &err), err);
    assert_int_equal(extent.kind, SW_EXTENT_DATA);
    assert_true(extent.plain);
    assert_int_equal(extent.physical, 32 << 20);
    assert_true(extent.len <= 1 << 20);
    assert_ok(sw_image_next_extent(img, 48 << 20, &extent, &err), err);
    assert_int_equal(extent.kind, SW_EXTENT_HOLE);
    assert_int_equal(extent.off + extent.len, 64 << 20);
    sw_image_close(img);
}

/* Units of one byte of data among zeros, the last one first. */
static void zeros_inside_a_unit_take_no_room(void **state)
{
    struct sw_create_opts opts = {.size_bytes = (8 << 20) + 512};
    const struct piece pieces[] = {{0, 1}, {5 << 20, 4096}, {(8 << 20) + 511, 1}};
    uint8_t *disk = make_disk(opts.size_bytes, pieces, 3), got[512];
    struct sw_out *out = NULL;
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    struct stat st;

    (void)state;
    assert_ok(sw_out_create_file("out.raw", 0600, &out, &err), err);
    assert_ok(sw_format_by_name("raw")->create(out, &opts, &img, &err), err);
    put(img, disk + (8 << 20), 512, 8 << 20);
    put(img, disk + (5 << 20), 1 << 20, 5 << 20);
    put(img, disk, 1 << 20, 0);
    assert_ok(img->format->finish(img, &err), err);
    sw_image_close(img);
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    assert_int_equal(stat("out.raw", &st), 0);
    assert_int_equal(st.st_size, opts.size_bytes);
    assert_true(st.st_blocks * 512 <= 64 << 10);
    int fd = open("out.raw", O_RDONLY);
    assert_int_equal(pread(fd, got, 512, 5 << 20), 512);
    assert_memory_equal(got, disk + (5 << 20), 512);
    close(fd);
    free(disk);
}

static void a_stream_gets_every_zero(void **state)
{
    struct sw_create_opts opts = {.size_bytes = (3 << 20) + 512};
    const struct piece piece = {(1 << 20) + 5, 1000};
    uint8_t *disk = make_disk(opts.size_bytes, &piece, 1);
    struct mem_file file = {0};

    (void)state;
    write_disk(&file, "raw", &opts, disk, false);
    assert_int_equal(file.len, opts.size_bytes);
    assert_memory_equal(file.bytes, disk, file.len);
    free(file.bytes);
    free(disk);
}

static void what_raw_cannot_do_is_refused(void **state)
{
    static const struct {
        struct sw_create_opts opts;
        const char *part;
    } cases[] = {
        {{.size_bytes = 0}, "cannot have 0 bytes"},
        {{.size_bytes = 513}, "whole sectors"},
        {{.size_bytes = SW_VIRTUAL_MAX_BYTES + 512}, "larger than 64 TiB"},
        {{.size_bytes = 512, .level = 1}, "takes no level"},
        {{.size_bytes = 512, .unit_bytes = 65536}, "takes no cluster size"},
        {{.size_bytes = 512, .subformat = "dynamic"}, "no subformat 'dynamic'"},
        {{.size_bytes = 512, .backing_name = "x", .backing_format = "raw"}, "without a parent"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_create_refused("raw", &cases[i].opts, true, cases[i].part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_length_that_is_not_whole_sectors_is_padded_and_said),
        cmocka_unit_test(holes_of_a_file_are_holes_of_the_disk),
        cmocka_unit_test(zeros_inside_a_unit_take_no_room),
        cmocka_unit_test(a_stream_gets_every_zero),
        cmocka_unit_test(what_raw_cannot_do_is_refused),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
