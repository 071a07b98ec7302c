/* Component documents executed in a plain chroot, and what they left. */
#ifndef TESTS_UNIT_GUEST_EXEC_CASE_H
#define TESTS_UNIT_GUEST_EXEC_CASE_H

#include "slipway/recipe.h"
#include "tests/unit/guest/log_dir.h"

static bool case_skip_starts; /* serviceStarts: skip */
/* What a reboot calls; NULL: nothing. */
static int (*case_reboot)(void *arg, struct sw_guest **guest, struct sw_err *err);

/* What came of a document. */
struct done {
    int rc;
    struct sw_err err;
    enum sw_result result;
    json_t *outputs, *detailed;
    char *console, *events;
};

static inline void read_log(struct done *done)
{
    SW_AUTO_FREE char *detailed = log_part("detailedoutput.json");
    struct sw_err err = {.code = SW_OK};

    done->console = log_part("console.log");
    done->events = log_part("events.jsonl");
    done->detailed = sw_json_parse(detailed, strlen(detailed), "detailedoutput.json", &err);
    assert_non_null(done->detailed);
}

static inline struct done execute_with(const char *document, struct sw_value *values, size_t nr_values,
                                       enum sw_phase_kind phase, json_t *outputs)
{
    struct done done = {.rc = -1, .outputs = outputs != NULL ? outputs : json_object()};
    struct sw_err err = {.code = SW_OK};
    struct sw_diags diags = {.n = 0};
    struct sw_runlog *log;
    struct sw_use use = {.component =
                             sw_component_parse(document, strlen(document), "test.yml", &diags, &err),
                         .reference = "test.yml",
                         .values = values,
                         .nr_values = nr_values};

    if (use.component == NULL)
        fail_msg("%s", err.text);
    assert_int_equal(sw_runlog_open(log_dir, &log, &err), 0);
    struct sw_exec exec = {.guest = folder_guest,
                           .log = log,
                           .use = &use,
                           .skip_starts = case_skip_starts,
                           .outputs = done.outputs,
                           .reboot = case_reboot};
    done.rc = sw_exec_phase(&exec, phase, &done.result, &done.err);
    assert_int_equal(sw_runlog_close(log, done.rc < 0 ? done.err.text : NULL, &err), 0);
    sw_component_free(use.component);
    sw_diags_free(&diags);
    read_log(&done);
    return done;
}

static inline struct done execute(const char *document)
{
    return execute_with(document, NULL, 0, SW_PHASE_BUILD, NULL);
}

static inline void done_free(struct done *done)
{
    json_decref(done->outputs);
    json_decref(done->detailed);
    free(done->console);
    free(done->events);
}

static inline void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static inline void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("'%s' is in:\n%s", part, text);
}

static inline void assert_done(struct done *done)
{
    if (done->rc < 0)
        fail_msg("%s", done->err.text);
    done_free(done);
}

#define HEAD "name: web\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"

static inline void expect_failure(const char *document, const char *part)
{
    struct done done = execute(document);

    assert_int_equal(done.rc, -1);
    assert_int_equal(done.err.code, SW_GUEST);
    assert_has(done.err.text, part);
    done_free(&done);
}

#endif
