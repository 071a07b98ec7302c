/* Other programs: run one without a shell and keep what it said. */
#ifndef SW_BASE_PROC_H
#define SW_BASE_PROC_H

#include "slipway/error.h"
#include "src/base/buf.h"

/*
 * Runs argv (found on PATH, NULL-terminated) with stdin from /dev/null and waits. Keeps at most 1 MiB of its
 * output (stdout and stderr together); out may be NULL. *status gets the exit status, or 128 + signal.
 * Fails only when it cannot be started or outlives timeout_ms (it is then killed); 0 waits for ever.
 */
SW_MUST_CHECK int sw_run_program(const char *const argv[], int timeout_ms, struct sw_buf *out, int *status,
                                 struct sw_err *err);

/*
 * The same for a program whose output is a secret: stdout alone is kept, at most max_bytes of it (more is SW_FAILED, and the
 * program is killed) in memory that never moves; stdin and stderr are the caller's own, so that it can ask and explain. A
 * signal to this process ends the program, too (SW_INTERRUPTED).
 */
SW_MUST_CHECK int sw_capture_program(const char *const argv[], int timeout_ms, size_t max_bytes,
                                     struct sw_buf *out, int *status, struct sw_err *err);

#endif
