/* Options as rows: the parser and the help text. */
#include "src/cli/opt.h"

#include "slipway/pipeline.h"
#include "src/base/buf.h"
#include "src/base/number.h"
#include "src/base/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct opt opt_common[] = {
    {.name = "json",
     .kind = OPT_FLAG,
     .at = offsetof(struct common_opts, json),
     .help = "the result as JSON on stdout"},
    {'q', "quiet", NULL, OPT_FLAG, offsetof(struct common_opts, quiet), "no progress, warnings only"},
    {'v', "verbose", NULL, OPT_FLAG, offsetof(struct common_opts, verbose), "say more on stderr"},
    {'j', "jobs", "N", OPT_UINT, offsetof(struct common_opts, jobs),
     "worker threads (default: one a processor)"},
    OPT_END,
};

static const struct opt *find_in(const struct opt *row, const char *name, size_t name_len, char letter)
{
    for (; row != NULL && row->name != NULL; row++) {
        if (letter != 0 ? row->letter == letter
                        : strlen(row->name) == name_len && memcmp(row->name, name, name_len) == 0)
            return row;
    }
    return NULL;
}

static const struct opt *find(const struct cmd *cmd, const char *name, size_t name_len, char letter)
{
    const struct opt *row = find_in(cmd->opts, name, name_len, letter);

    return row != NULL ? row : find_in(opt_common, name, name_len, letter);
}

static int parse_number(const struct opt *row, const char *value, uint64_t *out, struct sw_err *err)
{
    if (sw_parse_bytes(value, row->kind == OPT_SIZE ? "KMGT" : "", out) < 0)
        return sw_fail(err, SW_USAGE, "--%s: '%s' is not a number, or too large", row->name, value);
    return 0;
}

static int set_value(const struct opt *row, const char *value, void *opts, struct sw_err *err)
{
    void *at = (char *)opts + row->at;
    struct opt_list *list;

    switch (row->kind) {
    case OPT_FLAG:
        *(bool *)at = true;
        return 0;
    case OPT_STRING:
        *(const char **)at = value;
        return 0;
    case OPT_LIST:
        list = at;
        if (list->n == OPT_LIST_MAX)
            return sw_fail(err, SW_USAGE, "--%s is given more than %d times", row->name, OPT_LIST_MAX);
        list->items[list->n++] = value;
        return 0;
    case OPT_UINT:
    case OPT_SIZE:
        return parse_number(row, value, at, err);
    }
    return sw_fail(err, SW_USAGE, "--%s: unknown kind", row->name);
}

/* Handles the word at *argv ("--name", "--name=value", "-n", "-nvalue"); moves *argv over what it took. */
static int parse_option(const struct cmd *cmd, char ***argv, void *opts, struct sw_err *err)
{
    const char *word = **argv;
    bool is_long = word[1] == '-';
    const char *name = word + (is_long ? 2 : 1);
    const char *equals = is_long ? strchr(name, '=') : NULL;
    size_t name_len = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct opt *row = find(cmd, name, name_len, is_long ? 0 : name[0]);
    const char *value = equals != NULL ? equals + 1 : NULL;

    if (row == NULL)
        return sw_fail(err, SW_USAGE, "unknown option '%s' (see slipway %s --help)", word, cmd->name);
    if (!is_long && name[1] != '\0')
        value = name + 1;
    ++*argv;
    if (row->kind == OPT_FLAG) {
        if (value != NULL)
            return sw_fail(err, SW_USAGE, "'%s' takes no value", word);
        return set_value(row, NULL, opts, err);
    }
    if (value == NULL) {
        if (**argv == NULL)
            return sw_fail(err, SW_USAGE, "'%s' needs a value: %s", word, row->arg);
        value = *(*argv)++;
    }
    return set_value(row, value, opts, err);
}

static int add_arg(const struct cmd *cmd, const char *word, struct args *args, struct sw_err *err)
{
    if (args->n == cmd->max_args || args->n == OPT_LIST_MAX)
        return sw_fail(err, SW_USAGE, "surplus argument '%s' (usage: slipway %s [OPTION]… %s)", word,
                       cmd->name, cmd->args);
    args->items[args->n++] = word;
    return 0;
}

int opt_parse(const struct cmd *cmd, char **argv, void *opts, struct args *args, bool *help,
              struct sw_err *err)
{
    bool only_args = false;

    *help = false;
    while (*argv != NULL) {
        const char *word = *argv;

        if (!only_args && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
            *help = true;
            return 0;
        }
        if (!only_args && strcmp(word, "--") == 0) {
            only_args = true;
            argv++;
        } else if (!only_args && word[0] == '-' && word[1] != '\0') {
            if (parse_option(cmd, &argv, opts, err) < 0)
                return -1;
        } else {
            if (add_arg(cmd, word, args, err) < 0)
                return -1;
            argv++;
        }
    }
    if (args->n < cmd->min_args)
        return sw_fail(err, SW_USAGE, "missing argument (usage: slipway %s [OPTION]… %s)", cmd->name,
                       cmd->args);
    return 0;
}

static void print_rows(const struct opt *row)
{
    for (; row != NULL && row->name != NULL; row++) {
        char left[64];
        char letter[] = "    ";

        if (row->letter != 0)
            snprintf(letter, sizeof(letter), "-%c, ", row->letter);
        snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name, row->arg != NULL ? " " : "",
                 row->arg != NULL ? row->arg : "");
        printf("  %-32s %s%s\n", left, row->help, row->kind == OPT_LIST ? " (may be repeated)" : "");
    }
}

void opt_print_help(const struct cmd *cmd)
{
    printf("usage: slipway %s [OPTION]… %s\n\n%s\n\n", cmd->name, cmd->args, cmd->summary);
    if (cmd->more != NULL)
        printf("%s\n\n", cmd->more);
    print_rows(cmd->opts);
    print_rows(opt_common);
}

unsigned opt_jobs(const struct common_opts *common)
{
    if (common->jobs == 0)
        return sw_default_jobs();
    return common->jobs > SW_JOBS_MAX ? SW_JOBS_MAX : (unsigned)common->jobs;
}

int opt_range(const char *text, const char *form, uint64_t *off, uint64_t *len, struct sw_err *err)
{
    SW_AUTO_FREE char *first = sw_strdup(text, err);
    char *colon;

    if (first == NULL)
        return -1;
    colon = strchr(first, ':');
    if (colon != NULL)
        *colon++ = '\0';
    *len = UINT64_MAX;
    if (sw_parse_bytes(first, "KMGT", off) < 0 || (colon != NULL && sw_parse_bytes(colon, "KMGT", len) < 0))
        return sw_fail(err, SW_USAGE, "--range: '%s' is not %s", text, form);
    return 0;
}
