/* Which driver opens a file: magic, names, what is refused. */
#include "tests/unit/formats/disk.h"

#include <sys/stat.h>

static const struct piece some = {3 * 512, 512};

static void a_file_without_magic_is_refused_with_the_hint_to_name_it(void **state)
{
    uint8_t bytes[1024] = "no magic at all";

    (void)state;
    assert_refused(bytes, sizeof(bytes), NULL, SW_USAGE, "name it with -f raw");
}

static void raw_is_read_when_it_is_named(void **state)
{
    uint8_t bytes[1024] = "no magic at all";
    struct mem_file file = {bytes, sizeof(bytes)};

    (void)state;
    assert_disk_reads(&file, "raw", bytes, sizeof(bytes));
    assert_disk_reads(&file, "RAW", bytes, sizeof(bytes));
}

static void an_unknown_format_name_is_a_usage_error(void **state)
{
    uint8_t bytes[512] = {0};

    (void)state;
    assert_refused(bytes, sizeof(bytes), "floppy", SW_USAGE, "format 'floppy' is not known");
}

static void vpc_is_another_name_of_vhd(void **state)
{
    (void)state;
    assert_non_null(sw_format_by_name("vpc"));
    assert_ptr_equal(sw_format_by_name("vpc"), sw_format_by_name("VHD"));
    assert_null(sw_format_by_name("vhdy"));
}

static void an_empty_file_is_refused_under_every_name(void **state)
{
    static const char *const names[] = {NULL, "raw", "vhd", "vmdk", "qcow2"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct sw_image *img = NULL;
        struct sw_err err = {0};

        assert_int_equal(sw_image_open(mem_in("", 0), names[i], NULL, &img, &err), -1);
        assert_true(err.text[0] != '\0');
    }
}

static void a_named_format_without_its_magic_is_refused(void **state)
{
    uint8_t bytes[2048] = {0};

    (void)state;
    assert_refused(bytes, sizeof(bytes), "vmdk", SW_INTEGRITY, "is not vmdk");
    memcpy(bytes, "KDMV", 4);
    assert_refused(bytes, sizeof(bytes), "vhd", SW_USAGE, "carries the magic of vmdk");
}

static void raw_over_a_known_magic_is_read_with_a_warning(void **state)
{
    uint8_t bytes[1024] = "KDMV";
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_image_open(mem_in(bytes, sizeof(bytes)), "raw", NULL, &img, &err), err);
    assert_int_equal(img->nr_warnings, 1);
    assert_non_null(strstr(img->warnings[0], "magic of vmdk"));
    assert_reads(img, bytes, sizeof(bytes));
    sw_image_close(img);
}

/* A guest can write any magic into its first sector; a fixed VHD shows that sector at its start. */
static void a_vhd_whose_guest_wrote_another_magic_must_be_named(void **state)
{
    struct sw_create_opts opts = {.size_bytes = 1 << 20, .subformat = "fixed"};
    uint8_t *disk = make_disk(opts.size_bytes, &some, 1);
    struct mem_file file = {0};

    (void)state;
    memcpy(disk, "QFI\xfb\0\0\0\3", 8);
    write_disk(&file, "vhd", &opts, disk, true);
    assert_refused(file.bytes, file.len, NULL, SW_USAGE, "name its format with -f");
    assert_disk_reads(&file, "vhd", disk, opts.size_bytes);
    free(file.bytes);
    free(disk);
}

static void formats_that_nobody_reads_here_are_refused_by_name(void **state)
{
    static const struct {
        const char *magic, *name;
        size_t len, off;
    } cases[] = {
        {"WithoutFreeSpace", "Parallels", 16, 0},
        {"Bochs Virtual HD Image", "Bochs", 22, 0},
        {"\x1f\x8b\x08", "gzip", 3, 0},
        {"koly", "Apple disk image", 4, 2048 - 512},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[2048] = {0};

        memcpy(bytes + cases[i].off, cases[i].magic, cases[i].len);
        assert_refused(bytes, sizeof(bytes), NULL, SW_REFUSED, cases[i].name);
    }
}

static void reading_outside_of_the_disk_is_refused(void **state)
{
    uint8_t bytes[1024] = {0}, buf[1024];
    struct sw_extent extent;
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_image_open(mem_in(bytes, sizeof(bytes)), "raw", NULL, &img, &err), err);
    assert_failed(sw_image_pread(img, buf, 2, 1023, &err), err, SW_FAILED, "outside of a disk");
    assert_failed(sw_image_pread(img, buf, 1, UINT64_MAX, &err), err, SW_FAILED, "outside of a disk");
    assert_failed(sw_image_next_extent(img, 1024, &extent, &err), err, SW_FAILED, "no extent");
    assert_ok(sw_image_pread(img, buf, 0, 1024, &err), err);
    sw_image_close(img);
}

