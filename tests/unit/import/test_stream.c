/* Parts as they come: the same bytes in the same parts, bounded memory, and one that fails stops the rest. */
#include "tests/unit/testing.h"

#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/import/stream.h"

#include <pthread.h>

enum { PART = 100, PARTS_MAX = 64, CONNECTIONS = 3 };

/* What would be S3. */
struct twin {
    struct part_sender base;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint8_t bytes[PARTS_MAX * PART];
    size_t len[PARTS_MAX + 1]; /* by number; 0: not sent */
    unsigned sent;
    unsigned most_ahead; /* parts begun and not sent, when one was begun */
    unsigned fails[2];   /* parts that are refused; the first waits for the second */
    unsigned hold;       /* parts up to here wait for hold_until others */
    unsigned under_way;
};

static int twin_send(struct part_sender *base, unsigned number, const void *bytes, size_t len,
                     struct sw_err *err)
{
    struct twin *twin = (struct twin *)base;
    int rc = 0;

    pthread_mutex_lock(&twin->lock);
    assert_true(number >= 1 && number <= PARTS_MAX && len >= 1 && len <= PART);
    if (number > twin->sent && number - twin->sent > twin->most_ahead)
        twin->most_ahead = number - twin->sent;
    twin->under_way++;
    pthread_cond_broadcast(&twin->changed);
    /* All connections are in use at once. */
    while (twin->hold > 0 && number <= twin->hold && twin->under_way < twin->hold)
        pthread_cond_wait(&twin->changed, &twin->lock);
    if (number == twin->fails[0] || number == twin->fails[1]) {
        while (number == twin->fails[0] && twin->fails[1] != 0 && twin->under_way < twin->fails[1])
            pthread_cond_wait(&twin->changed, &twin->lock);
        rc = sw_fail(err, SW_REMOTE, "part %u is refused", number);
    } else {
        memcpy(twin->bytes + (number - 1) * PART, bytes, len);
        twin->len[number] = len;
        twin->sent++;
    }
    pthread_mutex_unlock(&twin->lock);
    return rc;
}

static void twin_begin(struct twin *twin)
{
    memset(twin, 0, sizeof(*twin));
    twin->base.send = twin_send;
    pthread_mutex_init(&twin->lock, NULL);
    pthread_cond_init(&twin->changed, NULL);
}

static struct sw_out *open_in(struct twin *twin, uint64_t memory_bytes, bool keep_front,
                              struct sw_progress *progress)
{
    struct stream_opts opts = {.name = "s3://lab/key",
                               .plan = {PART, PART},
                               .connections = CONNECTIONS,
                               .memory_bytes = memory_bytes,
                               .sender = &twin->base,
                               .keep_front = keep_front,
                               .progress = progress};
    struct sw_err err = {.code = SW_OK};
    struct sw_out *out = NULL;

    assert_ok(stream_open(&opts, &out, &err), err);
    return out;
}

static struct sw_out *open_on(struct twin *twin, bool keep_front, struct sw_progress *progress)
{
    return open_in(twin, PART * (CONNECTIONS + 1), keep_front, progress);
}

static uint8_t byte_at(size_t at)
{
    return (uint8_t)(at * 31 + at / 251);
}

/* len bytes in pieces of many sizes. */
static int write_pattern(struct sw_out *out, size_t len, struct sw_err *err)
{
    uint8_t piece[97];
    size_t at = 0;

    for (size_t some = 1; at < len; some = some % sizeof(piece) + 1) {
        size_t n = (size_t)sw_min_u64(some, len - at);

        for (size_t i = 0; i < n; i++)
            piece[i] = byte_at(at + i);
        if (sw_out_write(out, piece, n, err) < 0)
            return -1;
        at += n;
    }
    return 0;
}

static void expect_pattern(const struct twin *twin, size_t from, size_t len)
{
    for (size_t at = from; at < len; at++)
        if (twin->bytes[at] != byte_at(at))
            fail_msg("byte %zu is another one", at);
}

static void parts_hold_the_bytes_in_their_order(void **state)
{
    static const size_t lengths[] = {1, PART - 1, PART, PART + 1, 7 * PART, 7 * PART + 30};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(lengths); i++) {
        struct sw_err err = {.code = SW_OK};
        struct sw_out *out;
        struct twin twin;
        unsigned parts = (unsigned)sw_div_up(lengths[i], PART);

        twin_begin(&twin);
        out = open_on(&twin, false, NULL);
        assert_false(sw_out_seekable(out));
        assert_ok(write_pattern(out, lengths[i], &err), err);
        assert_int_equal(out->pos, lengths[i]);
        assert_ok(sw_out_commit(out, &err), err);
        assert_int_equal(stream_parts(out), parts);
        sw_out_close(out);
        assert_int_equal(twin.sent, parts);
        expect_pattern(&twin, 0, lengths[i]);
        assert_int_equal(twin.len[parts], lengths[i] - (parts - 1) * PART);
    }
}

