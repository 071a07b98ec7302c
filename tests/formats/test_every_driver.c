/* One set of cases over every driver that can write, in each of its subformats. */
#include "tests/formats/disks.h"
#include "tests/lib/mem_in.h"

#include <sys/stat.h>

#define MIB (UINT64_C(1) << 20)
#define TIB (UINT64_C(1) << 40)

static void round_trip(uint64_t size, const struct span *spans, size_t n)
{
    struct target target = {0};

    make_raw("src", size, spans, n);
    while (next_target(&target)) {
        print_message("%s %s, %llu bytes\n", target.format->name, target.subformat ? target.subformat : "",
                      (unsigned long long)size);
        copy_to("src", "raw", "dst", target.format, target.subformat, 2);
        assert_same_disk("src", "raw", "dst", target.format->name);
        copy_to("dst", target.format->name, "back", sw_format_by_name("raw"), NULL, 2);
        assert_same_disk("src", "raw", "back", "raw");
        unlink("dst");
        unlink("back");
    }
}

static void disks_of_awkward_sizes_come_back(void **state)
{
    static const uint64_t sizes[] = {512,         1024,    65536 - 512,   65536,
                                     65536 + 512, 2 * MIB, 2 * MIB + 512, 33 * MIB + 1536};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const struct span all = {0, sizes[i]}, last = {sizes[i] - 512, 512};

        round_trip(sizes[i], &all, 1);
        round_trip(sizes[i], &last, 1);
        round_trip(sizes[i], NULL, 0);
    }
}

static void a_patterned_sparse_disk_comes_back(void **state)
{
    static const struct span spans[] = {
        {0, 1}, {65535, 2}, {3 * MIB - 512, 1024}, {40 * MIB + 4096, 5 * MIB + 512}, {199 * MIB, MIB}};

    (void)state;
    round_trip(200 * MIB, spans, sizeof(spans) / sizeof(spans[0]));
}

/* Little data far apart: time and memory follow the data. VHD ends at 2040 GiB. */
static void a_disk_of_two_tebibytes_comes_back(void **state)
{
    static const struct span spans[] = {{512, 512}, {TIB, 70000}, {2040 * 1024 * MIB - 512, 512}};
    static const struct span beyond = {2 * TIB + MIB, 512};
    static const char *const formats[] = {"vmdk", "qcow2", "vhdx"};

    (void)state;
    round_trip(2040 * 1024 * MIB, spans, 3);
    make_raw("src", 2 * TIB + 2 * MIB, &beyond, 1);
    for (size_t i = 0; i < SW_ARRAY_LEN(formats); i++) {
        copy_to("src", "raw", "dst", sw_format_by_name(formats[i]), NULL, 2);
        assert_same_disk("src", "raw", "dst", formats[i]);
    }
}

static bool touches(const struct span *spans, size_t n, uint64_t off, uint64_t end)
{
    for (size_t i = 0; i < n; i++)
        if (off < spans[i].off + spans[i].len && end > spans[i].off)
            return true;
    return false;
}

/* Every unit of what is called data holds some. */
static void holes_stay_holes_by_extent(void **state)
{
    static const struct span spans[] = {{0, 512}, {10 * MIB, 3 * MIB}, {60 * MIB - 512, 512}};
    struct target target = {0};

    (void)state;
    make_raw("src", 64 * MIB, spans, 3);
    while (next_target(&target)) {
        struct sw_image *img;
        struct sw_extent extent;
        struct sw_err err = {0};

        copy_to("src", "raw", "dst", target.format, target.subformat, 1);
        img = open_image("dst", target.format->name);
        for (uint64_t off = 0; off < img->size_bytes; off += extent.len) {
            assert_ok(sw_image_next_extent(img, off, &extent, &err), err);
            if (extent.kind != SW_EXTENT_DATA)
                continue;
            for (uint64_t at = off / (2 * MIB) * 2 * MIB; at < off + extent.len; at += 2 * MIB)
                if (!touches(spans, 3, at, at + 2 * MIB))
                    fail_msg("%s: data at %llu, where the disk has none", target.format->name,
                             (unsigned long long)at);
        }
        sw_image_close(img);
    }
}

