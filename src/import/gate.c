/* How many requests may be under way: fewer when the server struggles, more again while it does not. */
#include "src/import/gate.h"

void gate_init(struct gate *gate, unsigned most)
{
    *gate = (struct gate){.most = most, .limit = most};
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->opened, NULL);
}

void gate_destroy(struct gate *gate)
{
    pthread_cond_destroy(&gate->opened);
    pthread_mutex_destroy(&gate->lock);
}

uint64_t gate_enter(struct gate *gate)
{
    uint64_t ticket;

    pthread_mutex_lock(&gate->lock);
    while (gate->in_flight >= (unsigned)gate->limit)
        pthread_cond_wait(&gate->opened, &gate->lock);
    gate->in_flight++;
    ticket = gate->entered++;
    pthread_mutex_unlock(&gate->lock);
    return ticket;
}

static void adapt(struct gate *gate, uint64_t ticket, bool struggled)
{
    if (!struggled) {
        gate->limit += 1 / gate->limit;
        if (gate->limit > gate->most)
            gate->limit = gate->most;
    } else if (ticket >= gate->cut_at) {
        gate->cut_at = gate->entered;
        gate->limit = gate->limit > 2 ? gate->limit / 2 : 1;
    }
}

void gate_leave(struct gate *gate, uint64_t ticket, bool struggled)
{
    pthread_mutex_lock(&gate->lock);
    gate->in_flight--;
    adapt(gate, ticket, struggled);
    pthread_cond_broadcast(&gate->opened);
    pthread_mutex_unlock(&gate->lock);
}
