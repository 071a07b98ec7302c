/* Options as rows: every form of writing them, and every way to get them wrong. */
#include "tests/unit/testing.h"

#include "src/cli/opt.h"

struct some_opts {
    struct common_opts common;
    bool flag;
    const char *text;
    struct opt_list many;
    uint64_t size;
};

static const struct opt rows[] = {
    {'x', "flag", NULL, OPT_FLAG, offsetof(struct some_opts, flag), "a flag"},
    {'t', "text", "TEXT", OPT_STRING, offsetof(struct some_opts, text), "a text"},
    {'m', "many", "ITEM", OPT_LIST, offsetof(struct some_opts, many), "items"},
    {0, "size", "BYTES", OPT_SIZE, offsetof(struct some_opts, size), "a size"},
    OPT_END,
};

static const struct cmd cmd = {.name = "verb",
                               .args = "SRC [DST]",
                               .opts = rows,
                               .opts_size = sizeof(struct some_opts),
                               .min_args = 1,
                               .max_args = 2};

struct result {
    struct some_opts opts;
    struct args args;
    bool help;
    struct sw_err err;
    int rc;
};

static struct result parse(const char *line)
{
    static char copy[256]; /* the options point into it */
    struct result result = {.rc = 0};
    char *argv[32];
    size_t n = 0;

    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok(copy, " "); word != NULL && n < 31; word = strtok(NULL, " "))
        argv[n++] = word;
    argv[n] = NULL;
    result.rc = opt_parse(&cmd, argv, &result.opts, &result.args, &result.help, &result.err);
    return result;
}

static void every_way_to_write_an_option_is_understood(void **state)
{
    struct result r = parse("-x --text=a=b -mone -m two --many three --size 4K -j 8 src --json -- -dst");

    (void)state;
    assert_ok(r.rc, r.err);
    assert_true(r.opts.flag);
    assert_string_equal(r.opts.text, "a=b");
    assert_int_equal(r.opts.many.n, 3);
    assert_string_equal(r.opts.many.items[2], "three");
    assert_int_equal(r.opts.size, 4096);
    assert_int_equal(r.opts.common.jobs, 8);
    assert_true(r.opts.common.json);
    assert_int_equal(r.args.n, 2);
    assert_string_equal(r.args.items[1], "-dst");
}

static void every_wrong_word_is_a_usage_error_that_names_it(void **state)
{
    static const struct {
        const char *line, *part;
    } cases[] = {
        {"--nothing src", "unknown option '--nothing'"},
        {"-z src", "unknown option '-z'"},
        {"--flag=1 src", "takes no value"},
        {"src --text", "needs a value"},
        {"src --size 4X", "'4X' is not a number"},
        {"src --size -1", "'-1' is not a number"},
        {"src --size 99999999999T", "too large"},
        {"src --jobs 1K", "'1K' is not a number"},
        {"a b c", "surplus argument 'c'"},
        {"-x", "missing argument"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct result r = parse(cases[i].line);

        assert_failed(r.rc, r.err, SW_USAGE, cases[i].part);
    }
}

static void help_wins_over_what_is_missing(void **state)
{
    struct result r = parse("--help");

    (void)state;
    assert_ok(r.rc, r.err);
    assert_true(r.help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_write_an_option_is_understood),
        cmocka_unit_test(every_wrong_word_is_a_usage_error_that_names_it),
        cmocka_unit_test(help_wins_over_what_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
