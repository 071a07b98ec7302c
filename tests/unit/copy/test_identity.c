/* The identity of a copy: another one for other files, options and programs, and the same one otherwise. */
#include "tests/unit/testing.h"

#include "slipway/copy.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"

#include <fcntl.h>
#include <sys/stat.h>

struct identity {
    uint8_t bytes[SW_COPY_IDENTITY_BYTES];
};

/* An input that is made of another one, as a sealed file's is. */
struct made_in {
    struct sw_in base;
    struct sw_in *file;
};

static int made_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    return sw_in_read(((struct made_in *)in)->file, buf, len, off, err);
}

static void made_close(struct sw_in *in)
{
    sw_in_close(((struct made_in *)in)->file);
    free(in);
}

static struct sw_in *made_of(struct sw_in *file)
{
    static const struct sw_in_ops ops = {.pread = made_pread, .close = made_close};
    struct made_in *made = calloc(1, sizeof(*made));

    assert_non_null(made);
    made->base = (struct sw_in){
        .ops = &ops, .size_bytes = file->size_bytes, .fd = -1, .name = file->name, .under = file};
    made->file = file;
    return &made->base;
}

static struct identity identify(const char *path, bool made, const char *format,
                                const struct sw_create_opts *create, const char *program)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_copy copy = {.format = sw_format_by_name(format), .create = *create};
    struct identity identity;
    struct sw_in *in = NULL;

    assert_ok(sw_in_open_file(path, &in, &err), err);
    assert_ok(sw_image_open(made ? made_of(in) : in, "raw", NULL, &copy.src, &err), err);
    assert_ok(sw_copy_identity(&copy, program, identity.bytes, &err), err);
    sw_image_close(copy.src);
    return identity;
}

static void make_file(const char *path)
{
    struct sw_err err = {.code = SW_OK};
    static const uint8_t bytes[4096];

    assert_ok(sw_write_file(path, bytes, sizeof(bytes), 0600, &err), err);
}

static void it_changes_with_what_the_bytes_depend_on_alone(void **state)
{
    static const struct {
        const char *format;
        struct sw_create_opts create;
        const char *program;
    } ways[] = {
        {"vmdk", {0}, "1"},
        {"vmdk", {.level = 6}, "1"},
        {"vmdk", {.epoch = 1}, "1"},
        {"vmdk", {.size_bytes = 8192}, "1"},
        {"vmdk", {0}, "2"},
        {"vhd", {0}, "1"},
        {"vhd", {.subformat = "fixed"}, "1"},
        {"raw", {0}, "1"},
    };
    struct identity seen[SW_ARRAY_LEN(ways)];

    (void)state;
    make_file("disk");
    for (size_t i = 0; i < SW_ARRAY_LEN(ways); i++) {
        struct identity again = identify("disk", false, ways[i].format, &ways[i].create, ways[i].program);

        seen[i] = identify("disk", false, ways[i].format, &ways[i].create, ways[i].program);
        assert_memory_equal(&again, &seen[i], sizeof(again));
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(&seen[j], &seen[i], sizeof(again));
    }
}

static void it_changes_with_the_file_and_with_one_beneath(void **state)
{
    static const struct sw_create_opts plain;

    (void)state;
    for (int made = 0; made < 2; made++) {
        struct timespec past[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
        struct identity before, after;

        make_file("disk");
        before = identify("disk", made, "vmdk", &plain, "1");
        assert_int_equal(utimensat(AT_FDCWD, "disk", past, 0), 0);
        after = identify("disk", made, "vmdk", &plain, "1");
        assert_memory_not_equal(&before, &after, sizeof(before));
    }
}

static void options_that_the_format_refuses_are_an_error(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_copy copy = {.format = sw_format_by_name("vmdk"), .create = {.level = 99}};
    uint8_t digest[SW_COPY_IDENTITY_BYTES];
    struct sw_in *in = NULL;

    (void)state;
    make_file("disk");
    assert_ok(sw_in_open_file("disk", &in, &err), err);
    assert_ok(sw_image_open(in, "raw", NULL, &copy.src, &err), err);
    assert_failed(sw_copy_identity(&copy, "1", digest, &err), err, SW_USAGE, "compression level 99");
    sw_image_close(copy.src);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_changes_with_what_the_bytes_depend_on_alone),
        cmocka_unit_test(it_changes_with_the_file_and_with_one_beneath),
        cmocka_unit_test(options_that_the_format_refuses_are_an_error),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
