/* What a guest's disk holds, as lines. */
#ifndef SW_CLI_GUEST_SHOW_H
#define SW_CLI_GUEST_SHOW_H

#include <jansson.h>
#include <stdbool.h>

/* guest: what sw_describe_disk found. verbose: every package, unit and folder of it. */
void guest_show(json_t *guest, bool verbose);

#endif
