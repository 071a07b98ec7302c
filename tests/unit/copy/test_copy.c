/* Copying images: the same bytes for any number of jobs, holes, layers over a base, comparison. */
#include "tests/unit/files.h"

#include "slipway/copy.h"
#include "slipway/parents.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { UNIT = 64 << 10, FILE_MAX = 64 << 20 };

/* A raw disk drawn as text, one letter a unit: '.' hole, '0' zeros that are stored, another letter its data. */
static void make_raw(const char *path, const char *map, size_t surplus)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    uint8_t unit[UNIT];

    assert_true(fd >= 0);
    for (size_t i = 0; map[i] != '\0'; i++) {
        if (map[i] == '.')
            continue;
        for (size_t at = 0; at < UNIT; at++)
            unit[at] = map[i] == '0' ? 0 : (uint8_t)(map[i] + at / 100 % 7);
        assert_int_equal(pwrite(fd, unit, UNIT, (off_t)(i * UNIT)), UNIT);
    }
    assert_int_equal(ftruncate(fd, (off_t)(strlen(map) * UNIT + surplus)), 0);
    close(fd);
}

static struct sw_image *open_image(const char *path, const char *format, struct sw_parent_resolver *parents,
                                   bool top_only)
{
    struct sw_open_opts opts = {.parents = parents, .top_only = top_only};
    struct sw_err err = {.code = SW_OK};
    struct sw_image *img = NULL;
    struct sw_in *in = NULL;

    assert_ok(sw_in_open_file(path, &in, &err), err);
    assert_ok(sw_image_open(in, format, &opts, &img, &err), err);
    return img;
}

static int copy_file(struct sw_copy copy, const char *format, const char *to, struct sw_copy_stats *stats,
                     struct sw_err *err)
{
    int rc;

    copy.format = sw_format_by_name(format);
    if (strcmp(format, "qcow2") == 0 && copy.create.unit_bytes == 0)
        copy.create.unit_bytes = UNIT;
    if (copy.jobs == 0)
        copy.jobs = 2;
    assert_ok(sw_out_create_file(to, 0600, &copy.out, err), *err);
    rc = sw_copy_image(&copy, stats, err);
    if (rc == 0)
        rc = sw_out_commit(copy.out, err);
    sw_out_close(copy.out);
    return rc;
}

static const char mixed[] = "aa..b00c....................dddddddd0000eeee..f";

static void any_number_of_jobs_writes_the_same_bytes(void **state)
{
    static const char *const formats[] = {"qcow2", "raw"};

    (void)state;
    make_raw("src.raw", mixed, 512);
    for (size_t i = 0; i < 2; i++) {
        struct sw_image *src = open_image("src.raw", "raw", NULL, false);
        struct sw_err err = {.code = SW_OK};

        assert_ok(copy_file((struct sw_copy){.src = src, .jobs = 1}, formats[i], "one", NULL, &err), err);
        for (unsigned jobs = 2; jobs < 20; jobs += 5) {
            assert_ok(copy_file((struct sw_copy){.src = src, .jobs = jobs}, formats[i], "many", NULL, &err),
                      err);
            assert_same_files("one", "many");
        }
        sw_image_close(src);
    }
}

static void every_cluster_size_comes_back_as_it_was(void **state)
{
    (void)state;
    make_raw("src.raw", mixed, 1536);
    for (uint32_t unit = 512; unit <= 2 << 20; unit *= 4) {
        struct sw_image *src = open_image("src.raw", "raw", NULL, false), *mid;
        struct sw_copy copy = {.src = src, .create.unit_bytes = unit};
        struct sw_err err = {.code = SW_OK};

        assert_ok(copy_file(copy, "qcow2", "mid.qcow2", NULL, &err), err);
        mid = open_image("mid.qcow2", NULL, NULL, false);
        assert_int_equal(mid->size_bytes, src->size_bytes);
        assert_ok(copy_file((struct sw_copy){.src = mid}, "raw", "back.raw", NULL, &err), err);
        assert_same_files("src.raw", "back.raw");
        sw_image_close(mid);
        sw_image_close(src);
    }
}

