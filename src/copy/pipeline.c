/* The copy pipeline: plan under a lock, transform in parallel, put in order. */
#include "slipway/pipeline.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/pool.h"
#include "src/base/registers.h"

#include <pthread.h>
#include <stdlib.h>

enum { BLOCK_ALIGN = 4096, AHEAD_MIN = 2, AHEAD_MAX = 64, BATCH_MAX = 16 };

struct node {
    struct sw_block block;
    struct node *next; /* in the free list */
};

struct run {
    const struct sw_pipeline *pipeline;
    pthread_mutex_t lock;
    pthread_cond_t freed;  /* a block came back, or no more are wanted */
    struct node **waiting; /* transformed and not yet put: index is seq % nr_max */
    struct node *idle;
    unsigned nr_blocks, nr_max;
    unsigned nr_batch; /* blocks that a worker may take at once */
    uint64_t next_seq; /* of the next block to plan */
    uint64_t put_seq;  /* of the next block to put */
    uint64_t done_bytes;
    bool putting; /* somebody drains the head of the line */
    bool ended;   /* the source has no more, or an error came */
    bool failed;
    uint64_t failed_seq;
    struct sw_err err;
};

/* A worker's codec states, one a stage. */
struct worker {
    void *states[SW_PIPELINE_STAGES_MAX];
    unsigned nr_states;
};

static void node_free(struct node *node)
{
    free(node->block.data);
    free(node->block.coded);
    free(node);
}
SW_DEFINE_AUTO(node, struct node, node_free)

static int buffer_new(size_t len, uint8_t **out, struct sw_err *err)
{
    if (len == 0)
        return 0;
    *out = aligned_alloc(BLOCK_ALIGN, sw_round_up(len, BLOCK_ALIGN));
    return *out != NULL ? 0 : sw_fail(err, SW_FAILED, "out of memory (a block of %zu bytes)", len);
}

static struct node *node_new(const struct sw_pipeline *pipeline, struct sw_err *err)
{
    SW_CLEANUP(node_auto) struct node *node = sw_calloc(1, sizeof(*node), err);

    if (node == NULL)
        return NULL;
    node->block.data_cap = pipeline->data_cap;
    node->block.coded_cap = pipeline->coded_cap;
    if (buffer_new(pipeline->data_cap, &node->block.data, err) < 0 ||
        buffer_new(pipeline->coded_cap, &node->block.coded, err) < 0)
        return NULL;
    return SW_STEAL_PTR(node);
}

static void worker_close(const struct sw_pipeline *pipeline, struct worker *worker)
{
    while (worker->nr_states > 0) {
        unsigned i = --worker->nr_states;

        if (pipeline->stages[i]->worker_free != NULL)
            pipeline->stages[i]->worker_free(pipeline->stages[i], worker->states[i]);
    }
}

static int worker_open(const struct sw_pipeline *pipeline, struct worker *worker, struct sw_err *err)
{
    for (; worker->nr_states < pipeline->nr_stages; worker->nr_states++) {
        const struct sw_transform *stage = pipeline->stages[worker->nr_states];

        if (stage->worker_new != NULL &&
            stage->worker_new(stage, &worker->states[worker->nr_states], err) < 0) {
            worker_close(pipeline, worker);
            return -1;
        }
    }
    return 0;
}

static int plan(const struct sw_pipeline *pipeline, struct sw_block *block, uint64_t seq, struct sw_err *err)
{
    if (sw_check_interrupt(err) < 0)
        return -1;
    block->seq = seq;
    block->coded_len = 0;
    block->user = 0;
    return pipeline->source->next(pipeline->source, block, err);
}

static int transform(const struct sw_pipeline *pipeline, const struct worker *worker, struct sw_block *block,
                     struct sw_err *err)
{
    int rc = 0;

    for (unsigned i = 0; i < pipeline->nr_stages && rc == 0; i++)
        rc = pipeline->stages[i]->apply(pipeline->stages[i], worker->states[i], block, err);
    sw_registers_wipe();
    return rc;
}

static int put(struct sw_sink *sink, struct sw_block *block, struct sw_err *err)
{
    int rc = sink->put(sink, block, err);

    sw_registers_wipe();
    return rc;
}

static int run_blocks(const struct sw_pipeline *pipeline, const struct worker *worker, struct sw_block *block,
                      struct sw_err *err)
{
    uint64_t done_bytes = 0;
    int more;

