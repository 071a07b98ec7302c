/* A ring of buffers that one thread fills and a team of others encrypts or decrypts, and writes. */
#ifndef SW_SEAL_TEAM_H
#define SW_SEAL_TEAM_H

#include "slipway/error.h"
#include "src/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal_slot {
    uint64_t seq;   /* 0, 1, 2 … in the order of submission */
    uint64_t first; /* the filler's: where its bytes belong */
    uint8_t *buf;   /* buf_bytes of an arena */
    size_t len;     /* bytes of the source in it; the filler's */
    bool last;      /* the filler's */
    uint8_t *made;  /* what put writes, in buf or the worker's; work's */
    size_t nr_made; /* bytes of it; work's */
    enum { SEAL_SLOT_FREE, SEAL_SLOT_FILLED, SEAL_SLOT_BUSY } state;
};

struct seal_team_spec {
    void *self;
    size_t buf_bytes;
    unsigned jobs; /* threads that work; the one that fills is one of them where there are two or more */
    bool in_order; /* put one at a time in order of seq, else at once from all threads */
    int (*worker_new)(void *self, void **worker, struct sw_err *err);
    void (*worker_free)(void *worker);
    int (*work)(void *self, void *worker, struct seal_slot *slot, struct sw_err *err);
    int (*put)(void *self, const struct seal_slot *slot, struct sw_err *err);
};

struct seal_team;

SW_MUST_CHECK struct seal_team *seal_team_new(const struct seal_team_spec *spec, struct sw_err *err);
/* The next slot to fill, emptied; waits for it. NULL once something failed, err being that of the lowest seq. */
SW_MUST_CHECK struct seal_slot *seal_team_slot(struct seal_team *team, struct sw_err *err);
/* Hands the slot of the last seal_team_slot over. */
SW_MUST_CHECK int seal_team_submit(struct seal_team *team, struct seal_slot *slot, struct sw_err *err);
/* Waits until all of them are put. */
SW_MUST_CHECK int seal_team_drain(struct seal_team *team, struct sw_err *err);
/* The same, and ends the threads. */
SW_MUST_CHECK int seal_team_finish(struct seal_team *team, struct sw_err *err);
void seal_team_free(struct seal_team *team);

#endif
