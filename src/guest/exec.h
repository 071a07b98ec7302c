/* One step being executed: what the actions get to work with. */
#ifndef SW_GUEST_EXEC_H
#define SW_GUEST_EXEC_H

#include "slipway/guest.h"
#include "src/base/buf.h"
#include "src/guest/runlog.h"

struct step_ctx {
    const struct sw_exec *exec;
    struct sw_guest *guest;
    struct sw_scope scope;
    const struct sw_phase *phase;
    const struct sw_step *step;
    struct runlog_step log;
    struct sw_buf captured; /* stdout of the attempt */
    bool overlong;          /* more than could be chained */
    bool final;             /* trying again is of no use */
    int exit_status;        /* of the last program; -1: none ran */
};

/*
 * An action: one row of actions.c. Runs all items of the step. A failure is SW_GUEST when the step failed, and any other
 * code when nothing more can be run at all.
 */
struct action_row {
    const char *name; /* as in src/recipe's table */
    int (*run)(struct step_ctx *ctx, struct sw_err *err);
};

/* NULL when the engine lacks the action. */
const struct action_row *action_find(const char *name);

/* Runs a program or script with the step's environment, time-out and log; a bad end is SW_GUEST. */
SW_MUST_CHECK int step_run(struct step_ctx *ctx, struct sw_guest_run *run, struct sw_err *err);

/* An output that an earlier step left; the lookup of a struct sw_scope whose arg is the struct sw_exec. */
const char *step_find_output(void *arg, const char *phase, const char *step, const char *name, size_t index);
/* What the step leaves for later ones: stdout without the newlines at its end; [] when it has none. decref it. */
SW_MUST_CHECK json_t *step_make_outputs(struct step_ctx *ctx, struct sw_err *err);
SW_MUST_CHECK int step_store_outputs(const struct step_ctx *ctx, json_t *outputs, struct sw_err *err);

/* Every item of the step, one after the other; an error says which of several it was. */
SW_MUST_CHECK int step_each(struct step_ctx *ctx,
                            int (*one)(const struct step_ctx *, size_t, struct sw_err *), struct sw_err *err);

/* An input that is a path, made absolute in the working directory. Free it. */
SW_MUST_CHECK char *step_path(const struct step_ctx *ctx, size_t item, const char *name, struct sw_err *err);

/* True when the step itself says something for the input, not the action's default. */
bool step_says(const struct step_ctx *ctx, size_t item, const char *name);

/* What a path with stars after its last slash stands for. */
struct path_list {
    char **items;
    size_t n;
};
/* A path without a star is itself, whether it is there or not; with stars, at least one file must match. */
SW_MUST_CHECK int step_expand(const struct step_ctx *ctx, const char *path, struct path_list *out,
                              struct sw_err *err);
void path_list_free(struct path_list *list);

/* Sets owner and group as the inputs of that name say; neither is fine. */
SW_MUST_CHECK int step_set_owner(const struct step_ctx *ctx, size_t item, const char *path,
                                 struct sw_err *err);

/* Fails unless path is of that kind, links followed. */
SW_MUST_CHECK int step_expect(const struct step_ctx *ctx, const char *path, enum sw_file_kind kind,
                              struct sw_err *err);

/* Every step's own row, by family in actions/. */
int action_execute_bash(struct step_ctx *ctx, struct sw_err *err);
int action_execute_binary(struct step_ctx *ctx, struct sw_err *err);
int action_create_file(struct step_ctx *ctx, struct sw_err *err);
int action_append_file(struct step_ctx *ctx, struct sw_err *err);
int action_copy_file(struct step_ctx *ctx, struct sw_err *err);
int action_delete_file(struct step_ctx *ctx, struct sw_err *err);
int action_create_folder(struct step_ctx *ctx, struct sw_err *err);
int action_delete_folder(struct step_ctx *ctx, struct sw_err *err);
int action_create_symlink(struct step_ctx *ctx, struct sw_err *err);
int action_set_file_permissions(struct step_ctx *ctx, struct sw_err *err);
int action_set_file_owner(struct step_ctx *ctx, struct sw_err *err);

#endif
