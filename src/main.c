/* slipway: find the command, run it, print the error, set the exit code. */
#include "slipway/progress.h"
#include "src/cli/opt.h"
#include "src/cli/output.h"
#include "src/cli/std_out.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

enum { OPTS_MAX = 8192 };

static const struct cmd *find_cmd(const char *name)
{
    for (const struct cmd *const *at = cmds; *at != NULL; at++)
        if (strcmp((*at)->name, name) == 0)
            return *at;
    return NULL;
}

static int report(const char *verb, const struct sw_err *err)
{
    if (std_out_unread(err))
        return STD_OUT_UNREAD;
    fprintf(stderr, "slipway%s%s: ", verb != NULL ? " " : "", verb != NULL ? verb : "");
    out_safe(stderr, err->text);
    fputc('\n', stderr);
    return err->code != SW_OK ? (int)err->code : (int)SW_FAILED;
}

static int run(const struct cmd *cmd, char **argv)
{
    alignas(max_align_t) char opts[OPTS_MAX] = {0};
    struct args args = {.n = 0};
    struct sw_err err = {.code = SW_OK};
    bool help = false;
    int rc, told;

    if (opt_parse(cmd, argv, opts, &args, &help, &err) < 0)
        return report(cmd->name, &err);
    if (help) {
        opt_print_help(cmd);
        return 0;
    }
    out_log_setup((const struct common_opts *)opts);
    rc = cmd->run(opts, &args, &err);
    if (rc < 0)
        return report(cmd->name, &err);
    if (fflush(stdout) == EOF) {
        sw_fail_errno(&err, "cannot write to standard output");
        told = report(cmd->name, &err);
        return rc != 0 ? rc : told;
    }
    return rc;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";
    const struct cmd *cmd;

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    cmd = find_cmd(name);
    if (cmd == NULL) {
        fprintf(stderr, "slipway: unknown command '");
        out_safe(stderr, name);
        fprintf(stderr, "' (see slipway help)\n");
        return SW_USAGE;
    }
    sw_catch_signals();
    return run(cmd, argv + (argc > 1 ? 2 : 1));
}
