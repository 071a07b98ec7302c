/* Threads: run one function in n of them and wait. */
#ifndef SW_BASE_POOL_H
#define SW_BASE_POOL_H

#include "slipway/error.h"

enum { SW_JOBS_MAX = 256 };

/*
 * Runs fn(arg, 0) … fn(arg, n - 1) in parallel and waits for all; n == 1 runs in the calling thread.
 * Fails only when a thread cannot be started (those that were started have then been joined).
 */
SW_MUST_CHECK int sw_threads_run(unsigned n, void (*fn)(void *arg, unsigned index), void *arg,
                                 struct sw_err *err);

#endif
