/* The threads behind a sealed output. */
#include "src/seal/team.h"
#include "src/base/registers.h"

#include "src/base/buf.h"
#include "src/base/pool.h"
#include "src/seal/secret.h"

#include <errno.h>
#include <pthread.h>

/* Room that the thread which fills waits for at a time, where it does nothing else: each wait costs a wake-up. */
enum { ROOM = 4, ROOM_BYTES = 1 << 20 };

struct seal_team {
    struct seal_team_spec spec;
    struct seal_slot *slots;
    unsigned nr_slots;
    pthread_t *threads;
    unsigned nr_threads;
    void *worker; /* of the thread that fills; NULL: it works on nothing */
    pthread_mutex_t lock;
    pthread_cond_t work; /* for workers: a slot was filled, or there will be no more */
    pthread_cond_t turn; /* for workers, with in_order: put_seq has changed */
    pthread_cond_t room; /* for the thread that fills: wanted slots are put */
    unsigned wanted;
    uint64_t filled, taken, put; /* slots submitted, begun, written */
    uint64_t put_seq;            /* whose turn it is, with in_order */
    bool stop;
    bool failed;
    uint64_t failed_seq;
    struct sw_err err;
};

static void note_failure(struct seal_team *team, uint64_t seq, const struct sw_err *err)
{
    if (!team->failed || team->failed_seq > seq) {
        team->failed = true;
        team->failed_seq = seq;
        team->err = *err;
    }
    pthread_cond_broadcast(&team->work);
    pthread_cond_broadcast(&team->turn);
    pthread_cond_broadcast(&team->room);
}

/* True when a lower one failed: this one's bytes are not wanted any more. */
static bool wait_for_turn(struct seal_team *team, uint64_t seq)
{
    while (team->put_seq != seq && !(team->failed && team->failed_seq < seq))
        pthread_cond_wait(&team->turn, &team->lock);
    return !team->failed || team->failed_seq >= seq;
}

/* Called without the lock. */
static int put_slot(struct seal_team *team, const struct seal_slot *slot, struct sw_err *err)
{
    bool mine = true;

    if (!team->spec.in_order)
        return team->spec.put(team->spec.self, slot, err);
    pthread_mutex_lock(&team->lock);
    mine = wait_for_turn(team, slot->seq);
    pthread_mutex_unlock(&team->lock);
    return mine ? team->spec.put(team->spec.self, slot, err) : 0;
}

static int do_slot(struct seal_team *team, void *worker, struct seal_slot *slot, struct sw_err *err)
{
    if (team->spec.work(team->spec.self, worker, slot, err) < 0)
        return -1;
    return put_slot(team, slot, err);
}

static unsigned free_slots(const struct seal_team *team)
{
    return team->nr_slots - (unsigned)(team->filled - team->put);
}

static void finish_slot(struct seal_team *team, struct seal_slot *slot, int rc, const struct sw_err *err)
{
    team->put++;
    slot->state = SEAL_SLOT_FREE;
    if (rc < 0) {
        note_failure(team, slot->seq, err);
    } else if (team->put_seq == slot->seq) {
        team->put_seq++; /* one whose bytes were not wanted passes no turn on */
        if (team->spec.in_order && team->spec.jobs > 1)
            pthread_cond_broadcast(&team->turn);
    }
    if (free_slots(team) >= team->wanted)
        pthread_cond_signal(&team->room);
}

/* The next slot to work on; NULL when there will be none. The lock is held. */
static struct seal_slot *take_slot(struct seal_team *team)
{
    struct seal_slot *slot;

    while (team->taken == team->filled && !team->stop && !team->failed)
        pthread_cond_wait(&team->work, &team->lock);
    if (team->failed || team->taken == team->filled)
        return NULL;
    slot = &team->slots[team->taken++ % team->nr_slots];
    slot->state = SEAL_SLOT_BUSY;
    return slot;
}

/* The lock is held, but not while it works. */
static void work_on_slot(struct seal_team *team, void *worker, struct seal_slot *slot)
{
    struct sw_err err = {.code = SW_OK};
    int rc;

    pthread_mutex_unlock(&team->lock);
    rc = do_slot(team, worker, slot, &err);
    sw_registers_wipe();
    pthread_mutex_lock(&team->lock);
    finish_slot(team, slot, rc, &err);
}

static void work_on(struct seal_team *team, void *worker)
{
    struct seal_slot *slot;

    pthread_mutex_lock(&team->lock);
    while ((slot = take_slot(team)) != NULL)
        work_on_slot(team, worker, slot);
    pthread_mutex_unlock(&team->lock);
}

/* The thread that fills wants that many slots: it works on what is filled, or waits. The lock is held. */
static void help(struct seal_team *team, unsigned wanted)
{
    if (team->worker != NULL && team->taken < team->filled) {
        work_on_slot(team, team->worker, take_slot(team));
        return;
    }
    team->wanted = wanted;
    pthread_cond_wait(&team->room, &team->lock);
}

