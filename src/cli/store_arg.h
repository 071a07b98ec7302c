/* A store, and what is in it, as the command line names them. */
#ifndef SW_CLI_STORE_ARG_H
#define SW_CLI_STORE_ARG_H

#include "slipway/store.h"
#include "src/cli/opt.h"
#include "src/cli/trust_args.h"

/* Opens the store that is there (dir NULL: the user's own), and a sealed one with these keys. */
SW_MUST_CHECK int store_arg_open(const char *dir, const struct opt_list *keys, const struct trust_opts *trust,
                                 struct sw_store **store, struct sw_err *err);

/*
 * The layer at the top of a name, or the one whose digest begins with what, 12 hex digits or more. SW_USAGE when the store has
 * neither, or several such layers (sys ENOTUNIQ).
 */
SW_MUST_CHECK int store_arg_layer(struct sw_store *store, const char *what, char digest[SW_STORE_HEX],
                                  struct sw_err *err);

#endif
