/* The copy pipeline: one source plans blocks, any worker transforms them, one sink takes them. */
#ifndef SLIPWAY_PIPELINE_H
#define SLIPWAY_PIPELINE_H

#include "slipway/error.h"
#include "slipway/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sw_block_kind {
    SW_BLOCK_DATA,
    SW_BLOCK_ZERO, /* known to read as zeros; in_len is 0 */
};

/*
 * One unit of work. It belongs to exactly one stage at a time. The pipeline owns both buffers;
 * stages fill them up to the capacities and never keep a pointer past their call.
 */
struct sw_block {
    uint64_t seq; /* 0, 1, 2 … in the order of the source */
    uint64_t off; /* first byte of the virtual disk (or of the stream) */
    uint64_t len; /* bytes of it; for a ZERO block it may be far larger than the buffers */
    enum sw_block_kind kind;
    uint8_t *data; /* plain bytes, len of them for a DATA block */
    size_t data_cap;
    uint8_t *coded; /* what a transform made of them */
    size_t coded_cap;
    size_t coded_len;   /* 0: the sink takes data */
    uint8_t digest[64]; /* for transforms that hash */
    uint64_t user;      /* free for the pipeline's owner */
};

struct sw_source {
    /*
     * Plans the next block: sets off, len, kind (seq is set by the pipeline). Must be cheap; it does not
     * read. Returns 1 for a block, 0 at the end, -1 on error. One thread at a time.
     */
    int (*next)(struct sw_source *self, struct sw_block *block, struct sw_err *err);
};

struct sw_transform {
    /* A worker's own state (a compression context); both may be NULL. */
    int (*worker_new)(const struct sw_transform *self, void **worker, struct sw_err *err);
    void (*worker_free)(const struct sw_transform *self, void *worker);
    /* Any worker, several blocks at once, self never changes. */
    int (*apply)(const struct sw_transform *self, void *worker, struct sw_block *block, struct sw_err *err);
};

struct sw_sink {
    /* True: put may be called from any worker in any order. False: one at a time, in order of seq. */
    bool any_order;
    int (*put)(struct sw_sink *self, struct sw_block *block, struct sw_err *err);
};

enum {
    SW_PIPELINE_STAGES_MAX = 6,
    SW_PIPELINE_AHEAD_BYTES = 16 << 20,
};

struct sw_pipeline {
    struct sw_source *source;
    const struct sw_transform *stages[SW_PIPELINE_STAGES_MAX];
    unsigned nr_stages;
    struct sw_sink *sink;
    unsigned jobs;    /* 1 runs in the calling thread and is the specification */
    size_t data_cap;  /* bytes of each block's buffers; at most jobs + 2 blocks exist, … */
    size_t coded_cap; /* … or jobs and as many more (up to 64) as AHEAD_BYTES hold */
    uint64_t
        together_bytes; /* blocks within the same multiple of it go to one worker, while they fit; 0 any */
    struct sw_progress *progress; /* ticks with the sum of len that the sink took; may be NULL */
    uint64_t total_bytes;
};

/*
 * Runs to the end. Output is the same for any number of jobs. On failure the error is the one of the
 * lowest seq, all workers have stopped, and every block is freed.
 */
SW_MUST_CHECK int sw_pipeline_run(const struct sw_pipeline *pipeline, struct sw_err *err);

/* Number of processors this process may use, at least 1. */
unsigned sw_default_jobs(void);

#endif
