/* The writer's team: the lowest failure wins, and nobody waits for a turn that will not come. */
#include "src/seal/team.h"
#include "tests/unit/testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { SLOW = 1, FAILS = 2, SLOTS = 3 };

struct job {
    atomic_uint worked; /* slots that work is done with */
    unsigned put;
};

static int no_worker(void *self, void **worker, struct sw_err *err)
{
    (void)err;
    *worker = self;
    return 0;
}

static void keep_worker(void *worker)
{
    (void)worker;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* The slow one ends only when the others have failed or been dropped. */
static int work(void *self, void *worker, struct seal_slot *slot, struct sw_err *err)
{
    struct job *job = self;

    (void)worker;
    if (slot->seq == SLOW) {
        for (int i = 0; i < 100 && atomic_load(&job->worked) < SLOTS; i++)
            pause_ms(10);
        pause_ms(50);
    }
    if (slot->seq == FAILS) {
        while (atomic_load(&job->worked) < SLOTS - 1)
            pause_ms(1);
        atomic_fetch_add(&job->worked, 1);
        return sw_fail(err, SW_FAILED, "slot %d", FAILS);
    }
    atomic_fetch_add(&job->worked, 1);
    return 0;
}

static int put(void *self, const struct seal_slot *slot, struct sw_err *err)
{
    struct job *job = self;

    (void)slot, (void)err;
    job->put++;
    return 0;
}

static void a_failure_leaves_nobody_waiting_for_a_turn(void **state)
{
    struct job job = {.put = 0};
    const struct seal_team_spec spec = {.self = &job,
                                        .buf_bytes = 16,
                                        .jobs = 4,
                                        .in_order = true,
                                        .worker_new = no_worker,
                                        .worker_free = keep_worker,
                                        .work = work,
                                        .put = put};
    struct sw_err err = {.code = SW_OK};
    struct seal_team *team = seal_team_new(&spec, &err);

    (void)state;
    assert_non_null(team);
    for (int i = 0; i < 4; i++) {
        struct seal_slot *slot = seal_team_slot(team, &err);

        assert_non_null(slot);
        assert_ok(seal_team_submit(team, slot, &err), err);
    }
    assert_failed(seal_team_finish(team, &err), err, SW_FAILED, "slot 2");
    assert_int_equal(job.put, 2);
    seal_team_free(team);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_leaves_nobody_waiting_for_a_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
