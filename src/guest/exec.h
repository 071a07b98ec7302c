/* One step being executed: what the actions get to work with. */
#ifndef SW_GUEST_EXEC_H
#define SW_GUEST_EXEC_H

#include "slipway/guest.h"
#include "src/base/buf.h"
#include "src/guest/runlog.h"

/* What a document and those that it executes share. */
struct exec_state {
    struct sw_guest *guest; /* another one after a reboot */
    bool reboot_due;        /* before the next step */
};

/* A document that is being run: the recipe's own, or one that ExecuteDocument runs. */
struct exec_doc {
    const struct sw_exec *exec; /* its use, its outputs */
    struct exec_state *state;
    const struct exec_doc *caller; /* NULL: nobody */
    json_t *entry;                 /* its own in detailedoutput.json; NULL: it has none */
    bool silent;                   /* the caller's step has disableLogging */
    bool sealed;                   /* it is sealed, or one of those that execute it: no word of it is said */
    unsigned executed, failed, ignored;
};

enum { STEP_NOTICE_TEXT = 192 };

struct step_ctx {
    struct exec_doc *doc;
    const struct sw_exec *exec;
    struct sw_guest *guest;
    struct sw_scope scope;
    const struct sw_phase *phase;
    const struct sw_step *step;
    struct runlog_step log;
    struct sw_buf captured; /* stdout of the attempt */
    json_t *outputs;        /* what the attempt's items left, one object each; NULL: its stdout is all */
    json_t *turns;          /* the outputs of the loop's turns, put together */
    json_t *nested;         /* detailedOutput: the documents that it executed; NULL: none */
    struct sw_turn turn;    /* of its loop */
    char **values;          /* of the turns */
    size_t nr_values;
    int64_t deadline_ns;                /* of the attempt, on the monotonic clock; 0: none */
    bool reboot;                        /* its program asked for one */
    bool placed;                        /* the failure says where in the log it is */
    bool overlong;                      /* more than could be chained */
    bool turns_overlong;                /* in one of the loop's turns, or in all together */
    bool deferred;                      /* it waits for the guest's first boot */
    bool left_out;                      /* it needs a booted guest, and was not run */
    int exit_status;                    /* of the last program; -1: none ran */
    const struct sw_guest_run *running; /* what step_run runs */
    char needs_boot[STEP_NOTICE_TEXT];  /* the last command of the attempt that needs a booted system; "" */
    bool no_start;                      /* one of them would have started a service */
};

/*
 * An action: one row of actions.c. Runs all items of the step. A failure is SW_GUEST when the step failed, and any other
 * code when nothing more can be run at all.
 */
struct action_row {
    const char *name; /* as in src/recipe's table */
    /* NULL: it is never done before the guest is booted */
    int (*run)(struct step_ctx *ctx, struct sw_err *err);
};

/* NULL when the engine lacks the action. */
const struct action_row *action_find(const char *name);

/* Runs a program or script with the step's environment, time-out and log; a bad end is SW_GUEST. */
SW_MUST_CHECK int step_run(struct step_ctx *ctx, struct sw_guest_run *run, struct sw_err *err);

/* All attempts of the step. Failures as of action_row.run. attempt.c. */
SW_MUST_CHECK int step_try(struct step_ctx *ctx, struct sw_err *err);
/* A line in the run log; none where the step's are not to be logged. */
void step_note(const struct step_ctx *ctx, const char *fmt, ...) SW_PRINTF(2, 3);
/* How long the attempt may still take; 0: without limit. -1: its time is over. */
SW_MUST_CHECK int step_time_left(const struct step_ctx *ctx, int64_t *left_ms, struct sw_err *err);
/* What a reboot would do for later steps. */
SW_MUST_CHECK int exec_reboot(struct exec_doc *doc, struct sw_err *err);

/*
 * Whether the step's condition can be asked now, firstboot/perform.c: 1; 0 when the step is not run whatever it says; -1 when it
 * asks for what only the first boot brings.
 */
SW_MUST_CHECK int step_may_ask(struct step_ctx *ctx, struct sw_err *err);

/* Does the condition hold? conditions.c. */
SW_MUST_CHECK int step_holds(struct step_ctx *ctx, const struct sw_condition *condition, bool *holds,
                             struct sw_err *err);

enum step_status { STEP_SUCCESS, STEP_SKIPPED, STEP_DEFERRED, STEP_FAILED, STEP_IGNORED };
/* The step as detailedoutput.json has it; failure may be NULL. report.c. */
json_t *step_describe(struct step_ctx *ctx, const char *began, enum step_status status, const char *failure,
                      const json_t *outputs);
/* Says in every place what failed, and that the console's line has what came before. failure.c. */
void step_explain(struct step_ctx *ctx, const char *failure, uint64_t line);

/* Runs the phases that wanted() names, in document order; a failed phase is the error. exec.c. */
SW_MUST_CHECK int exec_phases(struct exec_doc *doc, bool (*wanted)(const void *arg, const struct sw_phase *),
                              const void *arg, enum sw_result *result, struct sw_err *err);
const char *exec_result_name(enum sw_result result);
/* Sets the end, the status and the failure of an entry of detailedoutput.json; entry and failure may be NULL. */
void exec_end_entry(json_t *entry, enum sw_result result, const char *failure);

/* An output that an earlier step left; the lookup of a struct sw_scope whose arg is the struct sw_exec. */
const char *step_find_output(void *arg, const char *phase, const char *step, const char *name, size_t index);
/* What the run leaves for later steps: its items' outputs, or stdout without the newlines at its end; [] when it has none.
 * decref it. */