    for (uint64_t seq = 0; (more = plan(pipeline, block, seq, err)) > 0; seq++) {
        if (transform(pipeline, worker, block, err) < 0 || put(pipeline->sink, block, err) < 0)
            return -1;
        done_bytes += block->len;
        sw_progress_tick(pipeline->progress, done_bytes, pipeline->total_bytes);
    }
    return more;
}

static int run_serial(const struct sw_pipeline *pipeline, struct sw_err *err)
{
    SW_CLEANUP(node_auto) struct node *node = node_new(pipeline, err);
    struct worker worker = {.nr_states = 0};
    int rc;

    if (node == NULL || worker_open(pipeline, &worker, err) < 0)
        return -1;
    rc = run_blocks(pipeline, &worker, &node->block, err);
    worker_close(pipeline, &worker);
    return rc;
}

/* From here on the functions run with the lock held, unless they say otherwise. */

/* Blocks before the failed one go on: one of them may fail as well, and is then the first. */
static bool is_dropped(const struct run *run, uint64_t seq)
{
    return run->failed && seq >= run->failed_seq;
}

static void fail_at(struct run *run, uint64_t seq, const struct sw_err *err)
{
    if (!is_dropped(run, seq)) {
        run->failed = true;
        run->failed_seq = seq;
        run->err = *err;
    }
    run->ended = true;
    pthread_cond_broadcast(&run->freed);
}

static void give_back(struct run *run, struct node *node)
{
    node->next = run->idle;
    run->idle = node;
    pthread_cond_signal(&run->freed);
}

static void note_put(struct run *run, const struct sw_block *block)
{
    run->done_bytes += block->len;
    sw_progress_tick(run->pipeline->progress, run->done_bytes, run->pipeline->total_bytes);
}

/* Blocks that can be had without a wait. */
static unsigned nr_free(const struct run *run)
{
    unsigned nr = run->nr_max - run->nr_blocks;

    for (const struct node *node = run->idle; node != NULL && nr < run->nr_batch; node = node->next)
        nr++;
    return nr;
}

/* Waits until a batch of blocks is free: who holds a block never waits for another. False when no more are wanted. */
static bool wait_for_batch(struct run *run)
{
    while (!run->ended && nr_free(run) < run->nr_batch)
        pthread_cond_wait(&run->freed, &run->lock);
    return !run->ended;
}

/* A free block; NULL when memory is gone. */
static struct node *take_node(struct run *run, struct sw_err *err)
{
    struct node *node = run->idle;

    if (node != NULL) {
        run->idle = node->next;
        return node;
    }
    node = node_new(run->pipeline, err);
    if (node == NULL)
        fail_at(run, run->next_seq, err);
    else
        run->nr_blocks++;
    return node;
}

/* The next planned block, or NULL at the end. */
static struct node *next_node(struct run *run, struct sw_err *err)
{
    struct node *node = take_node(run, err);
    int more;

    if (node == NULL)
        return NULL;
    more = plan(run->pipeline, &node->block, run->next_seq, err);
    if (more > 0) {
        run->next_seq++;
        return node;
    }
    give_back(run, node);
    if (more < 0)
        fail_at(run, run->next_seq, err);
    run->ended = true;
    pthread_cond_broadcast(&run->freed);
    return NULL;
}

/* Blocks that one worker has one after the other. */
struct batch {
    struct node *nodes[BATCH_MAX];
    unsigned nr;
};

/* True at the end of what shall stay together. */
static bool is_full(const struct run *run, const struct batch *batch, const struct sw_block *last)
{
    return batch->nr == run->nr_batch || (last->off + last->len) % run->pipeline->together_bytes == 0;
}

/* False at the end. */
static bool next_batch(struct run *run, struct batch *batch, struct sw_err *err)
{
    struct node *node;

    batch->nr = 0;
    if (!wait_for_batch(run))
        return false;
    while ((node = next_node(run, err)) != NULL) {
        batch->nodes[batch->nr++] = node;
        if (is_full(run, batch, &node->block))
            break;
    }
    return batch->nr > 0;
}

/* Calls the sink without the lock. */
static void put_one(struct run *run, struct node *node, struct sw_err *err)
{
    struct sw_sink *sink = run->pipeline->sink;
    int rc;

    pthread_mutex_unlock(&run->lock);
    rc = put(sink, &node->block, err);
    pthread_mutex_lock(&run->lock);
    if (rc < 0)
        fail_at(run, node->block.seq, err);
    else
        note_put(run, &node->block);
}

