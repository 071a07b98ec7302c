/* What a verb prints: results to stdout, talk to stderr, progress on a terminal. */
#ifndef SW_CLI_OUTPUT_H
#define SW_CLI_OUTPUT_H

#include "slipway/progress.h"
#include "src/cli/opt.h"

#include <jansson.h>
#include <stdio.h>

/* The value, indented, to stdout. Takes the reference. */
SW_MUST_CHECK int out_json(json_t *value, struct sw_err *err);

/* Prints text that came from an image, a document or a server: control bytes as \xNN. */
void out_safe(FILE *to, const char *text);

/* What a task of AWS's says: "active 19% converting"; progress and message may be "". */
void out_task_state(FILE *to, const char *status, const char *progress, const char *message);

/* "1.5 GiB" into buf. */
void out_size(uint64_t bytes, char *buf, size_t buf_len);

/* Progress with rate and time left on a terminal's stderr; a plain line every 10 s elsewhere; nothing with --quiet. */
struct out_progress {
    struct sw_progress base;
    const char *what;
    bool quiet, terminal;
    int64_t began_ns, last_ns;
    uint64_t first_done, last_done; /* what was done before this run is no part of its rate */
    bool begun;
};
void out_progress_begin(struct out_progress *progress, const char *what, const struct common_opts *common);
void out_progress_end(struct out_progress *progress);

/* Sends the log to stderr at the level that the options ask for. */
void out_log_setup(const struct common_opts *common);

/*
 * Refuses (SW_USAGE) an output path where something is that is no regular file: it is not ours to replace. And "-", which
 * users of other tools mean as a pipe.
 */
SW_MUST_CHECK int out_refuse_special(const char *path, struct sw_err *err);
/* The same, and a path where the keys of a sealed file lie. */
SW_MUST_CHECK int out_check_replaced(const char *path, struct sw_err *err);

#endif