SW_MUST_CHECK json_t *step_make_outputs(struct step_ctx *ctx, struct sw_err *err);
/* Adds the outputs of one turn of a loop to those of the turns before it. */
SW_MUST_CHECK int step_join_outputs(struct step_ctx *ctx, const json_t *outputs, struct sw_err *err);
/* The outputs of a step that did not run: every one is there, and empty. decref it. */
SW_MUST_CHECK json_t *step_empty_outputs(const struct sw_step *step, struct sw_err *err);
SW_MUST_CHECK int step_store_outputs(const struct step_ctx *ctx, json_t *outputs, struct sw_err *err);

/* Every item of the step, one after the other; an error says which of several it was. */
SW_MUST_CHECK int step_each(struct step_ctx *ctx,
                            int (*one)(const struct step_ctx *, size_t, struct sw_err *), struct sw_err *err);

/* The same for items that each leave an output by step_add_output. */
SW_MUST_CHECK int step_each_output(struct step_ctx *ctx,
                                   int (*one)(const struct step_ctx *, size_t, struct sw_err *),
                                   struct sw_err *err);
/* Text of the guest's, made valid UTF-8. */
SW_MUST_CHECK int step_add_output(const struct step_ctx *ctx, const char *name, const struct sw_buf *text,
                                  struct sw_err *err);

/* Does the step, or puts it into the queue of the first boot (firstboot/). */
SW_MUST_CHECK int step_perform(struct step_ctx *ctx, const struct action_row *row, struct sw_err *err);

/* Where steps run: the recipe's folder, else the platform's; absolute, on Windows as windows_path has it. */
const char *step_working_dir(const struct step_ctx *ctx);

/* An input that is a path, made absolute in the working directory; on Windows checked and as C:/x. Free it. */
SW_MUST_CHECK char *step_path(const struct step_ctx *ctx, size_t item, const char *name, struct sw_err *err);

/* True when the step itself says something for the input, not the action's default. */
bool step_says(const struct step_ctx *ctx, size_t item, const char *name);

/* Whether there are stars behind the last slash; one before it is an error. */
SW_MUST_CHECK int step_find_stars(const char *path, bool *found, struct sw_err *err);

/* What a path with stars after its last slash stands for. */
struct path_list {
    char **items;
    size_t n;
};
/* kinds: SW_LIST_…. A path without a star is itself, whatever is there; with stars, at least one must match. */
SW_MUST_CHECK int step_expand(const struct step_ctx *ctx, const char *path, unsigned kinds,
                              struct path_list *out, struct sw_err *err);
void path_list_free(struct path_list *list);

/* Sets owner and group as the inputs of that name say; neither is fine. tree: of all in the folder as well. */
SW_MUST_CHECK int step_set_owner(const struct step_ctx *ctx, size_t item, const char *path, bool tree,
                                 struct sw_err *err);

/*
 * The same of one file or folder that was just made or written with this mode: where that has the set-user-ID or the set-group-ID bit,
 * it is set again, since a change of the owner takes those away and mkdir gives none. The umask applies.
 */
SW_MUST_CHECK int step_set_owner_and_mode(const struct step_ctx *ctx, size_t item, const char *path,
                                          unsigned mode, struct sw_err *err);
/* What the runner's own umask takes away where a mode is set. */
enum { STEP_UMASK = 022 };

/* -1 with err, which is put into the step's words when it says that something is in the way and overwrite is false. */
int step_say_exists(struct sw_err *err, const char *path, bool overwrite);

/* Fails unless path is of that kind, links followed. */
SW_MUST_CHECK int step_expect(const struct step_ctx *ctx, const char *path, enum sw_file_kind kind,
                              struct sw_err *err);

/* Every step's own row, by family in actions/. */
int action_execute_bash(struct step_ctx *ctx, struct sw_err *err);
int action_execute_binary(struct step_ctx *ctx, struct sw_err *err);
int action_execute_document(struct step_ctx *ctx, struct sw_err *err);
int action_assert(struct step_ctx *ctx, struct sw_err *err);
int action_reboot(struct step_ctx *ctx, struct sw_err *err);
int action_create_file(struct step_ctx *ctx, struct sw_err *err);
int action_append_file(struct step_ctx *ctx, struct sw_err *err);
int action_copy_file(struct step_ctx *ctx, struct sw_err *err);
int action_delete_file(struct step_ctx *ctx, struct sw_err *err);
int action_create_folder(struct step_ctx *ctx, struct sw_err *err);
int action_delete_folder(struct step_ctx *ctx, struct sw_err *err);
int action_create_symlink(struct step_ctx *ctx, struct sw_err *err);
int action_set_file_permissions(struct step_ctx *ctx, struct sw_err *err);
int action_set_file_owner(struct step_ctx *ctx, struct sw_err *err);
int action_web_download(struct step_ctx *ctx, struct sw_err *err);
int action_s3_download(struct step_ctx *ctx, struct sw_err *err);
int action_s3_upload(struct step_ctx *ctx, struct sw_err *err);
int action_copy_folder(struct step_ctx *ctx, struct sw_err *err);
int action_list_files(struct step_ctx *ctx, struct sw_err *err);
int action_move_file(struct step_ctx *ctx, struct sw_err *err);
int action_move_folder(struct step_ctx *ctx, struct sw_err *err);
int action_read_file(struct step_ctx *ctx, struct sw_err *err);
int action_set_file_encoding(struct step_ctx *ctx, struct sw_err *err);
int action_set_folder_owner(struct step_ctx *ctx, struct sw_err *err);
int action_set_folder_permissions(struct step_ctx *ctx, struct sw_err *err);
int action_update_os(struct step_ctx *ctx, struct sw_err *err);

#endif
