/* What the encryption context says of a component document that is sealed. */
#ifndef SW_CLI_SEAL_COMPONENT_H
#define SW_CLI_SEAL_COMPONENT_H

#include "src/cli/seal_args.h"

/*
 * Adds the pairs of a component when input is one by its suffix and content, unless the user gave one of them. output:
 * the sealed file's name. version: as asked for, or NULL; with it, a file that is no component is an error.
 */
SW_MUST_CHECK int seal_component_pairs(const char *input, const char *output, const char *version,
                                       struct pair_args *context, struct sw_err *err);

#endif