/* Puts what is ready at the head of the line, unless somebody does so already: that one will see it. */
static void drain(struct run *run, struct sw_err *err)
{
    if (run->putting)
        return;
    run->putting = true;
    for (;;) {
        struct node **slot = &run->waiting[run->put_seq % run->nr_max];
        struct node *node = *slot;

        if (node == NULL)
            break;
        *slot = NULL;
        run->put_seq++;
        if (!is_dropped(run, node->block.seq))
            put_one(run, node, err);
        give_back(run, node);
    }
    run->putting = false;
}

static void hand_on(struct run *run, struct node *node, struct sw_err *err)
{
    if (!run->pipeline->sink->any_order) {
        run->waiting[node->block.seq % run->nr_max] = node;
        drain(run, err);
        return;
    }
    if (!is_dropped(run, node->block.seq))
        put_one(run, node, err);
    give_back(run, node);
}

static void work_on(struct run *run, const struct worker *worker, struct node *node, struct sw_err *err)
{
    int rc;

    pthread_mutex_unlock(&run->lock);
    rc = transform(run->pipeline, worker, &node->block, err);
    pthread_mutex_lock(&run->lock);
    if (rc < 0)
        fail_at(run, node->block.seq, err);
    hand_on(run, node, err);
}

static void work(struct run *run, const struct worker *worker)
{
    struct sw_err err = {.code = SW_OK};
    struct batch batch;

    while (next_batch(run, &batch, &err))
        for (unsigned i = 0; i < batch.nr; i++)
            work_on(run, worker, batch.nodes[i], &err);
}

static void worker_main(void *arg, unsigned index)
{
    struct run *run = arg;
    struct worker worker = {.nr_states = 0};
    struct sw_err err = {.code = SW_OK};
    int rc = worker_open(run->pipeline, &worker, &err);

    (void)index;
    pthread_mutex_lock(&run->lock);
    if (rc < 0)
        fail_at(run, 0, &err);
    else
        work(run, &worker);
    pthread_mutex_unlock(&run->lock);
    worker_close(run->pipeline, &worker);
}

static void free_blocks(struct run *run)
{
    while (run->idle != NULL) {
        struct node *node = run->idle;

        run->idle = node->next;
        node_free(node);
    }
}

/* A worker that loses its processor for a while must not stop the others: they go on into the blocks ahead. */
static unsigned blocks_max(const struct sw_pipeline *pipeline, unsigned jobs)
{
    uint64_t each = sw_max_u64(1, (uint64_t)pipeline->data_cap + pipeline->coded_cap);
    uint64_t ahead = SW_PIPELINE_AHEAD_BYTES / each;

    return jobs + (unsigned)sw_max_u64(AHEAD_MIN, sw_min_u64(ahead, AHEAD_MAX));
}

static unsigned batch_max(const struct sw_pipeline *pipeline, unsigned most)
{
    uint64_t wanted = sw_div_up(pipeline->together_bytes, sw_max_u64(1, pipeline->data_cap));

    return (unsigned)sw_max_u64(1, sw_min_u64(wanted, sw_min_u64(most, BATCH_MAX)));
}

static int run_parallel(const struct sw_pipeline *pipeline, unsigned jobs, struct sw_err *err)
{
    struct run run = {
        .pipeline = pipeline,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .freed = PTHREAD_COND_INITIALIZER,
        .nr_max = blocks_max(pipeline, jobs),
    };
    SW_AUTO_FREE struct node **waiting = sw_calloc(run.nr_max, sizeof(*waiting), err);
    int rc;

    run.nr_batch = batch_max(pipeline, run.nr_max / jobs);
    if (waiting == NULL)
        return -1;
    run.waiting = waiting;
    rc = sw_threads_run(jobs, worker_main, &run, err);
    free_blocks(&run);
    pthread_cond_destroy(&run.freed);
    pthread_mutex_destroy(&run.lock);
    if (run.failed) {
        *err = run.err;
        return -1;
    }
    /* Fewer threads than asked for are enough, when those that started came to the end. */
    return run.ended ? 0 : rc;
}

int sw_pipeline_run(const struct sw_pipeline *pipeline, struct sw_err *err)
{
    unsigned jobs = pipeline->jobs > SW_JOBS_MAX ? (unsigned)SW_JOBS_MAX : pipeline->jobs;

    sw_progress_tick(pipeline->progress, 0, pipeline->total_bytes);
    return jobs <= 1 ? run_serial(pipeline, err) : run_parallel(pipeline, jobs, err);
}