static void holes_stay_holes_and_stored_zeros_become_holes(void **state)
{
    struct sw_copy_stats stats;
    struct sw_err err = {.code = SW_OK};
    struct sw_image *src;
    struct stat before, after;

    (void)state;
    make_raw("src.raw", "a......................0000.......b..", 0);
    src = open_image("src.raw", "raw", NULL, false);
    assert_ok(copy_file((struct sw_copy){.src = src}, "raw", "copy.raw", &stats, &err), err);
    assert_int_equal(stat("src.raw", &before), 0);
    assert_int_equal(stat("copy.raw", &after), 0);
    assert_int_equal(after.st_size, before.st_size);
    assert_int_equal(after.st_blocks, before.st_blocks / 6 * 2);
    assert_int_equal(stats.virtual_bytes, before.st_size);
    assert_int_equal(stats.stored_bytes, before.st_size);
    sw_image_close(src);
}

static void statistics_count_units(void **state)
{
    struct sw_copy_stats stats;
    struct sw_err err = {.code = SW_OK};
    struct sw_image *src;

    (void)state;
    make_raw("src.raw", "aab00..c", 0);
    src = open_image("src.raw", "raw", NULL, false);
    assert_ok(copy_file((struct sw_copy){.src = src}, "qcow2", "x.qcow2", &stats, &err), err);
    assert_int_equal(stats.read_bytes, 6 * UNIT);
    assert_int_equal(stats.data_bytes, 4 * UNIT);
    assert_int_equal(stats.zero_bytes, 0);
    sw_image_close(src);
}

/* Makes base.qcow2 of base_map and layer.qcow2 with what src_map changes; opens the chain of both. */
struct layered {
    struct sw_image *base, *src, *chain, *top;
    struct sw_parents *parents;
    struct sw_copy_stats stats;
};

static void make_layer(struct layered *l, const char *base_map, const char *src_map, unsigned jobs)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_copy copy = {.jobs = jobs};
    struct sw_image *raw;

    make_raw("base.raw", base_map, 0);
    make_raw("src.raw", src_map, 0);
    raw = open_image("base.raw", "raw", NULL, false);
    assert_ok(copy_file((struct sw_copy){.src = raw}, "qcow2", "base.qcow2", NULL, &err), err);
    sw_image_close(raw);
    l->base = open_image("base.qcow2", "qcow2", NULL, false);
    l->src = open_image("src.raw", "raw", NULL, false);
    copy.src = l->src;
    copy.base = l->base;
    copy.create.backing_name = "base.qcow2";
    copy.create.backing_format = "qcow2";
    assert_ok(copy_file(copy, "qcow2", "layer.qcow2", &l->stats, &err), err);
    l->parents = sw_parents_new(".", NULL, &err);
    assert_non_null(l->parents);
    l->chain = open_image("layer.qcow2", "qcow2", sw_parents_resolver(l->parents), false);
    l->top = open_image("layer.qcow2", "qcow2", NULL, true);
}

static void close_layer(struct layered *l)
{
    sw_image_close(l->top);
    sw_image_close(l->chain);
    sw_image_close(l->src);
    sw_image_close(l->base);
    sw_parents_free(l->parents);
}

/* What the image's own file holds, as a drawing of units. */
static void expect_map(struct sw_image *img, const char *want)
{
    char got[256] = "";

    for (uint64_t at = 0; at < img->size_bytes; at += UNIT) {
        struct sw_err err = {.code = SW_OK};
        struct sw_extent extent;

        assert_ok(sw_image_next_extent(img, at, &extent, &err), err);
        got[at / UNIT] = extent.kind == SW_EXTENT_DATA ? 'D' : extent.kind == SW_EXTENT_ZERO ? 'z' : '.';
    }
    assert_string_equal(got, want);
}

