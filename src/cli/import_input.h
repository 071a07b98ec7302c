/* The images of an import: opened, and each with the format that it goes up in. */
#ifndef SW_CLI_IMPORT_INPUT_H
#define SW_CLI_IMPORT_INPUT_H

#include "src/cli/import_args.h"

/* Opens every disk of args (a sealed one with the keys of opts) and settles its format. args closes them. */
SW_MUST_CHECK int import_input_open(const struct import_opts *opts, struct import_args *args,
                                    struct sw_err *err);

#endif
