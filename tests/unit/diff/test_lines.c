/* The differing lines of two texts, as diff -u has them. */
#include "src/base/buf.h"
#include "src/diff/diff_private.h"
#include "tests/unit/testing.h"

static void expect(const char *from, const char *to, const char *want)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *got = diff_lines(from, strlen(from), to, strlen(to), &err);

    assert_non_null(got);
    assert_string_equal(got, want);
}

static void texts_that_are_the_same_have_no_hunk(void **state)
{
    (void)state;
    expect("", "", "");
    expect("a\nb\n", "a\nb\n", "");
}

static void a_line_is_gone_new_or_another(void **state)
{
    (void)state;
    expect("a\nb\nc\n", "a\nc\n", "@@ -1,3 +1,2 @@\n a\n-b\n c\n");
    expect("a\nc\n", "a\nb\nc\n", "@@ -1,2 +1,3 @@\n a\n+b\n c\n");
    expect("a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
    expect("", "a\n", "@@ -0,0 +1,1 @@\n+a\n");
    expect("a\n", "", "@@ -1,1 +0,0 @@\n-a\n");
}

static void three_lines_around_a_change_are_shown_and_near_ones_share_a_hunk(void **state)
{
    (void)state;
    expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\nx\n",
           "@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+x\n");
    expect("1\n2\n3\n4\n5\n6\n", "x\n2\n3\n4\n5\ny\n", "@@ -1,6 +1,6 @@\n-1\n+x\n 2\n 3\n 4\n 5\n-6\n+y\n");
    expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
           "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n");
}

static void a_last_line_without_its_end_is_said(void **state)
{
    (void)state;
    expect("a", "a\n", "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n");
}

static void texts_of_too_many_lines_are_not_compared(void **state)
{
    struct sw_err err = {.code = SW_OK};
    static char lines[5000];

    (void)state;
    memset(lines, '\n', sizeof(lines));
    assert_null(diff_lines(lines, sizeof(lines), "a\n", 2, &err));
    assert_int_equal(err.code, SW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_that_are_the_same_have_no_hunk),
        cmocka_unit_test(a_line_is_gone_new_or_another),
        cmocka_unit_test(three_lines_around_a_change_are_shown_and_near_ones_share_a_hunk),
        cmocka_unit_test(a_last_line_without_its_end_is_said),
        cmocka_unit_test(texts_of_too_many_lines_are_not_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
