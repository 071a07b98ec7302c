/* slipway import explain: what is known of a message of AWS's, offline. */
#ifndef SW_CLI_IMPORT_EXPLAIN_H
#define SW_CLI_IMPORT_EXPLAIN_H

#include "src/cli/import_args.h"

/* A verb of import_verbs.c; the message is the argument behind its name. Exit code 10 for one that is not known. */
SW_MUST_CHECK int import_explain(const struct import_opts *opts, const struct args *args, struct sw_err *err);

/* Where JSON is asked for, an import that failed is an object, too: the error, the task, what is known of it. */
SW_MUST_CHECK int import_show_failure(const struct import_opts *opts, const struct sw_import_result *result,
                                      const struct sw_err *failure, struct sw_err *err);

#endif
