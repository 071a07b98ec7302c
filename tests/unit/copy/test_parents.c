/* Parents and extents that a file names: what is opened beneath the folder, and all that is not. */
#include "tests/unit/testing.h"

#include "slipway/parents.h"
#include "src/base/buf.h"
#include "src/base/endian.h"
#include "src/base/fs.h"

#include <sys/stat.h>

enum { HEAD = 1024 };

/* An empty version 2 qcow2 of 1 MiB that names a parent; format NULL leaves its format out. */
static void make_child(const char *path, const char *parent, const char *format)
{
    static uint8_t file[3 * 65536];
    struct sw_err err = {.code = SW_OK};

    memset(file, 0, sizeof(file));
    memcpy(file, "QFI\xfb", 4);
    be32_put(file + 4, 2);
    be64_put(file + 8, HEAD);
    be32_put(file + 16, (uint32_t)strlen(parent));
    be32_put(file + 20, 16);
    be64_put(file + 24, 1 << 20);
    be32_put(file + 36, 1);
    be64_put(file + 40, 65536);
    if (format != NULL) {
        be32_put(file + 72, 0xe2792aca);
        be32_put(file + 76, (uint32_t)strlen(format));
        memcpy(file + 80, format, strlen(format));
    }
    memcpy(file + HEAD, parent, strlen(parent));
    assert_ok(sw_write_file(path, file, sizeof(file), 0600, &err), err);
}

static int open_chain(const char *path, const char *folder, unsigned *length, struct sw_err *err)
{
    struct sw_in *in = NULL;
    struct sw_image *img = NULL;
    struct sw_open_opts opts = {.parents = NULL};
    struct sw_parents *parents;
    int rc;

    assert_ok(sw_in_open_file(path, &in, err), *err);
    parents = sw_parents_new(folder, in, err);
    assert_non_null(parents);
    opts.parents = sw_parents_resolver(parents);
    rc = sw_image_open(in, "qcow2", &opts, &img, err);
    *length = 0;
    for (const struct sw_image *at = img; at != NULL; at = at->parent)
        ++*length;
    sw_image_close(img);
    sw_parents_free(parents);
    return rc;
}

static void expect_refusal(const char *path, enum sw_code code, const char *part)
{
    struct sw_err err = {.code = SW_OK};
    unsigned length;

    assert_failed(open_chain(path, "pool", &length, &err), err, code, part);
    assert_int_equal(length, 0);
}

static int make_pool(void **state)
{
    struct sw_err err = {.code = SW_OK};
    static const uint8_t disk[1 << 20] = {1};

    if (enter_empty_folder(state) < 0 || sw_mkdir_p("pool/sub", 0700, &err) < 0)
        return -1;
    if (sw_write_file("pool/base.raw", disk, sizeof(disk), 0600, &err) < 0 ||
        sw_write_file("outside.raw", disk, sizeof(disk), 0600, &err) < 0)
        return -1;
    return symlink("base.raw", "pool/link.raw") < 0 || symlink("..", "pool/up") < 0 ||
                   mkfifo("pool/fifo", 0600) < 0
               ? -1
               : 0;
}

static void a_parent_beneath_the_folder_is_opened(void **state)
{
    struct sw_err err = {.code = SW_OK};
    unsigned length;

    (void)state;
    make_child("top.qcow2", "base.raw", "raw");
    assert_ok(open_chain("top.qcow2", "pool", &length, &err), err);
    assert_int_equal(length, 2);
    make_child("pool/sub/mid.qcow2", "base.raw", "raw");
    make_child("top.qcow2", "sub/mid.qcow2", "qcow2");
    assert_ok(open_chain("top.qcow2", "pool", &length, &err), err);
    assert_int_equal(length, 3);
}

static void nothing_outside_of_the_folder_is_opened(void **state)
{
    static const char *const names[] = {"/etc/passwd", "../outside.raw", "sub/../../outside.raw",
                                        "link.raw",    "up/outside.raw", "/proc/self/exe"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        make_child("top.qcow2", names[i], "raw");
        expect_refusal("top.qcow2", SW_REFUSED, "leads out of 'pool' or through a link");
    }
}

static void protocols_are_not_names(void **state)
{
    static const char *const names[] = {"nbd://localhost:10809/x", "json:{\"driver\":\"file\"}",
                                        "file:base.raw", "fd:3", ":base.raw"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        make_child("top.qcow2", names[i], "raw");
        expect_refusal("top.qcow2", SW_REFUSED, "is not the name of a file");
    }
}

