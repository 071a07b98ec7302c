/* slipway import list, status and cancel: what the journals know, and how an import is taken back. */
#ifndef SW_CLI_IMPORT_VERBS_H
#define SW_CLI_IMPORT_VERBS_H

#include "src/cli/import_args.h"

/* A word in IMAGE's place: one of these verbs, with its arguments. */
struct import_verb {
    const char *name;
    size_t min_args, max_args; /* behind the name */
    const char *takes;         /* "the id of one import" */
    int (*run)(const struct import_opts *opts, const struct args *args, struct sw_err *err);
};

/* NULL when it is none: then it is an image. */
const struct import_verb *import_verb_find(const char *word);
SW_MUST_CHECK int import_verb_run(const struct import_verb *verb, const struct import_opts *opts,
                                  const struct args *args, struct sw_err *err);

#endif
