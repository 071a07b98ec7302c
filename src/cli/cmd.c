/* Every verb of the command line. */
#include "src/cli/cmd.h"

const struct cmd *const cmds[] = {
    &cmd_build,     &cmd_plan,    &cmd_bundle, &cmd_lint,    &cmd_inspect, &cmd_diff,
    &cmd_convert,   &cmd_verify,  &cmd_seal,   &cmd_open,    &cmd_rewrap,  &cmd_keygen,
    &cmd_preflight, &cmd_prepare, &cmd_test,   &cmd_import,  &cmd_export,  &cmd_store,
    &cmd_shell,     &cmd_doctor,  &cmd_help,   &cmd_version, NULL,
};
