/* How many requests may be under way: fewer when the server struggles, more again while it does not. */
#ifndef SW_IMPORT_GATE_H
#define SW_IMPORT_GATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    unsigned most; /* never more than this */
    double limit;  /* 1 … most */
    unsigned in_flight;
    uint64_t entered; /* how often so far */
    uint64_t cut_at;  /* requests that entered before this had their say already */
};

void gate_init(struct gate *gate, unsigned most);
void gate_destroy(struct gate *gate);

/* Waits for a place; returns a ticket for gate_leave. */
uint64_t gate_enter(struct gate *gate);
/*
 * struggled: the server throttled the request, or did not answer it in time. The limit is then halved, once for all requests
 * that were under way together; else it grows by one for each round of as many requests.
 */
void gate_leave(struct gate *gate, uint64_t ticket, bool struggled);

#endif
