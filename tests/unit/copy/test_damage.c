/* Reading around damage: what is lost is listed with its cause, all else is had, for any number of jobs. */
#include "tests/unit/formats/disk.h"

#include "slipway/verify.h"
#include "src/base/buf.h"
#include "src/copy/damage.h"

#include <errno.h>

enum { SECTOR = 512, UNIT = 4096, DISK = 5 << 20 };

/* A disk whose pattern cannot be read at some places; compressed, it is lost in whole units. */
struct hurt {
    struct sw_image base;
    const struct piece *bad;
    size_t nr_bad;
    bool compressed;
    uint64_t blind_from, blind_to; /* nothing can be told of these */
    enum sw_code code;
    int sys;
};

static struct hurt *hurt_of(struct sw_image *img)
{
    return (struct hurt *)img;
}

static int hurt_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    const struct hurt *hurt = hurt_of(img);
    uint64_t first = hurt->compressed ? off / UNIT * UNIT : off;
    uint64_t end = hurt->compressed ? (off + len + UNIT - 1) / UNIT * UNIT : off + len;

    for (size_t i = 0; i < hurt->nr_bad; i++)
        if (first < hurt->bad[i].off + hurt->bad[i].len && end > hurt->bad[i].off) {
            sw_fail(err, hurt->code, "cause %c at %llu", (int)('g' + i), (unsigned long long)off);
            err->sys = hurt->sys;
            return -1;
        }
    if (off < hurt->blind_to && off + len > hurt->blind_from)
        return sw_fail(err, SW_INTEGRITY, "the table at %llu is lost", (unsigned long long)off);
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)buf)[i] = pattern_at(off + i);
    return 0;
}

static int hurt_next(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err)
{
    const struct hurt *hurt = hurt_of(img);
    uint64_t end = off < hurt->blind_from ? hurt->blind_from : img->size_bytes;

    if (off >= hurt->blind_from && off < hurt->blind_to)
        return sw_fail(err, SW_INTEGRITY, "the table at %llu is lost", (unsigned long long)off);
    *extent = (struct sw_extent){
        .off = off, .len = end - off, .kind = SW_EXTENT_DATA, .plain = !hurt->compressed, .physical = off};
    return 0;
}

static const struct sw_format hurt_format = {.name = "hurt", .pread = hurt_pread, .next_extent = hurt_next};
static struct sw_in hurt_in = {.size_bytes = DISK, .fd = -1, .name = "hurt"};

static struct hurt hurt_disk(const struct piece *bad, size_t nr_bad)
{
    return (struct hurt){
        .base = {.format = &hurt_format, .size_bytes = DISK, .unit_bytes = UNIT, .in = &hurt_in},
        .bad = bad,
        .nr_bad = nr_bad,
        .code = SW_INTEGRITY,
    };
}

/* The list as text, the same for 1 and for 7 jobs. */
static char *list_of(struct hurt *hurt)
{
    char *text[2];

    for (unsigned i = 0; i < 2; i++) {
        struct sw_damage damage = {.nr_listed = 0};
        struct sw_scan scan = {.img = &hurt->base, .jobs = i == 0 ? 1 : 7, .damage = &damage};
        struct sw_err err = {.code = SW_OK};
        struct sw_buf out = {0};

        assert_ok(sw_scan_image(&scan, NULL, &err), err);
        for (unsigned k = 0; k < damage.nr_listed; k++)
            assert_ok(sw_buf_printf(&out, &err, "%llu+%llu %s; ", (unsigned long long)damage.listed[k].off,
                                    (unsigned long long)damage.listed[k].len, damage.listed[k].cause),
                      err);
        assert_ok(sw_buf_printf(&out, &err, "%llu of %llu", (unsigned long long)damage.bytes,
                                (unsigned long long)damage.nr_ranges),
                  err);
        text[i] = sw_buf_steal(&out);
        sw_damage_free(&damage);
    }
    assert_string_equal(text[0], text[1]);
    free(text[1]);
    return text[0];
}

static void assert_list(struct hurt *hurt, const char *want)
{
    char *got = list_of(hurt);

    assert_string_equal(got, want);
    free(got);
}

