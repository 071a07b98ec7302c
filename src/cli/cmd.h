/* The verbs, each in its cmd_<verb>.c. */
#ifndef SW_CLI_CMD_H
#define SW_CLI_CMD_H

#include "src/cli/opt.h"

extern const struct cmd cmd_build;
extern const struct cmd cmd_bundle;
extern const struct cmd cmd_diff;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_help;
extern const struct cmd cmd_plan;
extern const struct cmd cmd_import;
extern const struct cmd cmd_export;
extern const struct cmd cmd_lint;
extern const struct cmd cmd_inspect;
extern const struct cmd cmd_convert;
extern const struct cmd cmd_seal;
extern const struct cmd cmd_open;
extern const struct cmd cmd_rewrap;
extern const struct cmd cmd_keygen;
extern const struct cmd cmd_shell;
extern const struct cmd cmd_store;
extern const struct cmd cmd_test;
extern const struct cmd cmd_verify;
extern const struct cmd cmd_preflight;
extern const struct cmd cmd_prepare;
extern const struct cmd cmd_version;

#endif
