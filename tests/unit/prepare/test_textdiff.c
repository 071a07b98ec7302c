/* Unified diffs, held against what diff -u writes. */
#include "src/prepare/textdiff.h"

#include "src/base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_diff(const char *before, const char *after, const char *want)
{
    SW_AUTO_BUF struct sw_buf out = {.data = NULL};
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(textdiff((struct text_span){before, strlen(before)},
                              (struct text_span){after, strlen(after)}, &out, &err),
                     0);
    assert_string_equal(out.data != NULL ? out.data : "", want);
}

static void equal_texts_have_no_diff(void **state)
{
    (void)state;
    expect_diff("", "", "");
    expect_diff("a\nb\n", "a\nb\n", "");
}

static void a_changed_line_has_three_around_it(void **state)
{
    (void)state;
    expect_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
                "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
}

static void what_is_new_and_what_is_gone_are_ranges_of_none(void **state)
{
    (void)state;
    expect_diff("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n");
    expect_diff("a\n", "", "@@ -1 +0,0 @@\n-a\n");
}

static void a_last_line_without_an_end_is_told(void **state)
{
    (void)state;
    expect_diff("a\nb", "a\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
}

static void far_changes_are_hunks_of_their_own_and_near_ones_are_one(void **state)
{
    (void)state;
    expect_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
                "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
    expect_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
                "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

/* patch takes every one of them from one text to the other. */
static void patch_follows_diffs_of_random_texts(void **state)
{
    char folder[] = "/tmp/slipway-textdiff.XXXXXX", command[128];
    unsigned seed = 7;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    if (system("command -v patch >/dev/null") != 0)
        skip();
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    snprintf(command, sizeof(command), "patch -s -o got before diff && cmp got after");
    for (int round = 0; round < 12; round++) {
        SW_AUTO_BUF struct sw_buf before = {.data = NULL}, after = {.data = NULL};
        struct sw_buf *const texts[2] = {&before, &after};
        SW_AUTO_BUF struct sw_buf diff = {.data = NULL};

        for (int i = 0; i < 2; i++)
            for (int line = rand_r(&seed) % 40 + 1; line > 0; line--)
                assert_int_equal(sw_buf_printf(texts[i], &err, "%d\n", rand_r(&seed) % 6), 0);
        assert_int_equal(textdiff((struct text_span){before.data, before.len},
                                  (struct text_span){after.data, after.len}, &diff, &err),
                         0);
        if (diff.len == 0)
            continue;
        assert_int_equal(sw_write_file("before", before.data, before.len, 0644, &err), 0);
        assert_int_equal(sw_write_file("after", after.data, after.len, 0644, &err), 0);
        assert_int_equal(sw_write_file("diff", diff.data, diff.len, 0644, &err), 0);
        assert_int_equal(system(command), 0);
    }
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(sw_remove_tree(folder, &err), 0);
}

/* All of what differs, when it is too much to be compared line by line. */
static void very_long_texts_are_replaced(void **state)
{
    SW_AUTO_BUF struct sw_buf before = {.data = NULL}, after = {.data = NULL}, out = {.data = NULL};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(sw_buf_printf(&before, &err, "b%d\n", i), 0);
        assert_int_equal(sw_buf_printf(&after, &err, "a%d\n", i), 0);
    }
    assert_int_equal(textdiff((struct text_span){before.data, before.len},
                              (struct text_span){after.data, after.len}, &out, &err),
                     0);
    assert_true(strncmp(out.data, "@@ -1,3000 +1,3000 @@\n-b0\n", 26) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_have_no_diff),
        cmocka_unit_test(a_changed_line_has_three_around_it),
        cmocka_unit_test(what_is_new_and_what_is_gone_are_ranges_of_none),
        cmocka_unit_test(a_last_line_without_an_end_is_told),
        cmocka_unit_test(far_changes_are_hunks_of_their_own_and_near_ones_are_one),
        cmocka_unit_test(patch_follows_diffs_of_random_texts),
        cmocka_unit_test(very_long_texts_are_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
