/* Truncation over every driver: a cut image fails to open or to read; it never reads as another disk. */
#include "src/base/buf.h"
#include "src/base/fs.h"
#include "tests/formats/disks.h"
#include "tests/lib/mem_in.h"

enum { SIZE = (5 << 20) + 512, CUTS = 150 };

/* 0: opened and read whole, as it should; -1: failed with a message; anything else ends the test. */
static int read_cut(const struct sw_buf *file, size_t len, const char *format, const uint8_t *disk)
{
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    uint8_t *got = malloc(SIZE);
    int rc = sw_image_open(mem_in(file->data, len), format, NULL, &img, &err);

    if (rc == 0)
        rc = img->size_bytes == SIZE ? sw_image_pread(img, got, SIZE, 0, &err) : -2;
    if (rc == 0 && memcmp(got, disk, SIZE) != 0)
        rc = -3;
    if (rc < -1)
        fail_msg("%s, cut to %zu of %zu bytes, %s", format, len, file->len,
                 rc == -2 ? "has another size" : "reads as another disk");
    if (rc == -1)
        assert_true(err.text[0] != '\0');
    sw_image_close(img);
    free(got);
    return rc;
}

static void check_cuts(const struct sw_buf *file, const char *format, const uint8_t *disk)
{
    static const size_t edges[] = {0,    1,    4,     8,     12,    72,     104,    112,
                                   511,  512,  513,   1023,  1024,  1535,   1536,   1537,
                                   2047, 2048, 65535, 65536, 65537, 131072, 196608, 262144};
    static const size_t from_end[] = {1, 2, 3, 510, 511, 512, 513, 1023, 1024, 1025, 1536, 4096, 65536};
    unsigned failed = 0;

    assert_int_equal(read_cut(file, file->len, format, disk), 0);
    for (size_t i = 0; i < SW_ARRAY_LEN(edges); i++)
        if (edges[i] < file->len)
            failed += read_cut(file, edges[i], format, disk) != 0;
    for (size_t i = 0; i < SW_ARRAY_LEN(from_end); i++)
        if (from_end[i] < file->len)
            (void)read_cut(file, file->len - from_end[i], format, disk);
    for (size_t i = 1; i < CUTS; i++)
        (void)read_cut(file, file->len / CUTS * i, format, disk);
    assert_true(failed >= 10);
}

static void a_cut_image_is_an_error_and_never_another_disk(void **state)
{
    static const struct span spans[] = {{0, 1 << 20}, {(2 << 20) + 70000, 1 << 20}, {SIZE - 512, 512}};
    SW_AUTO_BUF struct sw_buf disk = {0};
    struct target target = {0};
    struct sw_err err = {0};

    (void)state;
    make_raw("src", SIZE, spans, 3);
    assert_ok(sw_read_file("src", 64 << 20, &disk, &err), err);
    while (next_target(&target)) {
        SW_AUTO_BUF struct sw_buf file = {0};

        if (target.format == sw_format_by_name("raw")) /* a shorter raw file is a smaller disk */
            continue;
        copy_to("src", "raw", "dst", target.format, target.subformat, 1);
        assert_ok(sw_read_file("dst", 64 << 20, &file, &err), err);
        check_cuts(&file, target.format->name, (const uint8_t *)disk.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_image_is_an_error_and_never_another_disk),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
