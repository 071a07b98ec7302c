/* slipway help [VERB|exit-codes], slipway version. */
#include "src/cli/cmd.h"

#include <stdio.h>
#include <string.h>

static const char exit_codes[] =
    "0  done\n"
    "1  failed\n"
    "2  usage: the command line is wrong\n"
    "3  the recipe or a document is invalid\n"
    "4  refused by preflight or policy\n"
    "5  integrity or key failure: damaged or forged bytes, or a key that does not fit\n"
    "6  remote or network: trying again may help\n"
    "7  offline miss: an input is not at hand\n"
    "8  a guest step failed\n"
    "9  interrupted: the same command goes on\n"
    "10  there is a difference (diff, build --twice); import explain does not know the message\n"
    "141  nobody reads standard output any more\n";

static void print_verbs(void)
{
    printf(
        "usage: slipway VERB [OPTION]… [ARGUMENT]…\n\n"
        "slipway assembles disk images offline: it applies EC2 Image Builder components to a disk image in a\n"
        "lab with no network, keeps every step as a layer, writes the format that the destination wants, seals\n"
        "it, and imports it.\n\n");
    for (const struct cmd *const *at = cmds; *at != NULL; at++)
        printf("  %-10s %s\n", (*at)->name, (*at)->summary);
    printf("\nslipway VERB --help shows a verb's options; slipway help exit-codes lists the exit codes.\n");
}

static int run_help(const void *opts, const struct args *args, struct sw_err *err)
{
    (void)opts;
    if (args->n == 0) {
        print_verbs();
        return 0;
    }
    if (strcmp(args->items[0], "exit-codes") == 0) {
        fputs(exit_codes, stdout);
        return 0;
    }
    for (const struct cmd *const *at = cmds; *at != NULL; at++) {
        if (strcmp((*at)->name, args->items[0]) == 0) {
            opt_print_help(*at);
            return 0;
        }
    }
    return sw_fail(err, SW_USAGE, "no verb is named '%s'", args->items[0]);
}

static int run_version(const void *opts, const struct args *args, struct sw_err *err)
{
    (void)opts;
    (void)args;
    (void)err;
    printf("slipway %s\n", SLIPWAY_VERSION);
    return 0;
}

const struct cmd cmd_help = {
    .name = "help",
    .args = "[VERB|exit-codes]",
    .summary = "show the verbs, a verb's options, or the exit codes",
    .opts_size = sizeof(struct common_opts),
    .max_args = 1,
    .run = run_help,
};

const struct cmd cmd_version = {
    .name = "version",
    .args = "",
    .summary = "show the version",
    .opts_size = sizeof(struct common_opts),
    .run = run_version,
};