static void a_layer_holds_what_changed_and_explicit_zeros(void **state)
{
    (void)state;
    for (unsigned jobs = 1; jobs < 9; jobs += 7) {
        struct layered l = {.base = NULL};
        struct sw_err err = {.code = SW_OK};
        uint64_t differs_at = 0;

        make_layer(&l, "aabbcc..dd..", "aaBb.0..ddE.", jobs);
        expect_map(l.top, "..D.zz....D.");
        assert_int_equal(l.stats.data_bytes, 2 * UNIT);
        assert_int_equal(l.stats.zero_bytes, 2 * UNIT);
        assert_ok(sw_compare_images(l.chain, l.src, jobs, &differs_at, &err), err);
        assert_int_equal(differs_at, UINT64_MAX);
        close_layer(&l);
    }
}

static void a_layer_of_nothing_changed_is_empty(void **state)
{
    struct layered l = {.base = NULL};

    (void)state;
    make_layer(&l, "aabb..00", "aabb.00.", 2);
    expect_map(l.top, "........");
    assert_int_equal(l.stats.data_bytes + l.stats.zero_bytes, 0);
    close_layer(&l);
}

static void a_layer_may_be_larger_than_its_base(void **state)
{
    struct layered l = {.base = NULL};
    struct sw_err err = {.code = SW_OK};
    uint64_t differs_at = 0;

    (void)state;
    make_layer(&l, "aab", "aab..cc", 2);
    expect_map(l.top, ".....DD");
    assert_ok(sw_compare_images(l.chain, l.src, 2, &differs_at, &err), err);
    assert_int_equal(differs_at, UINT64_MAX);
    close_layer(&l);
}

/* The layer itself serves as the overlay of the next one: only its own units are read. */
static void through_an_overlay_only_its_own_units_are_read(void **state)
{
    struct layered l = {.base = NULL};
    struct sw_copy_stats stats;
    struct sw_err err = {.code = SW_OK};
    struct sw_copy copy = {.create = {.backing_name = "base.qcow2", .backing_format = "qcow2"}};

    (void)state;
    make_layer(&l, "aabbcc..dd..", "aaBb.0..ddE.", 2);
    copy.src = l.chain;
    copy.base = l.base;
    copy.top = l.top;
    assert_ok(copy_file(copy, "qcow2", "again.qcow2", &stats, &err), err);
    assert_int_equal(stats.read_bytes, 4 * UNIT);
    assert_same_files("layer.qcow2", "again.qcow2");
    close_layer(&l);
}

static void a_target_smaller_than_the_source_is_refused(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_image *src;

    (void)state;
    make_raw("src.raw", "ab", 0);
    src = open_image("src.raw", "raw", NULL, false);
    assert_failed(copy_file((struct sw_copy){.src = src, .create.size_bytes = UNIT}, "qcow2", "small.qcow2",
                            NULL, &err),
                  err, SW_USAGE, "smaller than the source");
    assert_int_equal(access("small.qcow2", F_OK), -1);
    sw_image_close(src);
}

static void a_damaged_source_leaves_no_target(void **state)
{
    (void)state;
    for (unsigned jobs = 1; jobs < 9; jobs += 7) {
        struct sw_err err = {.code = SW_OK};
        struct sw_image *src;
        int fd;

        make_raw("src.raw", "abcdefgh", 0);
        src = open_image("src.raw", "raw", NULL, false);
        assert_ok(copy_file((struct sw_copy){.src = src}, "qcow2", "bad.qcow2", NULL, &err), err);
        sw_image_close(src);
        fd = open("bad.qcow2", O_RDWR);
        assert_int_equal(pwrite(fd, "\0\0\0\0\0\0\0\0", 8, UNIT), 8);
        close(fd);
        src = open_image("bad.qcow2", "qcow2", NULL, false);
        assert_failed(copy_file((struct sw_copy){.src = src, .jobs = jobs}, "raw", "none.raw", NULL, &err),
                      err, SW_INTEGRITY, "is damaged");
        assert_int_equal(access("none.raw", F_OK), -1);
        sw_image_close(src);
    }
}