static void an_overlay_is_of_whole_sectors_and_belongs_to_its_maker(void **state)
{
    const struct sw_create_opts create = {
        .size_bytes = SW_SECTOR_BYTES + 1, .backing_name = "below.raw", .backing_format = "raw"};
    const struct sw_open_opts open = {.top_only = true};
    struct sw_err err = {.code = SW_OK};
    struct sw_image *img = NULL;
    struct sw_in *in = NULL;
    struct stat st;

    (void)state;
    assert_ok(sw_overlay_create("overlay.qcow2", &create, &err), err);
    assert_int_equal(stat("overlay.qcow2", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_ok(sw_in_open_file("overlay.qcow2", &in, &err), err);
    assert_ok(sw_image_open(in, "qcow2", &open, &img, &err), err);
    assert_int_equal(img->size_bytes, 2 * SW_SECTOR_BYTES);
    sw_image_close(img);
}

static struct sw_image *sectors_of_five(void)
{
    static char bytes[2 * SW_SECTOR_BYTES];
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    memset(bytes, 5, sizeof(bytes));
    assert_ok(sw_image_open(mem_in(bytes, sizeof(bytes)), "raw", NULL, &img, &err), err);
    return img;
}

static void an_overlay_is_opened_over_the_image_that_is_given_whatever_it_calls_it(void **state)
{
    const struct sw_create_opts create = {
        .size_bytes = 2 * SW_SECTOR_BYTES, .backing_name = "/etc/passwd", .backing_format = "raw"};
    const struct sw_create_opts alone = {.size_bytes = 2 * SW_SECTOR_BYTES};
    struct sw_image *below = sectors_of_five(), *img = NULL;
    struct sw_err err = {.code = SW_OK};
    uint8_t got[SW_SECTOR_BYTES];

    (void)state;
    assert_ok(sw_overlay_create("over.qcow2", &create, &err), err);
    assert_ok(sw_overlay_open("over.qcow2", &below, &img, &err), err);
    assert_null(below);
    assert_ok(sw_image_pread(img, got, sizeof(got), SW_SECTOR_BYTES, &err), err);
    assert_int_equal(got[0], 5);
    sw_image_close(img);
    /* One that lies over nothing, and one that is not there: the image is not left to the caller. */
    assert_ok(sw_overlay_create("alone.qcow2", &alone, &err), err);
    below = sectors_of_five();
    assert_failed(sw_overlay_open("alone.qcow2", &below, &img, &err), err, SW_INTEGRITY, "no backing file");
    assert_null(below);
    below = sectors_of_five();
    assert_failed(sw_overlay_open("nowhere.qcow2", &below, &img, &err), err, SW_FAILED, "nowhere.qcow2");
    assert_null(below);
}

static void a_disk_above_the_limit_is_refused(void **state)
{
    static const char *const formats[] = {"raw", "vhd", "vhdx", "vmdk"};
    struct sw_open_opts open = {.max_virtual_bytes = 1 << 20};
    struct sw_create_opts opts = {.size_bytes = (1 << 20) + 512};
    uint8_t *disk = make_disk(opts.size_bytes, &some, 1);

    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct mem_file file = {0};
        struct sw_image *img = NULL;
        struct sw_err err = {0};

        write_disk(&file, formats[i], &opts, disk, true);
        assert_failed(sw_image_open(mem_in(file.bytes, file.len), formats[i], &open, &img, &err), err,
                      SW_REFUSED, "at most 1048576");
        free(file.bytes);
    }
    free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_without_magic_is_refused_with_the_hint_to_name_it),
        cmocka_unit_test(raw_is_read_when_it_is_named),
        cmocka_unit_test(an_unknown_format_name_is_a_usage_error),
        cmocka_unit_test(vpc_is_another_name_of_vhd),
        cmocka_unit_test(an_empty_file_is_refused_under_every_name),
        cmocka_unit_test(a_named_format_without_its_magic_is_refused),
        cmocka_unit_test(raw_over_a_known_magic_is_read_with_a_warning),
        cmocka_unit_test(a_vhd_whose_guest_wrote_another_magic_must_be_named),
        cmocka_unit_test(formats_that_nobody_reads_here_are_refused_by_name),
        cmocka_unit_test(reading_outside_of_the_disk_is_refused),
        cmocka_unit_test(an_overlay_is_of_whole_sectors_and_belongs_to_its_maker),
        cmocka_unit_test(an_overlay_is_opened_over_the_image_that_is_given_whatever_it_calls_it),
        cmocka_unit_test(a_disk_above_the_limit_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
