/* Which of the planned blocks are put: what a copy may begin at after an interruption. */
#ifndef SW_COPY_LEDGER_H
#define SW_COPY_LEDGER_H

#include "slipway/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every block before point is put; the sums are theirs. */
struct progress_made {
    uint64_t point;
    uint64_t read_bytes, data_bytes, zero_bytes;
};

struct ledger_entry {
    uint64_t end, len, data_bytes, zero_bytes;
    bool put;
};

/* Blocks in the order of their numbers, from the first that is not put on. */
struct ledger {
    pthread_mutex_t lock;
    struct progress_made made;
    struct ledger_entry *ring; /* block seq has its place at seq % cap */
    size_t cap;
    uint64_t first_seq, next_seq;
};

int ledger_open(struct ledger *ledger, const struct progress_made *from, struct sw_err *err);
void ledger_close(struct ledger *ledger);

/* The next block was planned; it ends at end. One thread at a time. */
SW_MUST_CHECK int ledger_plan(struct ledger *ledger, uint64_t end, uint64_t len, struct sw_err *err);
/* The block with this number is put, as so many bytes of data or of zeros. Any thread. */
void ledger_put(struct ledger *ledger, uint64_t seq, uint64_t data_bytes, uint64_t zero_bytes);
/* Any thread. */
struct progress_made ledger_made(struct ledger *ledger);

#endif