static void zeros_that_were_written_take_no_room(void **state)
{
    struct target target = {0};
    struct stat st;
    int fd = open("zeros", O_CREAT | O_RDWR | O_TRUNC, 0600);

    (void)state;
    for (int i = 0; i < 64; i++) {
        static const uint8_t zeros[256 << 10];

        assert_int_equal(write(fd, zeros, sizeof(zeros)), sizeof(zeros));
    }
    close(fd);
    while (next_target(&target)) {
        copy_to("zeros", "raw", "dst", target.format, target.subformat, 2);
        assert_int_equal(stat("dst", &st), 0);
        assert_true(st.st_blocks * 512 < 1 << 20);
    }
}

static void assert_same_file(const char *a, const char *b)
{
    char command[256];

    snprintf(command, sizeof(command), "cmp '%s' '%s'", a, b);
    assert_int_equal(system(command), 0);
}

static void any_number_of_jobs_writes_the_same_bytes(void **state)
{
    static const struct span spans[] = {{100, 3 * MIB}, {30 * MIB - 5, 12 * MIB}, {49 * MIB, 1000}};
    struct target target = {0};

    (void)state;
    make_raw("src", 50 * MIB + 512, spans, 3);
    while (next_target(&target)) {
        copy_to("src", "raw", "one", target.format, target.subformat, 1);
        copy_to("src", "raw", "two", target.format, target.subformat, 2);
        copy_to("src", "raw", "eight", target.format, target.subformat, 8);
        assert_same_file("one", "two");
        assert_same_file("one", "eight");
    }
}

/* What says that it can be a stream either is one, with the same disk in it, or says which subformat can. */
static void streams_hold_the_same_disk(void **state)
{
    static const struct span spans[] = {{512, MIB}, {7 * MIB, 512}};
    struct target target = {0};

    (void)state;
    make_raw("src", 8 * MIB, spans, 2);
    while (next_target(&target)) {
        struct mem_file file = {0};
        struct sw_copy copy = {.format = target.format, .jobs = 1};
        struct sw_image *img = NULL;
        struct sw_err err = {0};
        uint64_t at = 0;

        copy.create.subformat = target.subformat;
        copy.src = open_image("src", "raw");
        copy.out = mem_out(&file, false);
        if (sw_copy_image(&copy, NULL, &err) == 0) {
            assert_true((target.format->caps & SW_FORMAT_STREAM_OUT) != 0);
            assert_ok(sw_image_open(mem_in(file.bytes, file.len), target.format->name, NULL, &img, &err),
                      err);
            assert_ok(sw_compare_images(copy.src, img, 1, &at, &err), err);
            assert_true(at == UINT64_MAX);
        } else {
            assert_int_equal(err.code, SW_USAGE);
        }
        sw_image_close(img);
        sw_out_close(copy.out);
        sw_image_close(copy.src);
        free(file.bytes);
    }
}

static void a_disk_without_a_sector_is_refused(void **state)
{
    struct target target = {0};

    (void)state;
    while (next_target(&target)) {
        struct sw_create_opts opts = {.size_bytes = 0, .subformat = target.subformat};
        struct mem_file file = {0};
        struct sw_out *out = mem_out(&file, true);
        struct sw_image *img = NULL;
        struct sw_err err = {0};

        assert_int_equal(target.format->create(out, &opts, &img, &err), -1);
        assert_int_equal(err.code, SW_USAGE);
        sw_out_close(out);
        free(file.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disks_of_awkward_sizes_come_back),
        cmocka_unit_test(a_patterned_sparse_disk_comes_back),
        cmocka_unit_test(a_disk_of_two_tebibytes_comes_back),
        cmocka_unit_test(holes_stay_holes_by_extent),
        cmocka_unit_test(zeros_that_were_written_take_no_room),
        cmocka_unit_test(any_number_of_jobs_writes_the_same_bytes),
        cmocka_unit_test(streams_hold_the_same_disk),
        cmocka_unit_test(a_disk_without_a_sector_is_refused),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