/* An OVA of the mixed disk; *disk_at is where its VMDK begins. */
static void make_ova(const char *path, size_t *disk_at)
{
    SW_AUTO_BUF struct sw_buf file = {0};
    struct sw_image *src;
    struct sw_err err = {.code = SW_OK};

    make_raw("src.raw", mixed, 0);
    src = open_image("src.raw", "raw", NULL, false);
    assert_ok(copy_file((struct sw_copy){.src = src}, "ova", path, NULL, &err), err);
    sw_image_close(src);
    assert_ok(sw_read_file(path, FILE_MAX, &file, &err), err);
    for (*disk_at = 0; memcmp(file.data + *disk_at, "KDMV", 4) != 0; *disk_at += 512)
        assert_true(*disk_at + 1024 < file.len);
}

static void put_byte(const char *path, size_t at)
{
    int fd = open(path, O_WRONLY);

    assert_int_equal(pwrite(fd, "!", 1, (off_t)at), 1);
    close(fd);
}

/* The first byte is one that no reader of the disk looks at; the second spoils a grain as well. */
static void a_source_that_is_not_what_its_digest_says_leaves_no_target(void **state)
{
    size_t disk_at, spoiled[2];
    struct sw_err err = {.code = SW_OK};
    struct sw_image *src;

    (void)state;
    make_ova("bad.ova", &disk_at);
    spoiled[0] = disk_at + 60 * 512;
    spoiled[1] = disk_at + 128 * 512 + 20;
    for (unsigned jobs = 1; jobs < 10; jobs += 4) {
        src = open_image("bad.ova", "ova", NULL, false);
        assert_ok(copy_file((struct sw_copy){.src = src, .jobs = jobs}, "raw", "good.raw", NULL, &err), err);
        assert_same_files("src.raw", "good.raw");
        sw_image_close(src);
    }
    for (size_t i = 0; i < 2; i++) {
        put_byte("bad.ova", spoiled[i]);
        for (unsigned jobs = 1; jobs < 10; jobs += 4) {
            src = open_image("bad.ova", "ova", NULL, false);
            assert_failed(
                copy_file((struct sw_copy){.src = src, .jobs = jobs}, "raw", "none.raw", NULL, &err), err,
                SW_INTEGRITY, "is not what the manifest has");
            assert_int_equal(access("none.raw", F_OK), -1);
            sw_image_close(src);
        }
    }
}

static int full_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    (void)buf;
    (void)len;
    return sw_fail(err, SW_FAILED, "'%s' is full", out->name);
}

/* What the target says is told, and nobody waits for the rest of the source. */
static void a_target_that_fails_is_told_over_digests_that_were_not_read(void **state)
{
    static const struct sw_out_ops full = {.write = full_write};
    struct sw_out out = {.ops = &full, .fd = -1, .name = "target"};
    struct sw_err err = {.code = SW_OK};
    struct sw_image *src;
    size_t disk_at;

    (void)state;
    make_ova("good.ova", &disk_at);
    for (unsigned jobs = 1; jobs < 10; jobs += 4) {
        struct sw_copy copy = {.format = sw_format_by_name("raw"), .out = &out, .jobs = jobs};

        copy.src = src = open_image("good.ova", "ova", NULL, false);
        assert_failed(sw_copy_image(&copy, NULL, &err), err, SW_FAILED, "'target' is full");
        sw_image_close(src);
    }
}

static void expect_compare(const char *a_map, const char *b_map, size_t b_surplus, uint64_t want)
{
    struct sw_image *a, *b;

    make_raw("a.raw", a_map, 0);
    make_raw("b.raw", b_map, b_surplus);
    a = open_image("a.raw", "raw", NULL, false);
    b = open_image("b.raw", "raw", NULL, false);
    for (unsigned jobs = 1; jobs < 9; jobs += 7) {
        struct sw_err err = {.code = SW_OK};
        uint64_t differs_at = 0;

        assert_ok(sw_compare_images(a, b, jobs, &differs_at, &err), err);
        assert_int_equal(differs_at, want);
        assert_ok(sw_compare_images(b, a, jobs, &differs_at, &err), err);
        assert_int_equal(differs_at, want);
    }
    sw_image_close(a);
    sw_image_close(b);
}

