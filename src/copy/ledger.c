/* Which of the planned blocks are put: what a copy may begin at after an interruption. */
#include "src/copy/ledger.h"

#include "src/base/buf.h"
#include "src/base/cleanup.h"

#include <string.h>

enum { CAP_MIN = 64 };

int ledger_open(struct ledger *ledger, const struct progress_made *from, struct sw_err *err)
{
    *ledger = (struct ledger){.lock = PTHREAD_MUTEX_INITIALIZER, .made = *from, .cap = CAP_MIN};
    ledger->ring = sw_calloc(ledger->cap, sizeof(*ledger->ring), err);
    return ledger->ring != NULL ? 0 : -1;
}

void ledger_close(struct ledger *ledger)
{
    free(SW_STEAL_PTR(ledger->ring));
    pthread_mutex_destroy(&ledger->lock);
}

static struct ledger_entry *entry_of(const struct ledger *ledger, uint64_t seq)
{
    return &ledger->ring[seq % ledger->cap];
}

/* A block that takes its time holds the others' entries back. */
static int grow(struct ledger *ledger, struct sw_err *err)
{
    struct ledger bigger = {.cap = ledger->cap * 2};

    bigger.ring = sw_calloc(bigger.cap, sizeof(*bigger.ring), err);
    if (bigger.ring == NULL)
        return -1;
    for (uint64_t seq = ledger->first_seq; seq < ledger->next_seq; seq++)
        *entry_of(&bigger, seq) = *entry_of(ledger, seq);
    free(ledger->ring);
    ledger->ring = bigger.ring;
    ledger->cap = bigger.cap;
    return 0;
}

int ledger_plan(struct ledger *ledger, uint64_t end, uint64_t len, struct sw_err *err)
{
    int rc = 0;

    pthread_mutex_lock(&ledger->lock);
    if (ledger->next_seq - ledger->first_seq == ledger->cap)
        rc = grow(ledger, err);
    if (rc == 0)
        *entry_of(ledger, ledger->next_seq++) = (struct ledger_entry){.end = end, .len = len};
    pthread_mutex_unlock(&ledger->lock);
    return rc;
}

void ledger_put(struct ledger *ledger, uint64_t seq, uint64_t data_bytes, uint64_t zero_bytes)
{
    struct ledger_entry *entry;

    pthread_mutex_lock(&ledger->lock);
    entry = entry_of(ledger, seq);
    entry->data_bytes = data_bytes;
    entry->zero_bytes = zero_bytes;
    entry->put = true;
    for (; ledger->first_seq < ledger->next_seq; ledger->first_seq++) {
        entry = entry_of(ledger, ledger->first_seq);
        if (!entry->put)
            break;
        ledger->made.point = entry->end;
        ledger->made.read_bytes += entry->len;
        ledger->made.data_bytes += entry->data_bytes;
        ledger->made.zero_bytes += entry->zero_bytes;
    }
    pthread_mutex_unlock(&ledger->lock);
}

struct progress_made ledger_made(struct ledger *ledger)
{
    struct progress_made made;

    pthread_mutex_lock(&ledger->lock);
    made = ledger->made;
    pthread_mutex_unlock(&ledger->lock);
    return made;
}
