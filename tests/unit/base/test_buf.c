/* Bytes that grow, as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/base/buf.h"

#include <stdlib.h>
#include <string.h>

static void a_letter_is_doubled_wherever_it_stands(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},         {",", ",,"},        {"a", "a"},     {"a,b", "a,,b"},
        {",a,", ",,a,,"}, {"a,,b", "a,,,,b"}, {"a;b", "a;b"}, {"/a, b/c,d", "/a,, b/c,,d"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_err err = {.code = SW_OK};
        char *text = sw_doubled(cases[i][0], ',', &err);

        assert_non_null(text);
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
}

static void what_was_there_before_stays(void **state)
{
    struct sw_buf buf = {0};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_int_equal(sw_buf_puts(&buf, "a,b=", &err), 0);
    assert_int_equal(sw_buf_double(&buf, "c,d", ',', &err), 0);
    assert_int_equal(buf.len, strlen("a,b=c,,d"));
    assert_string_equal(buf.data, "a,b=c,,d");
    sw_buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_is_doubled_wherever_it_stands),
        cmocka_unit_test(what_was_there_before_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
