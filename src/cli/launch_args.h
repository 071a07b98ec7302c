/* How an appliance is started: the options that every verb with a guest shares. */
#ifndef SW_CLI_LAUNCH_ARGS_H
#define SW_CLI_LAUNCH_ARGS_H

#include "slipway/guest.h"
#include "src/cli/opt.h"

struct launch_args {
    const char *accel, *appliance;
};

/* The options struct has a member `launch`. */
#define LAUNCH_ROWS(type)                                                                                \
    {0,                                                                                                  \
     "accel",                                                                                            \
     "auto|kvm|tcg",                                                                                     \
     OPT_STRING,                                                                                         \
     offsetof(type, launch.accel),                                                                       \
     "how the appliance runs (default: auto)"},                                                          \
    {                                                                                                    \
        0, "appliance", "auto|stock", OPT_STRING, offsetof(type, launch.appliance),                      \
            "auto: the fast appliance, and libguestfs's own where that does not start; stock: only that" \
    }

SW_MUST_CHECK int launch_args_take(const struct launch_args *args, enum sw_accel *accel, bool *stock,
                                   struct sw_err *err);

#endif