static void *thread_main(void *arg)
{
    struct seal_team *team = arg;
    struct sw_err err = {.code = SW_OK};
    void *worker = NULL;

    if (team->spec.worker_new(team->spec.self, &worker, &err) < 0) {
        pthread_mutex_lock(&team->lock);
        note_failure(team, 0, &err);
        pthread_mutex_unlock(&team->lock);
        return NULL;
    }
    work_on(team, worker);
    team->spec.worker_free(worker);
    return NULL;
}

static int start_threads(struct seal_team *team, struct sw_err *err)
{
    unsigned wanted = team->worker != NULL ? team->spec.jobs - 1 : 1;

    while (team->nr_threads < wanted) {
        int failed = pthread_create(&team->threads[team->nr_threads], NULL, thread_main, team);

        if (failed != 0 && team->nr_threads == 0) {
            errno = failed;
            return sw_fail_errno(err, "cannot start a thread");
        }
        if (failed != 0)
            return 0; /* fewer do as well */
        team->nr_threads++;
    }
    return 0;
}

static void join_threads(struct seal_team *team)
{
    pthread_mutex_lock(&team->lock);
    team->stop = true;
    pthread_cond_broadcast(&team->work);
    pthread_mutex_unlock(&team->lock);
    while (team->nr_threads > 0)
        pthread_join(team->threads[--team->nr_threads], NULL);
}

static int make_slots(struct seal_team *team, struct sw_err *err)
{
    team->slots = sw_calloc(team->nr_slots, sizeof(*team->slots), err);
    team->threads = sw_calloc(team->spec.jobs, sizeof(*team->threads), err);
    if (team->slots == NULL || team->threads == NULL)
        return -1;
    for (unsigned i = 0; i < team->nr_slots; i++) {
        team->slots[i].buf = seal_arena_new(team->spec.buf_bytes);
        if (team->slots[i].buf == NULL)
            return sw_fail_errno(err, "cannot get memory for a buffer of %zu bytes", team->spec.buf_bytes);
    }
    return 0;
}

struct seal_team *seal_team_new(const struct seal_team_spec *spec, struct sw_err *err)
{
    struct seal_team *team = sw_calloc(1, sizeof(*team), err);

    if (team == NULL)
        return NULL;
    team->spec = *spec;
    if (team->spec.jobs > SW_JOBS_MAX)
        team->spec.jobs = SW_JOBS_MAX;
    team->nr_slots = team->spec.jobs + (spec->buf_bytes < ROOM_BYTES ? 2 * ROOM - 1 : 2);
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->work, NULL);
    pthread_cond_init(&team->turn, NULL);
    pthread_cond_init(&team->room, NULL);
    if (make_slots(team, err) < 0 ||
        (team->spec.jobs > 1 && spec->worker_new(spec->self, &team->worker, err) < 0)) {
        seal_team_free(team);
        return NULL;
    }
    return team;
}

struct seal_slot *seal_team_slot(struct seal_team *team, struct sw_err *err)
{
    struct seal_slot *slot = &team->slots[team->filled % team->nr_slots];
    bool failed;

    pthread_mutex_lock(&team->lock);
    while (slot->state != SEAL_SLOT_FREE && !team->failed)
        help(team, team->worker == NULL && team->nr_slots > ROOM ? ROOM : 1);
    failed = team->failed;
    pthread_mutex_unlock(&team->lock);
    if (failed) {
        join_threads(team); /* a lower one may still fail */
        *err = team->err;
        return NULL;
    }
    slot->seq = team->filled;
    slot->len = 0;
    slot->last = false;
    return slot;
}

int seal_team_submit(struct seal_team *team, struct seal_slot *slot, struct sw_err *err)
{
    if (team->nr_threads == 0 && start_threads(team, err) < 0)
        return -1;
    pthread_mutex_lock(&team->lock);
    slot->state = SEAL_SLOT_FILLED;
    team->filled++;
    pthread_cond_signal(&team->work);
    pthread_mutex_unlock(&team->lock);
    return 0;
}

int seal_team_drain(struct seal_team *team, struct sw_err *err)
{
    bool failed;

    pthread_mutex_lock(&team->lock);
    while (team->put < team->filled && !team->failed)
        help(team, team->nr_slots);
    failed = team->failed;
    pthread_mutex_unlock(&team->lock);
    if (!failed)
        return 0;
    join_threads(team); /* a lower one may still fail */
    *err = team->err;
    return -1;
}

int seal_team_finish(struct seal_team *team, struct sw_err *err)
{
    int rc = seal_team_drain(team, err);

    join_threads(team);
    return rc;
}

void seal_team_free(struct seal_team *team)
{
    if (team == NULL)
        return;
    join_threads(team);
    if (team->worker != NULL)
        team->spec.worker_free(team->worker);
    for (unsigned i = 0; team->slots != NULL && i < team->nr_slots; i++)
        seal_arena_free(team->slots[i].buf, team->spec.buf_bytes);
    pthread_mutex_destroy(&team->lock);
    pthread_cond_destroy(&team->work);
    pthread_cond_destroy(&team->turn);
    pthread_cond_destroy(&team->room);
    free(team->slots);
    free(team->threads);
    free(team);
}
