/* The same build once more, held against the first. */
#ifndef SW_CLI_BUILD_TWICE_H
#define SW_CLI_BUILD_TWICE_H

#include "src/cli/build_opts.h"

/*
 * Builds again without the cache, with another number of jobs and beside a busy processor; its log goes to twice/ in the
 * folder of the first. Compares the layers: {"same": bool, "layers": [{"name", "first", "second" (digests), "same": "bytes" |
 * "content" | "no", "diff" (of sw_diff_disks, times counted; where the digests differ)}]}. same: none of them is "no".
 * first: what sw_build_run said. NULL and err on failure; decref it.
 */
SW_MUST_CHECK json_t *build_twice(const struct build_opts *opts, const struct sw_build_opts *build,
                                  const json_t *first, struct sw_err *err);

/* As text on stdout. */
void build_twice_show(const json_t *twice);

#endif
