/* The pipeline: order, bounds, the first error, interruption. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "slipway/pipeline.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCKS = 500, BLOCK_BYTES = 64 };
#define NEVER UINT64_MAX

/* Counts to nr and fails where it is told to. */
struct counter {
    struct sw_source base;
    uint64_t nr, fail_at, at;
    bool in_next;
};

static int counter_next(struct sw_source *self, struct sw_block *block, struct sw_err *err)
{
    struct counter *counter = (struct counter *)self;

    assert_false(counter->in_next);
    counter->in_next = true;
    assert_int_equal(block->seq, counter->at);
    counter->in_next = false;
    if (counter->at == counter->fail_at)
        return sw_fail(err, SW_FAILED, "source %llu", (unsigned long long)counter->at);
    if (counter->at == counter->nr)
        return 0;
    block->off = counter->at * BLOCK_BYTES;
    block->len = BLOCK_BYTES;
    block->kind = SW_BLOCK_DATA;
    counter->at++;
    return 1;
}

/* Writes the sequence number into the block, after a while that differs from block to block. */
struct stamper {
    struct sw_transform base;
    uint64_t fail_at, fail_too;
    atomic_int *alive;  /* worker states */
    atomic_int *flying; /* blocks in apply */
    atomic_int *most;
};

static int stamper_new(const struct sw_transform *self, void **worker, struct sw_err *err)
{
    const struct stamper *stamper = (const struct stamper *)self;

    (void)err;
    atomic_fetch_add(stamper->alive, 1);
    *worker = malloc(1);
    return 0;
}

static void stamper_free(const struct sw_transform *self, void *worker)
{
    const struct stamper *stamper = (const struct stamper *)self;

    atomic_fetch_sub(stamper->alive, 1);
    free(worker);
}

static int stamper_apply(const struct sw_transform *self, void *worker, struct sw_block *block,
                         struct sw_err *err)
{
    const struct stamper *stamper = (const struct stamper *)self;
    int flying = atomic_fetch_add(stamper->flying, 1) + 1;
    int most = atomic_load(stamper->most);

    assert_non_null(worker);
    block->user = (uint64_t)(uintptr_t)worker;
    while (flying > most && !atomic_compare_exchange_weak(stamper->most, &most, flying)) {
    }
    if (block->seq % 7 == 0)
        usleep(200);
    memset(block->data, (int)(block->seq & 0xff), BLOCK_BYTES);
    memcpy(block->coded, &block->seq, sizeof(block->seq));
    block->coded_len = sizeof(block->seq);
    atomic_fetch_sub(stamper->flying, 1);
    if (block->seq == stamper->fail_at || block->seq == stamper->fail_too) {
        /* The later one is faster to fail: the earlier one must win all the same. */
        usleep(block->seq == stamper->fail_at ? 3000 : 0);
        return sw_fail(err, SW_INTEGRITY, "transform %llu", (unsigned long long)block->seq);
    }
    return 0;
}

struct collector {
    struct sw_sink base;
    atomic_ullong taken;
    uint64_t fail_at;
    atomic_int inside;
    uint8_t seen[BLOCKS];
    uint64_t worker[BLOCKS];
};

static int collector_put(struct sw_sink *self, struct sw_block *block, struct sw_err *err)
{
    struct collector *collector = (struct collector *)self;
    uint64_t seq;

    memcpy(&seq, block->coded, sizeof(seq));
    assert_int_equal(seq, block->seq);
    assert_int_equal(block->data[BLOCK_BYTES - 1], block->seq & 0xff);
    if (!self->any_order) {
        assert_int_equal(atomic_fetch_add(&collector->inside, 1), 0);
        assert_int_equal(block->seq, atomic_load(&collector->taken));
        atomic_fetch_sub(&collector->inside, 1);
    }
    if (block->seq == collector->fail_at)
        return sw_fail(err, SW_FAILED, "sink %llu", (unsigned long long)block->seq);
    collector->seen[block->seq]++;
    collector->worker[block->seq] = block->user;
    atomic_fetch_add(&collector->taken, 1);
    return 0;
}

struct listener {
    struct sw_progress base;
    uint64_t last, total;
    unsigned ticks;
};

static void listener_tick(struct sw_progress *self, uint64_t done, uint64_t total)
{
    struct listener *listener = (struct listener *)self;

    /* It begins at 0, then counts up. */
    if (listener->ticks == 0)
        assert_int_equal(done, 0);
    else
        assert_true(done > listener->last);
    listener->last = done;
    listener->total = total;
    listener->ticks++;
}

/* Everything a run needs. */
struct bench {
    struct counter source;
    struct stamper stage;
    struct collector sink;
    struct listener listener;
    struct sw_pipeline pipeline;
    atomic_int alive, flying, most;
};

