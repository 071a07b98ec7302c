/* What systemd says of its units, asked through the runner. */
#ifndef SW_BOOT_SERVICES_H
#define SW_BOOT_SERVICES_H

#include "slipway/guest.h"

/*
 * Waits until all that the system starts has been started, at most limit_ms, and adds "state", "target" and "failedUnits" to
 * result, and "why" with "fault" when it takes longer. *passed: nothing failed.
 */
SW_MUST_CHECK int services_look(struct sw_guest *guest, int64_t limit_ms, json_t *result, bool *passed,
                                struct sw_err *err);

/* The first line of what a program prints; "" when it fails. Free it. */
SW_MUST_CHECK char *services_say(struct sw_guest *guest, const char *const *argv, struct sw_err *err);

#endif
