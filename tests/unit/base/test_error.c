/* Errors read as a path from intent to cause, and never overflow. */
#include "tests/unit/testing.h"

#include <errno.h>

static void context_is_put_before_the_cause(void **state)
{
    struct sw_err err = {0};

    (void)state;
    assert_int_equal(sw_fail(&err, SW_INTEGRITY, "grain %d is damaged", 7), -1);
    assert_int_equal(sw_context(&err, "layer %u", 3u), -1);
    assert_string_equal(err.text, "layer 3: grain 7 is damaged");
    assert_int_equal(err.code, SW_INTEGRITY);
}

static void a_system_call_keeps_its_errno(void **state)
{
    struct sw_err err = {0};

    (void)state;
    errno = ENOSPC;
    assert_int_equal(sw_fail_errno(&err, "cannot write '%s'", "x"), -1);
    assert_int_equal(err.sys, ENOSPC);
    assert_string_equal(err.text, "cannot write 'x': No space left on device");
}

static void a_text_that_is_too_long_is_cut_with_a_mark(void **state)
{
    struct sw_err err = {0};
    char big[3000];

    (void)state;
    memset(big, 'a', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    sw_fail(&err, SW_FAILED, "%s", big);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    assert_non_null(strstr(err.text, "\xe2\x80\xa6"));
    sw_context(&err, "%s", big);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    errno = EIO;
    sw_fail_errno(&err, "%.1020s", big);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(context_is_put_before_the_cause),
        cmocka_unit_test(a_system_call_keeps_its_errno),
        cmocka_unit_test(a_text_that_is_too_long_is_cut_with_a_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
