/* Reading a copy back: a medium that keeps other bytes than it was given is found out. */
#include "tests/unit/formats/disk.h"

#include "slipway/verify.h"

#include <fcntl.h>

enum { DISK = 3 << 20 };

/* A file that drops or turns what is written over one place. */
struct bad_out {
    struct sw_out base;
    struct sw_out *file;
    uint64_t turn_at; /* this byte of the file, or UINT64_MAX */
};

static int bad_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct bad_out *bad = (struct bad_out *)out;
    uint8_t *copy = malloc(len);
    int rc;

    memcpy(copy, buf, len);
    if (bad->turn_at >= off && bad->turn_at - off < len)
        copy[bad->turn_at - off] ^= 0x40;
    rc = sw_out_pwrite(bad->file, copy, len, off, err);
    free(copy);
    return rc;
}

static int bad_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    return bad_pwrite(out, buf, len, out->pos, err);
}

static int bad_truncate(struct sw_out *out, uint64_t size_bytes, struct sw_err *err)
{
    return sw_out_truncate(((struct bad_out *)out)->file, size_bytes, err);
}

static const struct sw_out_ops bad_ops = {.write = bad_write, .pwrite = bad_pwrite, .truncate = bad_truncate};

static int copy_and_read_back(const char *format, uint64_t turn_at, struct sw_err *err)
{
    const struct piece pieces[] = {{0, 100000}, {1 << 20, 600000}};
    uint8_t *disk = make_disk(DISK, pieces, 2);
    uint8_t verity[SW_VERITY_BYTES];
    struct bad_out bad = {.base = {.ops = &bad_ops, .name = "copy"}, .turn_at = turn_at};
    struct sw_copy copy = {
        .format = sw_format_by_name(format), .out = &bad.base, .jobs = 2, .verity = verity};
    int rc;

    assert_ok(sw_image_open(mem_in(disk, DISK), "raw", NULL, &copy.src, err), *err);
    assert_ok(sw_out_create_file("copy", 0600, &bad.file, err), *err);
    bad.base.fd = bad.file->fd;
    assert_ok(sw_copy_image(&copy, NULL, err), *err);
    rc = sw_read_back(&copy, verity, err);
    sw_out_close(bad.file);
    sw_image_close(copy.src);
    free(disk);
    return rc;
}

static void a_good_medium_reads_back(void **state)
{
    static const char *const formats[] = {"raw", "vmdk", "vhd", "qcow2"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct sw_err err = {.code = SW_OK};

        assert_ok(copy_and_read_back(formats[i], UINT64_MAX, &err), err);
    }
}

static void a_turned_bit_is_found_and_its_place_said(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_failed(
        copy_and_read_back("raw", 1100000, &err), err, SW_INTEGRITY,
        "'copy' does not read back as it was written: the first difference is at 1100000 of the disk");
}

static void what_no_longer_decodes_is_found(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_failed(copy_and_read_back("vmdk", 65536 + 40, &err), err, SW_INTEGRITY, "reading back: 'copy'");
}

static void what_no_longer_opens_is_found(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_failed(copy_and_read_back("vhd", 50, &err), err, SW_INTEGRITY, "reading back: 'copy'");
}

static void another_digest_than_the_copys_is_refused(void **state)
{
    uint8_t disk[512] = {1}, verity[SW_VERITY_BYTES];
    struct sw_copy copy = {.format = sw_format_by_name("raw"), .jobs = 1, .verity = verity};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_ok(sw_image_open(mem_in(disk, sizeof(disk)), "raw", NULL, &copy.src, &err), err);
    assert_ok(sw_out_create_file("copy", 0600, &copy.out, &err), err);
    assert_ok(sw_copy_image(&copy, NULL, &err), err);
    verity[0] ^= 1;
    assert_failed(sw_read_back(&copy, verity, &err), err, SW_INTEGRITY, "its digest differs");
    sw_out_close(copy.out);
    sw_image_close(copy.src);
}

static void a_stream_cannot_be_read_back(void **state)
{
    struct mem_file file = {0};
    uint8_t verity[SW_VERITY_BYTES] = {0};
    struct sw_copy copy = {.format = sw_format_by_name("raw"), .out = mem_out(&file, false)};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_failed(sw_read_back(&copy, verity, &err), err, SW_USAGE, "written as a stream");
    sw_out_close(copy.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_medium_reads_back),
        cmocka_unit_test(a_turned_bit_is_found_and_its_place_said),
        cmocka_unit_test(what_no_longer_decodes_is_found),
        cmocka_unit_test(what_no_longer_opens_is_found),
        cmocka_unit_test(another_digest_than_the_copys_is_refused),
        cmocka_unit_test(a_stream_cannot_be_read_back),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