static void what_is_no_regular_file_is_refused(void **state)
{
    (void)state;
    make_child("top.qcow2", "fifo", "raw");
    expect_refusal("top.qcow2", SW_USAGE, "neither a regular file nor a block device");
    make_child("top.qcow2", "sub", "raw");
    expect_refusal("top.qcow2", SW_USAGE, "neither a regular file nor a block device");
    make_child("top.qcow2", "missing.raw", "raw");
    expect_refusal("top.qcow2", SW_FAILED, "cannot open the parent 'missing.raw'");
}

static void a_format_is_never_guessed(void **state)
{
    (void)state;
    make_child("top.qcow2", "base.raw", NULL);
    expect_refusal("top.qcow2", SW_REFUSED, "without its format");
    make_child("top.qcow2", "base.raw", "qcow2");
    expect_refusal("top.qcow2", SW_INTEGRITY, "is not qcow2");
    make_child("top.qcow2", "base.raw", "floppy");
    expect_refusal("top.qcow2", SW_USAGE, "'floppy' is not known");
}

static void loops_are_refused(void **state)
{
    (void)state;
    make_child("pool/self.qcow2", "self.qcow2", "qcow2");
    expect_refusal("pool/self.qcow2", SW_REFUSED, "its own descendant");
    make_child("pool/a.qcow2", "sub/b.qcow2", "qcow2");
    make_child("pool/sub/b.qcow2", "a.qcow2", "qcow2");
    expect_refusal("pool/a.qcow2", SW_REFUSED, "its own descendant");
}

static void a_chain_has_at_most_32_images(void **state)
{
    struct sw_err err = {.code = SW_OK};
    unsigned length;
    char name[32], next[32];

    (void)state;
    for (int i = 0; i < 33; i++) {
        snprintf(name, sizeof(name), "pool/c%d.qcow2", i);
        snprintf(next, sizeof(next), i == 32 ? "base.raw" : "c%d.qcow2", i + 1);
        make_child(name, next, i == 32 ? "raw" : "qcow2");
    }
    assert_ok(open_chain("pool/c2.qcow2", "pool", &length, &err), err);
    assert_int_equal(length, 32);
    expect_refusal("pool/c1.qcow2", SW_REFUSED, "more than 32");
}

static int open_extent(const char *name, uint64_t *size, struct sw_err *err)
{
    struct sw_in *first = NULL, *in = NULL;
    struct sw_parents *parents;
    struct sw_parent_resolver *resolver;
    int rc;

    assert_ok(sw_in_open_file("pool/base.raw", &first, err), *err);
    parents = sw_parents_new("pool", first, err);
    assert_non_null(parents);
    resolver = sw_parents_resolver(parents);
    rc = resolver->open_file(resolver, name, &in, err);
    *size = in != NULL ? in->size_bytes : 0;
    sw_in_close(in);
    sw_in_close(first);
    sw_parents_free(parents);
    return rc;
}

static void an_extent_is_a_regular_file_right_in_the_folder(void **state)
{
    static const struct {
        const char *name;
        enum sw_code code;
        const char *part;
    } bad[] = {
        {"link.raw", SW_REFUSED, "extent 'link.raw' leads out of 'pool' or through a link"},
        {"fifo", SW_USAGE, "neither a regular file nor a block device"},
        {"sub", SW_USAGE, "neither a regular file nor a block device"},
        {"gone", SW_FAILED, "cannot open the extent 'gone' beneath 'pool'"},
        {"base.raw", SW_REFUSED, "extent 'base.raw' is its own descendant"},
        {"sub/x-flat.vmdk", SW_REFUSED, "is not the name of a file"},
        {"../outside.raw", SW_REFUSED, "is not the name of a file"},
        {"/etc/passwd", SW_REFUSED, "is not the name of a file"},
        {"..", SW_REFUSED, "is not the name of a file"},
        {"fd:0", SW_REFUSED, "is not the name of a file"},
    };
    struct sw_err err = {.code = SW_OK};
    uint64_t size;

    (void)state;
    assert_ok(sw_write_file("pool/x flat.vmdk", "12345", 5, 0600, &err), err);
    assert_ok(open_extent("x flat.vmdk", &size, &err), err);
    assert_int_equal(size, 5);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_failed(open_extent(bad[i].name, &size, &err), err, bad[i].code, bad[i].part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parent_beneath_the_folder_is_opened),
        cmocka_unit_test(nothing_outside_of_the_folder_is_opened),
        cmocka_unit_test(protocols_are_not_names),
        cmocka_unit_test(what_is_no_regular_file_is_refused),
        cmocka_unit_test(a_format_is_never_guessed),
        cmocka_unit_test(loops_are_refused),
        cmocka_unit_test(an_extent_is_a_regular_file_right_in_the_folder),
        cmocka_unit_test(a_chain_has_at_most_32_images),
    };

    return cmocka_run_group_tests(tests, make_pool, leave_folder);
}
