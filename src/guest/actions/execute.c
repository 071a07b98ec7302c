/* ExecuteBash and ExecuteBinary. */
#include "src/guest/exec.h"

int action_execute_bash(struct step_ctx *ctx, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf script = {0};
    char **commands = NULL;
    int rc = 0;

    if (sw_step_texts(&ctx->scope, ctx->step, 0, "commands", &commands, err) < 0)
        return -1;
    for (size_t i = 0; commands[i] != NULL && rc == 0; i++)
        rc = sw_buf_printf(&script, err, "%s\n", commands[i]);
    sw_texts_free(commands);
    if (rc < 0)
        return -1;
    return step_run(
        ctx,
        &(struct sw_guest_run){.script = script.data != NULL ? script.data : "", .script_len = script.len},
        err);
}

/* path, then arguments, as an argv. */
static int run_binary(struct step_ctx *ctx, const char *path, char **arguments, struct sw_err *err)
{
    SW_AUTO_FREE const char **argv = NULL;
    size_t n = 0;

    while (arguments[n] != NULL)
        n++;
    argv = sw_calloc(n + 2, sizeof(*argv), err);
    if (argv == NULL)
        return -1;
    argv[0] = path;
    for (size_t i = 0; i < n; i++)
        argv[i + 1] = arguments[i];
    return step_run(ctx, &(struct sw_guest_run){.argv = argv}, err);
}

int action_execute_binary(struct step_ctx *ctx, struct sw_err *err)
{
    SW_AUTO_FREE char *path = NULL;
    char **arguments = NULL;
    int rc;

    if (sw_step_text(&ctx->scope, ctx->step, 0, "path", &path, err) < 0 ||
        sw_step_texts(&ctx->scope, ctx->step, 0, "arguments", &arguments, err) < 0)
        return -1;
    rc = run_binary(ctx, path != NULL ? path : "", arguments, err);
    sw_texts_free(arguments);
    return rc;
}
