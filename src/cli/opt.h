/* Options as rows: one table a verb drives the parser, --help and the completion. */
#ifndef SW_CLI_OPT_H
#define SW_CLI_OPT_H

#include "slipway/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum opt_kind {
    OPT_FLAG,   /* bool */
    OPT_STRING, /* const char *, points into argv */
    OPT_LIST,   /* struct opt_list, may be repeated */
    OPT_UINT,   /* uint64_t, decimal */
    OPT_SIZE,   /* uint64_t bytes; K M G T suffixes of 1024 */
};

enum { OPT_LIST_MAX = 64 };

struct opt_list {
    const char *items[OPT_LIST_MAX];
    size_t n;
};

struct opt {
    char letter;      /* 0: none */
    const char *name; /* without the dashes */
    const char *arg;  /* the value's name in the help; NULL for flags */
    enum opt_kind kind;
    size_t at; /* offsetof in the verb's options struct */
    const char *help;
};

#define OPT_END      \
    {                \
        .name = NULL \
    }

/* Every verb's struct begins with this. */
struct common_opts {
    bool json;
    bool quiet;
    bool verbose;
    uint64_t jobs; /* 0: one for each processor */
};

struct args {
    const char *items[OPT_LIST_MAX];
    size_t n;
};

/* A verb: one const table at the foot of cmd_<verb>.c, listed in cmd.c. */
struct cmd {
    const char *name;
    const char *args;    /* "RECIPE", "SRC DST" */
    const char *summary; /* one line, lower case, no full stop */
    const char *more;    /* paragraphs for --help; may be NULL */
    const struct opt *opts;
    size_t opts_size; /* sizeof of the verb's struct; at most 8192 */
    size_t min_args, max_args;
    /* 0, or -1 with err (its code is the exit code), or a positive exit code that the verb documents. */
    int (*run)(const void *opts, const struct args *args, struct sw_err *err);
};

/* cmd.c: every verb, NULL-terminated. */
extern const struct cmd *const cmds[];

/* Fills opts (zeroed, opts_size bytes) and args. Unknown, missing and surplus words are SW_USAGE. *help is set for -h/--help. */
SW_MUST_CHECK int opt_parse(const struct cmd *cmd, char **argv, void *opts, struct args *args, bool *help,
                            struct sw_err *err);

/* Prints the verb's help to stdout. */
void opt_print_help(const struct cmd *cmd);

/* The common rows, also for completion. */
extern const struct opt opt_common[];

/* jobs as asked for, or one for each processor; at most 256. */
unsigned opt_jobs(const struct common_opts *common);

/*
 * "OFFSET[:LENGTH]" of --range, with suffixes K M G T; without a length *len is UINT64_MAX. form is what the message
 * says it should have been (SW_USAGE).
 */
SW_MUST_CHECK int opt_range(const char *text, const char *form, uint64_t *off, uint64_t *len,
                            struct sw_err *err);

#endif