static void a_whole_disk_has_an_empty_list(void **state)
{
    struct hurt hurt = hurt_disk(NULL, 0);

    (void)state;
    assert_list(&hurt, "0 of 0");
}

static void what_lies_plainly_is_lost_by_the_sector(void **state)
{
    const struct piece bad[] = {{1000, 1}, {70 * SECTOR, 2 * SECTOR}, {DISK - 1, 1}};
    struct hurt hurt = hurt_disk(bad, 3);

    (void)state;
    assert_list(&hurt, "512+512 cause g at 512; 35840+1024 cause h at 35840; "
                       "5242368+512 cause i at 5242368; 2048 of 3");
}

static void what_is_compressed_is_lost_by_the_unit(void **state)
{
    const struct piece bad[] = {{1000, 1}, {5 * UNIT + 7, 2 * UNIT}};
    struct hurt hurt = hurt_disk(bad, 2);

    (void)state;
    hurt.compressed = true;
    assert_list(&hurt, "0+4096 cause g at 0; 20480+12288 cause h at 20480; 16384 of 2");
}

static void what_cannot_even_be_told_is_lost_by_the_unit(void **state)
{
    struct hurt hurt = hurt_disk(NULL, 0);

    (void)state;
    hurt.blind_from = 3 * UNIT;
    hurt.blind_to = 3 * UNIT + (2 << 20);
    assert_list(&hurt, "12288+2097152 the table at 12288 is lost; 2097152 of 1");
}

static void a_read_that_fails_is_damage_too(void **state)
{
    const struct piece bad[] = {{4096, 512}};
    struct hurt hurt = hurt_disk(bad, 1);

    (void)state;
    hurt.code = SW_FAILED;
    hurt.sys = EIO;
    assert_list(&hurt, "4096+512 cause g at 4096; 512 of 1");
}

static void other_failures_stay_failures(void **state)
{
    static const struct {
        enum sw_code code;
        int sys;
    } failures[] = {{SW_FAILED, 0}, {SW_FAILED, ENOMEM}, {SW_INTERRUPTED, 0}};
    const struct piece bad[] = {{4096, 512}};
    struct hurt hurt = hurt_disk(bad, 1);

    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        struct sw_damage damage = {.nr_listed = 0};
        struct sw_scan scan = {.img = &hurt.base, .jobs = 3, .damage = &damage};
        struct sw_err err = {.code = SW_OK};

        hurt.code = failures[i].code;
        hurt.sys = failures[i].sys;
        assert_failed(sw_scan_image(&scan, NULL, &err), err, failures[i].code, "cause g");
        sw_damage_free(&damage);
    }
}

static void without_a_list_the_first_damage_is_the_error(void **state)
{
    const struct piece bad[] = {{DISK / 2, 1}, {DISK - 1, 1}};
    struct hurt hurt = hurt_disk(bad, 2);

    (void)state;
    for (unsigned jobs = 1; jobs < 9; jobs += 7) {
        struct sw_scan scan = {.img = &hurt.base, .jobs = jobs};
        struct sw_err err = {.code = SW_OK};

        assert_failed(sw_scan_image(&scan, NULL, &err), err, SW_INTEGRITY, "cause g");
    }
}

static void the_list_is_bounded_and_the_count_is_not(void **state)
{
    enum { BAD = 700 };
    struct piece bad[BAD];
    struct sw_damage damage = {.nr_listed = 0};
    struct hurt hurt = hurt_disk(bad, BAD);
    struct sw_scan scan = {.img = &hurt.base, .jobs = 5, .damage = &damage};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    for (unsigned i = 0; i < BAD; i++)
        bad[i] = (struct piece){(uint64_t)i * 4 * SECTOR, 1};
    assert_ok(sw_scan_image(&scan, NULL, &err), err);
    assert_int_equal(damage.nr_listed, SW_DAMAGE_LISTED_MAX);
    assert_int_equal(damage.nr_ranges, BAD);
    assert_int_equal(damage.bytes, BAD * SECTOR);
    assert_int_equal(damage.listed[99].off, 99 * 4 * SECTOR);
    sw_damage_free(&damage);
}

