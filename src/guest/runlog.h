/* What the executor writes into the run log. */
#ifndef SW_GUEST_RUNLOG_H
#define SW_GUEST_RUNLOG_H

#include "slipway/guest.h"
#include "src/base/buf.h"
#include "src/base/mask.h"

#include <stdio.h>

enum {
    RUNLOG_LINE_BYTES = 8 << 10, /* a longer line of a guest is broken into several */
    RUNLOG_TAIL_LINES = 12,      /* of stderr, kept for the message */
};
/* What one step may put into the log; the rest is counted, not kept. */
#define RUNLOG_STEP_MAX_BYTES (UINT64_C(64) << 20)

/* A stream of a step, masked and then cut into lines as it comes. Zero-initialise it. */
struct runlog_stream {
    struct sw_mask_stream mask;
    char line[RUNLOG_LINE_BYTES];
    size_t len;
};

/* The step that is running. Zero-initialise it; runlog_step_free. */
struct runlog_step {
    struct sw_runlog *log;
    const char *component, *phase, *step, *action;
    bool silent; /* disableLogging */
    struct runlog_stream streams[2];
    uint64_t bytes, dropped;
    char *tail[RUNLOG_TAIL_LINES]; /* of stderr, cleaned; newest at (nr_tail - 1) % RUNLOG_TAIL_LINES */
    size_t nr_tail;
};

/* Output as it comes, and its end (a last line without an end is a line). */
void runlog_output(struct runlog_step *step, enum sw_stream stream, const void *bytes, size_t len);
void runlog_flush(struct runlog_step *step);
void runlog_step_free(struct runlog_step *step);

/* An event {"time", "event", component, phase, step, action, …more}; takes the reference of more, which may be NULL. */
void runlog_event(struct runlog_step *step, const char *event, json_t *more);

/* The same for what is no step's, or whose texts are masked already. */
void runlog_write_event(struct sw_runlog *log, json_t *event, bool masked);

/* What is hidden; NULL: nothing. A secret that shows up during the run (a parameter of a nested document) is added to it. */
struct sw_mask *runlog_mask(const struct sw_runlog *log);

/* Number of the line that was written last, and the log's own name. */
uint64_t runlog_lines(const struct sw_runlog *log);
const char *runlog_console_path(const struct sw_runlog *log);

/*
 * The entry of a component in detailedoutput.json, made when it is new, and its document in document.yaml; a phase's list is
 * its "phases". Borrowed;
 * NULL when there is no log or no memory.
 */
json_t *runlog_document(struct sw_runlog *log, const struct sw_component *component);
/* A new entry for it, for a document that another one executes. NULL when memory is out. */
json_t *runlog_new_document(const struct sw_component *component);

enum { RUNLOG_ID = 37 };
/* A name for one execution: a UUID. */
SW_MUST_CHECK int runlog_new_id(char id[RUNLOG_ID], struct sw_err *err);

/* What a folder of logs is made of beside its running texts; runlog_files.c. */

/* The document, masked, into document.yaml: one of a stream of YAML documents. */
SW_MUST_CHECK int runlog_add_document(FILE *to, const struct sw_component *component,
                                      const struct sw_mask *mask, struct sw_err *err);
/* The root of detailedoutput.json with everything masked, also in the JSON that it holds as text. decref it. */
SW_MUST_CHECK json_t *runlog_masked(const struct sw_mask *mask, json_t *root, struct sw_err *err);
/* chaining.json: what each reference to an input or output stood for, by document. decref it. */
SW_MUST_CHECK json_t *runlog_chaining(const json_t *root, struct sw_err *err);

#endif
