/* Which units are looked at, for a source alone, over a base, and through an overlay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/copy/walk.h"

#include <string.h>

enum { SECTOR = 512, UNIT = 4 * SECTOR };

/* A disk drawn as text, one letter a sector: D data, z explicit zeros, '.' hole. */
struct drawn {
    struct sw_image base;
    const char *map;
};

static enum sw_extent_kind kind_of(char letter)
{
    return letter == 'D' ? SW_EXTENT_DATA : letter == 'z' ? SW_EXTENT_ZERO : SW_EXTENT_HOLE;
}

static int drawn_next(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err)
{
    const char *map = ((struct drawn *)img)->map + off / SECTOR;
    size_t n = 1;

    (void)err;
    while (map[n] == map[0])
        n++;
    *extent = (struct sw_extent){.off = off, .len = n * SECTOR, .kind = kind_of(map[0])};
    return 0;
}

static const struct sw_format drawn_format = {.name = "drawn", .next_extent = drawn_next};

static struct drawn draw(const char *map)
{
    return (struct drawn){.base = {.format = &drawn_format, .size_bytes = strlen(map) * SECTOR}, .map = map};
}

/* The walk's units as a drawing of the same scale: 'x' looked at, '-' left out. */
static void expect_walk(struct walk walk, const char *want)
{
    char got[256];
    uint64_t off, len, sum = 0, total, last_end = 0;
    struct sw_err err = {.code = SW_OK};

    memset(got, '-', sizeof(got));
    got[walk.size_bytes / SECTOR] = '\0';
    walk.unit_bytes = UNIT;
    while (walk_next(&walk, &off, &len, &err) > 0) {
        assert_true(off >= last_end && off % UNIT == 0);
        assert_true(len == UNIT || off + len == walk.size_bytes);
        memset(got + off / SECTOR, 'x', len / SECTOR);
        last_end = off + len;
        sum += len;
    }
    assert_string_equal(got, want);
    assert_int_equal(walk_total(&walk, &total, &err), 0);
    assert_int_equal(total, sum);
}

static void holes_and_zeros_are_left_out_in_whole_units(void **state)
{
    struct drawn src = draw("DDDD....zzzz.D..........DDDDDDDDzzzzDD");

    (void)state;
    expect_walk((struct walk){.src = &src.base, .size_bytes = src.base.size_bytes},
                "xxxx--------xxxx--------xxxxxxxx----xx");
}

static void a_disk_without_data_has_no_units(void **state)
{
    struct drawn src = draw(".....zzz.......");

    (void)state;
    expect_walk((struct walk){.src = &src.base, .size_bytes = src.base.size_bytes}, "---------------");
}

static void what_lies_past_the_source_has_no_data(void **state)
{
    struct drawn src = draw("DD");

    (void)state;
    expect_walk((struct walk){.src = &src.base, .size_bytes = 16 * SECTOR}, "xxxx------------");
}

static void over_a_base_the_data_of_both_is_looked_at(void **state)
{
    struct drawn src = draw("DDDD....zzzz....");
    struct drawn base = draw("....DDDD....");

    (void)state;
    expect_walk((struct walk){.src = &src.base, .other = &base.base, .size_bytes = src.base.size_bytes},
                "xxxxxxxx--------");
}

static void through_an_overlay_only_its_own_data_and_zeros_are_looked_at(void **state)
{
    struct drawn src = draw("DDDDDDDDDDDDDDDDDDDD");
    struct drawn base = draw("DDDDDDDDDDDDDDDDDDDD");
    struct drawn top = draw("....DDDD....zzzz....");

    (void)state;
    expect_walk(
        (struct walk){
            .src = &src.base, .other = &base.base, .top = &top.base, .size_bytes = src.base.size_bytes},
        "----xxxx----xxxx----");
}

static void zeros_of_an_overlay_are_looked_at_where_they_hide_data(void **state)
{
    struct drawn src = draw("DDDDzzzzzzzzzzzzzzzzzzzzDDDD");
    struct drawn base = draw("DDDD....zzzzDDDD.D..");
    struct drawn top = draw("....zzzzzzzzzzzzzzzzzzzz....");

    (void)state;
    expect_walk((struct walk){.src = &src.base,
                              .other = &base.base,
                              .top = &top.base,
                              .under = &base.base,
                              .size_bytes = src.base.size_bytes},
                "------------xxxxxxxx--------");
    /* As two disks are compared, one of which lies over the other. */
    expect_walk((struct walk){.src = &base.base,
                              .other = &top.base,
                              .top = &top.base,
                              .under = &base.base,
                              .size_bytes = src.base.size_bytes},
                "------------xxxxxxxx--------");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holes_and_zeros_are_left_out_in_whole_units),
        cmocka_unit_test(a_disk_without_data_has_no_units),
        cmocka_unit_test(what_lies_past_the_source_has_no_data),
        cmocka_unit_test(over_a_base_the_data_of_both_is_looked_at),
        cmocka_unit_test(through_an_overlay_only_its_own_data_and_zeros_are_looked_at),
        cmocka_unit_test(zeros_of_an_overlay_are_looked_at_where_they_hide_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