static struct bench *bench_new(unsigned jobs)
{
    struct bench *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->source = (struct counter){.base = {counter_next}, .nr = BLOCKS, .fail_at = NEVER};
    b->stage = (struct stamper){.base = {stamper_new, stamper_free, stamper_apply},
                                .fail_at = NEVER,
                                .fail_too = NEVER,
                                .alive = &b->alive,
                                .flying = &b->flying,
                                .most = &b->most};
    b->sink.base.put = collector_put;
    b->sink.fail_at = NEVER;
    b->listener.base.tick = listener_tick;
    b->pipeline = (struct sw_pipeline){.source = &b->source.base,
                                       .stages = {&b->stage.base},
                                       .nr_stages = 1,
                                       .sink = &b->sink.base,
                                       .jobs = jobs,
                                       .data_cap = BLOCK_BYTES,
                                       .coded_cap = 8,
                                       .progress = &b->listener.base,
                                       .total_bytes = BLOCKS * BLOCK_BYTES};
    return b;
}

static const unsigned job_counts[] = {1, 2, 3, 8, 40};
#define FOR_JOBS(jobs)                                                                           \
    for (unsigned i_ = 0, jobs = job_counts[0]; i_ < sizeof(job_counts) / sizeof(job_counts[0]); \
         jobs = job_counts[++i_ < sizeof(job_counts) / sizeof(job_counts[0]) ? i_ : 0])

static void every_block_is_put_once_in_order(void **state)
{
    (void)state;
    FOR_JOBS(jobs)
    {
        struct bench *b = bench_new(jobs);
        struct sw_err err = {.code = SW_OK};

        assert_int_equal(sw_pipeline_run(&b->pipeline, &err), 0);
        assert_int_equal(b->sink.taken, BLOCKS);
        for (unsigned i = 0; i < BLOCKS; i++)
            assert_int_equal(b->sink.seen[i], 1);
        assert_int_equal(b->alive, 0);
        assert_int_equal(b->listener.ticks, BLOCKS + 1);
        assert_int_equal(b->listener.last, BLOCKS * BLOCK_BYTES);
        assert_int_equal(b->listener.total, BLOCKS * BLOCK_BYTES);
        free(b);
    }
}

static void a_sink_of_any_order_takes_every_block(void **state)
{
    (void)state;
    FOR_JOBS(jobs)
    {
        struct bench *b = bench_new(jobs);
        struct sw_err err = {.code = SW_OK};

        b->sink.base.any_order = true;
        assert_int_equal(sw_pipeline_run(&b->pipeline, &err), 0);
        for (unsigned i = 0; i < BLOCKS; i++)
            assert_int_equal(b->sink.seen[i], 1);
        free(b);
    }
}

static void blocks_that_stay_together_are_one_workers(void **state)
{
    enum { TOGETHER = 4 };

    (void)state;
    for (unsigned jobs = 2; jobs <= 8; jobs++) {
        struct bench *b = bench_new(jobs);
        struct sw_err err = {.code = SW_OK};

        b->pipeline.together_bytes = TOGETHER * BLOCK_BYTES;
        assert_int_equal(sw_pipeline_run(&b->pipeline, &err), 0);
        assert_int_equal(b->sink.taken, BLOCKS);
        for (unsigned i = 0; i < BLOCKS; i++)
            assert_int_equal(b->sink.worker[i], b->sink.worker[i - i % TOGETHER]);
        free(b);
    }
}

static void with_many_jobs_less_stays_together_and_every_block_is_put(void **state)
{
    (void)state;
    FOR_JOBS(jobs)
    {
        struct bench *b = bench_new(jobs);
        struct sw_err err = {.code = SW_OK};

        b->pipeline.together_bytes = UINT64_C(1) << 40;
        assert_int_equal(sw_pipeline_run(&b->pipeline, &err), 0);
        assert_int_equal(b->sink.taken, BLOCKS);
        free(b);
    }
}

static void an_empty_source_is_done_at_once(void **state)
{
    (void)state;
    FOR_JOBS(jobs)
    {
        struct bench *b = bench_new(jobs);
        struct sw_err err = {.code = SW_OK};

        b->source.nr = 0;
        assert_int_equal(sw_pipeline_run(&b->pipeline, &err), 0);
        assert_int_equal(b->sink.taken, 0);
        free(b);
    }
}

static void expect_failure(struct bench *b, const char *text, uint64_t taken)
{
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(sw_pipeline_run(&b->pipeline, &err), -1);
    assert_string_equal(err.text, text);
    assert_int_equal(b->sink.taken, taken);
    assert_int_equal(b->alive, 0);
    free(b);
}

