/* Progress and interruption: how long work tells that it moves, and hears that it shall stop. */
#ifndef SLIPWAY_PROGRESS_H
#define SLIPWAY_PROGRESS_H

#include "slipway/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Called with what is done, never with what is queued; from one thread at a time.
 * Work begins with done_bytes 0, so that several pieces of work may share a listener. total_bytes is 0 while it
 * is unknown. A NULL pointer to the struct means nobody listens.
 */
struct sw_progress {
    void (*tick)(struct sw_progress *self, uint64_t done_bytes, uint64_t total_bytes);
};

void sw_progress_tick(struct sw_progress *progress, uint64_t done_bytes, uint64_t total_bytes);

/* True once SIGINT, SIGTERM or (but under nohup) SIGHUP came. */
bool sw_interrupted(void);

/* Fails with SW_INTERRUPTED once a signal came; else 0. Long loops call it per block. */
SW_MUST_CHECK int sw_check_interrupt(struct sw_err *err);

/* Installs the handlers; called once, by main. A second signal ends the process at once, but for SIGHUP. */
void sw_catch_signals(void);

#endif
