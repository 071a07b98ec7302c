/* How an appliance is started: the options that every verb with a guest shares. */
#include "src/cli/launch_args.h"

#include <string.h>

int launch_args_take(const struct launch_args *args, enum sw_accel *accel, bool *stock, struct sw_err *err)
{
    const char *appliance = args->appliance != NULL ? args->appliance : "auto";

    *stock = strcmp(appliance, "stock") == 0;
    if (!*stock && strcmp(appliance, "auto") != 0)
        return sw_fail(err, SW_USAGE, "--appliance is auto or stock, not '%s'", appliance);
    return args->accel != NULL ? sw_accel_parse(args->accel, accel, err) : 0;
}