static void neighbours_are_one_range_when_only_numbers_differ(void **state)
{
    struct sw_damage list = {.nr_listed = 0}, more = {.nr_listed = 0};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_ok(damage_add(&list, 0, 512, "grain 1 at sector 0x1f is cut", &err), err);
    assert_ok(damage_add(&list, 512, 512, "grain 22 at sector 0x9 is cut", &err), err);
    assert_ok(damage_add(&list, 1024, 512, "grain 23 at sector 0x9 is mixed up", &err), err);
    assert_ok(damage_add(&more, 1536, 512, "grain 24 at sector 0x9 is mixed up", &err), err);
    assert_ok(damage_add(&more, 2560, 512, "grain 26 at sector 0x9 is mixed up", &err), err);
    assert_ok(damage_append(&list, &more, &err), err);
    assert_int_equal(list.nr_ranges, 3);
    assert_int_equal(list.bytes, 5 * 512);
    assert_int_equal(list.listed[0].len, 1024);
    assert_int_equal(list.listed[1].len, 1024);
    assert_string_equal(list.listed[1].cause, "grain 23 at sector 0x9 is mixed up");
    assert_int_equal(list.listed[2].off, 2560);
    sw_damage_free(&list);
    sw_damage_free(&more);
}

static void a_salvaged_copy_has_zeros_for_what_is_lost_and_all_else(void **state)
{
    const struct piece bad[] = {{3 * SECTOR + 9, 1}, {2 << 20, 100 * SECTOR}};
    struct hurt hurt = hurt_disk(bad, 2);
    struct piece all = {0, DISK};
    uint8_t *want = make_disk(DISK, &all, 1);

    (void)state;
    memset(want + 3 * SECTOR, 0, SECTOR);
    memset(want + (2 << 20), 0, 100 * SECTOR);
    for (unsigned jobs = 1; jobs < 9; jobs += 7) {
        struct mem_file file = {0};
        struct sw_damage damage = {.nr_listed = 0};
        uint8_t verity[SW_VERITY_BYTES], again[SW_VERITY_BYTES];
        struct sw_copy copy = {.src = &hurt.base,
                               .format = sw_format_by_name("qcow2"),
                               .out = mem_out(&file, true),
                               .jobs = jobs,
                               .verity = verity,
                               .damage = &damage};
        struct sw_scan scan = {.jobs = jobs, .verity = again};
        struct sw_err err = {.code = SW_OK};

        /* The output in memory is for one thread at a time, which qcow2's is. */
        assert_ok(sw_copy_image(&copy, NULL, &err), err);
        assert_int_equal(damage.nr_ranges, 2);
        assert_int_equal(damage.bytes, 101 * SECTOR);
        assert_disk_reads(&file, "qcow2", want, DISK);
        assert_ok(sw_image_open(mem_in(file.bytes, file.len), "qcow2", NULL, &scan.img, &err), err);
        assert_ok(sw_scan_image(&scan, NULL, &err), err);
        assert_memory_equal(verity, again, sizeof(again));
        sw_image_close(scan.img);
        sw_out_close(copy.out);
        sw_damage_free(&damage);
        free(file.bytes);
    }
    free(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_disk_has_an_empty_list),
        cmocka_unit_test(what_lies_plainly_is_lost_by_the_sector),
        cmocka_unit_test(what_is_compressed_is_lost_by_the_unit),
        cmocka_unit_test(what_cannot_even_be_told_is_lost_by_the_unit),
        cmocka_unit_test(a_read_that_fails_is_damage_too),
        cmocka_unit_test(other_failures_stay_failures),
        cmocka_unit_test(without_a_list_the_first_damage_is_the_error),
        cmocka_unit_test(the_list_is_bounded_and_the_count_is_not),
        cmocka_unit_test(neighbours_are_one_range_when_only_numbers_differ),
        cmocka_unit_test(a_salvaged_copy_has_zeros_for_what_is_lost_and_all_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