static void comparison_finds_the_first_difference(void **state)
{
    (void)state;
    expect_compare("ab..c", "ab..c", 0, UINT64_MAX);
    expect_compare("ab..c", "ab00c", 0, UINT64_MAX);
    expect_compare("ab..c", "ab..c...", 512, UINT64_MAX);
    expect_compare("ab..c", "aB..d", 0, UNIT);
    expect_compare("ab..c", "ab..", 0, 4 * UNIT);
    expect_compare("....................................a", "......................b..............a", 0,
                   UINT64_C(22) * UNIT);
}

static void expect_ranges(const char *a_map, const char *b_map, const struct sw_range *want, size_t n)
{
    struct sw_image *a, *b;

    make_raw("a.raw", a_map, 0);
    make_raw("b.raw", b_map, 0);
    a = open_image("a.raw", "raw", NULL, false);
    b = open_image("b.raw", "raw", NULL, false);
    for (unsigned jobs = 1; jobs < 9; jobs += 7) {
        const struct sw_compare ask = {.a = a, .b = b, .jobs = jobs};
        struct sw_err err = {.code = SW_OK};
        struct sw_ranges ranges;

        assert_ok(sw_compare_ranges(&ask, &ranges, &err), err);
        assert_int_equal(ranges.n, n);
        if (n > 0)
            assert_memory_equal(ranges.items, want, n * sizeof(*want));
        sw_ranges_clear(&ranges);
    }
    sw_image_close(a);
    sw_image_close(b);
}

static void comparison_finds_every_sector_that_differs(void **state)
{
    const struct sw_range one = {UNIT, UNIT}, two[] = {{UNIT, UNIT}, {4 * UNIT, UNIT}},
                          end = {4 * UNIT, UNIT};

    (void)state;
    expect_ranges("ab..c", "ab00c", NULL, 0);
    expect_ranges("ab..c", "aB..c", &one, 1);
    expect_ranges("ab..c", "aB..d", two, 2);
    expect_ranges("ab..c", "ab..", &end, 1);
}

static void a_range_is_touched_by_one_byte(void **state)
{
    struct sw_range items[] = {{512, 512}, {4096, 1024}};
    const struct sw_ranges ranges = {items, 2};

    (void)state;
    assert_false(sw_ranges_touch(&ranges, 0, 512));
    assert_true(sw_ranges_touch(&ranges, 0, 513));
    assert_true(sw_ranges_touch(&ranges, 1023, 1));
    assert_false(sw_ranges_touch(&ranges, 1024, 3072));
    assert_true(sw_ranges_touch(&ranges, 0, UINT64_MAX));
    assert_false(sw_ranges_touch(&ranges, 5120, UINT64_MAX));
    assert_false(sw_ranges_touch(&ranges, 600, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_jobs_writes_the_same_bytes),
        cmocka_unit_test(every_cluster_size_comes_back_as_it_was),
        cmocka_unit_test(holes_stay_holes_and_stored_zeros_become_holes),
        cmocka_unit_test(statistics_count_units),
        cmocka_unit_test(a_layer_holds_what_changed_and_explicit_zeros),
        cmocka_unit_test(a_layer_of_nothing_changed_is_empty),
        cmocka_unit_test(a_layer_may_be_larger_than_its_base),
        cmocka_unit_test(through_an_overlay_only_its_own_units_are_read),
        cmocka_unit_test(a_target_smaller_than_the_source_is_refused),
        cmocka_unit_test(a_damaged_source_leaves_no_target),
        cmocka_unit_test(a_source_that_is_not_what_its_digest_says_leaves_no_target),
        cmocka_unit_test(a_target_that_fails_is_told_over_digests_that_were_not_read),
        cmocka_unit_test(comparison_finds_the_first_difference),
        cmocka_unit_test(comparison_finds_every_sector_that_differs),
        cmocka_unit_test(a_range_is_touched_by_one_byte),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
