/* The kernel that the guest will boot, as far as its files tell. */
#ifndef SW_RUNNER_KERNEL_H
#define SW_RUNNER_KERNEL_H

#include <stdbool.h>

enum { KERNEL_FIELD_BYTES = 65 /* of struct utsname */, KERNEL_LINE_BYTES = 320 };

struct guest_kernel {
    char release[KERNEL_FIELD_BYTES]; /* uname -r; empty: the guest has no kernel */
    char version[KERNEL_FIELD_BYTES]; /* uname -v */
    char line[KERNEL_LINE_BYTES];     /* /proc/version, with the end of the line */
};

/* The newest of /lib/modules, those whose kernel is there before others. Files of the guest are untrusted. */
void kernel_find(struct guest_kernel *out);

#endif
