/* The runner's view of the guest: what steps may dirty without a trace. */
#ifndef SW_RUNNER_MOUNTS_H
#define SW_RUNNER_MOUNTS_H

#include "src/runner/kernel.h"

#include <stddef.h>

enum { MEDIA_MAX = 16 };

/*
 * In a mount namespace of its own: fresh /tmp, /run, /dev and /proc, a /sys that cannot be written to. media: folders to be
 * seen, not written to, as RUNNER_MEDIA/0, /1, …. 0; -1 with a line on stderr.
 */
int mounts_make(char *const *media, size_t n, const struct guest_kernel *kernel);

#endif