static void the_lowest_transform_error_wins_and_all_before_it_is_put(void **state)
{
    (void)state;
    FOR_JOBS(jobs)
    {
        struct bench *b = bench_new(jobs);

        b->stage.fail_at = 100;
        b->stage.fail_too = 101;
        expect_failure(b, "transform 100", 100);
    }
}

static void a_sink_error_before_a_transform_error_wins(void **state)
{
    (void)state;
    FOR_JOBS(jobs)
    {
        struct bench *b = bench_new(jobs);

        b->sink.fail_at = 49;
        b->stage.fail_too = 50;
        expect_failure(b, "sink 49", 49);
    }
}

static void a_source_error_comes_after_what_was_planned(void **state)
{
    (void)state;
    FOR_JOBS(jobs)
    {
        struct bench *b = bench_new(jobs);

        b->source.fail_at = 33;
        expect_failure(b, "source 33", 33);
    }
}

static int refuse_worker(const struct sw_transform *self, void **worker, struct sw_err *err)
{
    (void)self;
    (void)worker;
    return sw_fail(err, SW_FAILED, "no codec");
}

static void a_worker_that_cannot_begin_fails_the_run(void **state)
{
    (void)state;
    FOR_JOBS(jobs)
    {
        struct bench *b = bench_new(jobs);
        struct stamper second = b->stage;

        second.base.worker_new = refuse_worker;
        b->pipeline.stages[1] = &second.base;
        b->pipeline.nr_stages = 2;
        expect_failure(b, "no codec", 0);
    }
}

static void no_more_blocks_fly_than_jobs(void **state)
{
    struct bench *b = bench_new(8);
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_int_equal(sw_pipeline_run(&b->pipeline, &err), 0);
    assert_in_range(b->most, 1, 8);
    free(b);
}

/* A sink that stands still at the first block sees how far the source runs ahead. */
static atomic_ullong planned;

static int planned_next(struct sw_source *self, struct sw_block *block, struct sw_err *err)
{
    int more = counter_next(self, block, err);

    atomic_fetch_add(&planned, (unsigned long long)(more > 0));
    return more;
}

static int slow_put(struct sw_sink *self, struct sw_block *block, struct sw_err *err)
{
    if (block->seq == 0)
        usleep(50000);
    assert_in_range(atomic_load(&planned) - block->seq, 1, 4 + 2);
    return collector_put(self, block, err);
}

static void large_blocks_exist_at_most_two_more_than_jobs(void **state)
{
    struct bench *b = bench_new(4);
    struct sw_err err = {.code = SW_OK};

    (void)state;
    atomic_store(&planned, 0);
    b->pipeline.data_cap = SW_PIPELINE_AHEAD_BYTES / 2;
    b->source.base.next = planned_next;
    b->sink.base.put = slow_put;
    assert_int_equal(sw_pipeline_run(&b->pipeline, &err), 0);
    free(b);
}

static int interrupting_put(struct sw_sink *self, struct sw_block *block, struct sw_err *err)
{
    if (block->seq == 5)
        raise(SIGTERM);
    return collector_put(self, block, err);
}

static int run_interrupted(unsigned jobs)
{
    struct bench *b = bench_new(jobs);
    struct sw_err err = {.code = SW_OK};
    int rc, good;

    sw_catch_signals();
    b->sink.base.put = interrupting_put;
    rc = sw_pipeline_run(&b->pipeline, &err);
    good = rc == -1 && err.code == SW_INTERRUPTED && b->sink.taken >= 6 && b->sink.taken < BLOCKS;
    free(b);
    return good ? 0 : 1;
}

static void a_signal_stops_it_at_the_next_block(void **state)
{
    (void)state;
    FOR_JOBS(jobs)
    {
        int status = -1;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0)
            _exit(run_interrupted(jobs));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_is_put_once_in_order),
        cmocka_unit_test(a_sink_of_any_order_takes_every_block),
        cmocka_unit_test(blocks_that_stay_together_are_one_workers),
        cmocka_unit_test(with_many_jobs_less_stays_together_and_every_block_is_put),
        cmocka_unit_test(an_empty_source_is_done_at_once),
        cmocka_unit_test(the_lowest_transform_error_wins_and_all_before_it_is_put),
        cmocka_unit_test(a_sink_error_before_a_transform_error_wins),
        cmocka_unit_test(a_source_error_comes_after_what_was_planned),
        cmocka_unit_test(a_worker_that_cannot_begin_fails_the_run),
        cmocka_unit_test(no_more_blocks_fly_than_jobs),
        cmocka_unit_test(large_blocks_exist_at_most_two_more_than_jobs),
        cmocka_unit_test(a_signal_stops_it_at_the_next_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
