/* A copy that outlives an interruption: where it begins, its check-points, what it leaves. */
#ifndef SW_COPY_RESUME_H
#define SW_COPY_RESUME_H

#include "slipway/copy.h"
#include "src/copy/ledger.h"

#include <jansson.h>
#include <stdatomic.h>

/* For a copy without sw_copy.resume every call but resume_begin does nothing. */
struct resume {
    const struct sw_copy *copy;
    struct sw_image *target; /* not owned */
    json_t *source, *made_with;
    struct progress_made from; /* what earlier runs did */
    struct ledger ledger;
    atomic_bool active; /* check-points are taken */
    bool has_journal;   /* one that vouches for the output */
    bool taking;        /* somebody takes a check-point */
    uint64_t taken_point;
    int64_t next_ns;

    struct sw_progress progress; /* adds what earlier runs did, … */
    struct sw_progress *inner;   /* … and tells this listener */
    uint64_t total_bytes;        /* 0 while it is unknown */
};

/* Makes the target on the copy's output, empty or with what an earlier run did. resume_end is called in any case. */
SW_MUST_CHECK int resume_begin(struct resume *resume, const struct sw_copy *copy,
                               const struct sw_create_opts *create, struct sw_image **target,
                               struct sw_err *err);
/* Says where the copy goes on, when it does; total_bytes: of all that is to be read. */
void resume_say(struct resume *resume, uint64_t total_bytes);

/* The source planned this block. */
SW_MUST_CHECK int resume_planned(struct resume *resume, const struct sw_block *block, struct sw_err *err);
/* The sink took this block, as so much. Takes a check-point when it is time for one. */
SW_MUST_CHECK int resume_put(struct resume *resume, const struct sw_block *block, uint64_t data_bytes,
                             uint64_t zero_bytes, struct sw_err *err);

/* The copy failed with err: after an interruption, of the source's line too, takes the last check-point. Returns -1. */
int resume_failed(struct resume *resume, struct sw_err *err);
void resume_end(struct resume *resume);

#endif
