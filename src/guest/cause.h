/* Why an appliance ended, by the last lines of its console. */
#ifndef SW_GUEST_CAUSE_H
#define SW_GUEST_CAUSE_H

#include "src/guest/console.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes a cause with what can be done about it into text; false when no line tells. memory_mib: what the appliance has. Known: memory that
 * the machine or the appliance lacks, a kernel that panics or that qemu cannot load, disks that cannot be opened, KVM.
 */
bool cause_find(const struct console *console, unsigned memory_mib, char *text, size_t len);

/* What ended it is none of the appliance's, as memory that the machine has not: no other appliance would start either. */
bool cause_is_outside(const struct console *console);

#endif