static void all_connections_are_used_and_memory_holds_one_part_more(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_out *out;
    struct twin twin;

    (void)state;
    twin_begin(&twin);
    twin.hold = CONNECTIONS;
    out = open_on(&twin, false, NULL);
    assert_ok(write_pattern(out, PARTS_MAX * PART, &err), err);
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    assert_int_equal(twin.sent, PARTS_MAX);
    expect_pattern(&twin, 0, PARTS_MAX * PART);
    assert_true(twin.most_ahead <= CONNECTIONS + 1);
}

static void parts_that_memory_does_not_hold_go_one_by_one(void **state)
{
    for (uint64_t memory_bytes = 0; memory_bytes <= 2 * PART; memory_bytes += PART) {
        struct sw_err err = {.code = SW_OK};
        struct sw_out *out;
        struct twin twin;

        (void)state;
        twin_begin(&twin);
        out = open_in(&twin, memory_bytes, memory_bytes == PART, NULL);
        assert_ok(write_pattern(out, 20 * PART + 7, &err), err);
        assert_ok(sw_out_commit(out, &err), err);
        sw_out_close(out);
        assert_int_equal(twin.sent, 21);
        expect_pattern(&twin, 0, 20 * PART + 7);
        /* The kept front comes on top. */
        assert_true(twin.most_ahead <= sw_max_u64(1, memory_bytes / PART) + (memory_bytes == PART));
    }
}

static void the_first_part_is_kept_for_what_comes_last(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_out *out;
    struct twin twin;

    (void)state;
    twin_begin(&twin);
    out = open_on(&twin, true, NULL);
    assert_true(sw_out_seekable(out));
    assert_ok(sw_out_pwrite(out, "data", 4, 30, &err), err); /* a gap before it */
    assert_int_equal(out->pos, 34);
    assert_ok(sw_out_pwrite(out, "more", 4, 5 * PART - 2, &err), err); /* over two parts */
    assert_ok(sw_out_pwrite(out, "table", 5, 0, &err), err);
    assert_failed(sw_out_pwrite(out, "late", 4, 2 * PART, &err), err, SW_FAILED, "on their way already");
    assert_failed(sw_out_pwrite(out, "late", 4, PART - 2, &err), err, SW_FAILED, "on their way already");
    assert_failed(sw_out_truncate(out, 10, &err), err, SW_FAILED, "cannot become shorter");
    assert_ok(sw_out_truncate(out, 6 * PART + 10, &err), err);
    assert_int_equal(twin.len[1], 0);
    assert_ok(sw_out_commit(out, &err), err);
    assert_int_equal(stream_parts(out), 7);
    sw_out_close(out);
    assert_memory_equal(twin.bytes, "table\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0data\0\0", 36);
    assert_memory_equal(twin.bytes + 5 * PART - 3, "\0more\0", 6);
    assert_int_equal(twin.len[7], 10);
    assert_int_equal(twin.bytes[6 * PART + 9], 0);
}

static void a_small_object_is_one_part_that_may_be_written_to_until_the_end(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_out *out;
    struct twin twin;

    (void)state;
    twin_begin(&twin);
    out = open_on(&twin, true, NULL);
    assert_ok(sw_out_pwrite(out, "footer", 6, 40, &err), err);
    assert_ok(sw_out_pwrite(out, "head", 4, 0, &err), err);
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    assert_int_equal(twin.sent, 1);
    assert_int_equal(twin.len[1], 46);
    assert_memory_equal(twin.bytes, "head\0", 5);
    assert_memory_equal(twin.bytes + 40, "footer", 6);
}

static void the_lowest_part_that_failed_is_the_error_and_writing_stops(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_out *out;
    struct twin twin;

    (void)state;
    twin_begin(&twin);
    twin.fails[0] = 2;
    twin.fails[1] = 3;
    out = open_on(&twin, false, NULL);
    assert_failed(write_pattern(out, PARTS_MAX * PART, &err), err, SW_REMOTE, "part 2 is refused");
    assert_true(out->pos < PARTS_MAX * PART);
    err = (struct sw_err){.code = SW_OK};
    assert_failed(sw_out_commit(out, &err), err, SW_REMOTE, "part 2 is refused");
    sw_out_close(out);
    assert_true(twin.sent < PARTS_MAX / 2);
}

static void the_last_part_fails_in_the_commit(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_out *out;
    struct twin twin;

    (void)state;
    twin_begin(&twin);
    twin.fails[0] = 5;
    out = open_on(&twin, false, NULL);
    assert_ok(write_pattern(out, 4 * PART + 1, &err), err);
    assert_failed(sw_out_commit(out, &err), err, SW_REMOTE, "part 5 is refused");
    sw_out_close(out);
    assert_int_equal(twin.sent, 4);
}

