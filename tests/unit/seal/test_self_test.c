/* The self-test passes, and no value in its table could be another one. */
#include "tests/unit/testing.h"

#include "slipway/envelope.h"
#include "src/base/buf.h"
#include "src/seal/known.h"

#include <ctype.h>

static void every_known_answer_comes_out(void **state)
{
    (void)state;
    assert_true(seal_nr_known_answers > 10);
    for (size_t i = 0; i < seal_nr_known_answers; i++) {
        struct sw_err err = {.code = SW_OK};

        assert_ok(seal_known_check(&seal_known_answers[i], &err), err);
    }
}

/* The value with one hex digit changed; of PEM and words, any letter or digit of its middle. */
static char *flipped(const char *value, size_t at)
{
    char *copy = strdup(value);

    assert_non_null(copy);
    while (at > 0 && !isxdigit((unsigned char)copy[at]))
        at--;
    copy[at] = copy[at] == '0' ? '1' : '0';
    return copy;
}

static void refused(const struct seal_known *row, const char *what)
{
    struct sw_err err = {.code = SW_OK};

    if (seal_known_check(row, &err) == 0)
        fail_msg("%s: passes with another %s", row->name, what);
    assert_int_equal(err.code, SW_INTEGRITY);
    assert_non_null(strstr(err.text, row->name));
}

static void a_flipped_answer_is_noticed_in_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < seal_nr_known_answers; i++) {
        struct seal_known row = seal_known_answers[i];
        size_t len = strlen(row.answer);

        for (int part = 0; part < 3; part++) {
            SW_AUTO_FREE char *other = flipped(seal_known_answers[i].answer, part * (len - 1) / 2);

            row.answer = other;
            refused(&row, "answer");
        }
    }
}

static void a_flipped_input_is_noticed_in_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < seal_nr_known_answers; i++) {
        for (size_t in = 0; in < SEAL_KNOWN_INPUTS; in++) {
            struct seal_known row = seal_known_answers[i];
            SW_AUTO_FREE char *other = NULL;

            size_t len = row.in[in] != NULL ? strlen(row.in[in]) : 0;

            /* Names of hashes and providers have no digits to flip. */
            if (len < 6 || strcmp(row.in[in], "aws-kms") == 0 || strcmp(row.in[in], "ProviderName") == 0)
                continue;
            /* libcrypto makes do with either the exponent or the prime factors of an RSA key: its modulus comes first. */
            other = flipped(row.in[in], len > 1000 ? len / 8 : len / 2);
            row.in[in] = other;
            refused(&row, "input");
        }
    }
}

static void a_cut_input_is_an_error_and_no_crash(void **state)
{
    (void)state;
    for (size_t i = 0; i < seal_nr_known_answers; i++) {
        for (size_t in = 0; in < SEAL_KNOWN_INPUTS && seal_known_answers[i].in[in] != NULL; in++) {
            struct seal_known row = seal_known_answers[i];
            SW_AUTO_FREE char *other = strdup(row.in[in]);

            if (strlen(other) < 4)
                continue;
            other[strlen(other) / 4 * 2] = '\0';
            row.in[in] = other;
            refused(&row, "input");
        }
    }
}

struct told {
    size_t right, wrong;
};

static void tell(void *arg, const char *name, const char *source, bool right)
{
    struct told *told = arg;

    assert_true(name[0] != '\0' && source[0] != '\0');
    *(right ? &told->right : &told->wrong) += 1;
}

static void the_whole_self_test_tells_each_of_them(void **state)
{
    struct told told = {0};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_ok(sw_seal_self_test(tell, &told, &err), err);
    assert_int_equal(told.right, seal_nr_known_answers);
    assert_int_equal(told.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_known_answer_comes_out),
        cmocka_unit_test(a_flipped_answer_is_noticed_in_every_row),
        cmocka_unit_test(a_flipped_input_is_noticed_in_every_row),
        cmocka_unit_test(a_cut_input_is_an_error_and_no_crash),
        cmocka_unit_test(the_whole_self_test_tells_each_of_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