static void what_is_not_committed_is_not_sent(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_out *out;
    struct twin twin;

    (void)state;
    twin_begin(&twin);
    out = open_on(&twin, true, NULL);
    assert_ok(write_pattern(out, PART + 50, &err), err);
    sw_out_close(out);
    assert_int_equal(twin.sent, 0);
}

struct heard {
    struct sw_progress base;
    struct twin *twin;
    uint64_t done_bytes, total_bytes;
    unsigned ticks;
};

static void hear(struct sw_progress *self, uint64_t done_bytes, uint64_t total_bytes)
{
    struct heard *heard = (struct heard *)self;

    assert_true(done_bytes >= heard->done_bytes);
    assert_true(done_bytes <= 1000 * (uint64_t)heard->twin->sent);
    heard->done_bytes = done_bytes;
    heard->total_bytes = total_bytes;
    heard->ticks++;
}

static void progress_is_what_was_sent_and_not_what_was_made(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_out *out;
    struct twin twin;
    struct heard heard = {{hear}, &twin, 0, 0, 0};

    (void)state;
    twin_begin(&twin);
    out = open_on(&twin, false, &heard.base);
    for (unsigned part = 1; part <= 10; part++) {
        /* A part of 100 bytes stands for 1000 of the source. */
        sw_progress_tick(stream_progress(out), part * 1000, 10000);
        assert_ok(write_pattern(out, PART, &err), err);
    }
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    assert_int_equal(heard.ticks, 10);
    assert_int_equal(heard.done_bytes, 10000);
    assert_int_equal(heard.total_bytes, 10000);
}

/* All that the parts of a plan hold together. */
static uint64_t holds(const struct part_plan *plan)
{
    uint64_t sum = 0;

    for (unsigned number = 1; number <= SW_S3_MAX_PARTS; number++)
        sum += part_plan_bytes(plan, number);
    return sum;
}

static void ten_thousand_parts_always_suffice(void **state)
{
    static const uint64_t bounds[] = {1,
                                      UINT64_C(10000) * (8 << 20),
                                      UINT64_C(10000) * (8 << 20) + 1,
                                      UINT64_C(2) << 40,
                                      UINT64_C(8) << 40,
                                      UINT64_C(48) << 40};
    static const uint64_t bases[] = {0, SW_S3_MIN_PART_BYTES, (64 << 20) + 1, SW_S3_MAX_PART_BYTES};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(bounds); i++) {
        for (size_t j = 0; j < SW_ARRAY_LEN(bases); j++) {
            struct sw_err err = {.code = SW_OK};
            struct part_plan plan;

            assert_ok(part_plan_make(bounds[i], bases[j], &plan, &err), err);
            assert_true(holds(&plan) >= bounds[i]);
            assert_true(plan.most_bytes <= SW_S3_MAX_PART_BYTES && plan.base_bytes <= plan.most_bytes);
            for (unsigned number = 2; number <= SW_S3_MAX_PARTS; number++)
                assert_true(part_plan_bytes(&plan, number) >= part_plan_bytes(&plan, number - 1));
        }
    }
}

static void small_objects_go_in_small_parts_and_large_bounds_do_not_change_that(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct part_plan plan;

    (void)state;
    assert_ok(part_plan_make(UINT64_C(64) << 30, 0, &plan, &err), err);
    assert_int_equal(part_plan_bytes(&plan, SW_S3_MAX_PARTS), 8 << 20);
    assert_ok(part_plan_make(UINT64_C(2) << 40, 0, &plan, &err), err);
    assert_int_equal(part_plan_bytes(&plan, 1000), 8 << 20);
    assert_int_equal(part_plan_bytes(&plan, 1001), 16 << 20);
    assert_true(part_plan_bytes(&plan, SW_S3_MAX_PARTS) > (64 << 20));
    assert_failed(part_plan_make(UINT64_C(64) << 40, 0, &plan, &err), err, SW_USAGE, "does not fit into S3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_hold_the_bytes_in_their_order),
        cmocka_unit_test(all_connections_are_used_and_memory_holds_one_part_more),
        cmocka_unit_test(parts_that_memory_does_not_hold_go_one_by_one),
        cmocka_unit_test(the_first_part_is_kept_for_what_comes_last),
        cmocka_unit_test(a_small_object_is_one_part_that_may_be_written_to_until_the_end),
        cmocka_unit_test(the_lowest_part_that_failed_is_the_error_and_writing_stops),
        cmocka_unit_test(the_last_part_fails_in_the_commit),
        cmocka_unit_test(what_is_not_committed_is_not_sent),
        cmocka_unit_test(progress_is_what_was_sent_and_not_what_was_made),
        cmocka_unit_test(ten_thousand_parts_always_suffice),
        cmocka_unit_test(small_objects_go_in_small_parts_and_large_bounds_do_not_change_that),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
