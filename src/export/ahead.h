/* Numbered pieces of what is far away, in a bounded part of memory, read ahead in order by threads of their own. */
#ifndef SW_EXPORT_AHEAD_H
#define SW_EXPORT_AHEAD_H

#include "slipway/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AHEAD_CONNECTIONS_MAX = 128, AHEAD_MORE_PIECES = 4 };

struct ahead_opts {
    void *arg; /* of what follows; any thread */
    /* Brings a piece, which may be shorter than piece_bytes. */
    int (*load)(void *arg, uint64_t index, uint8_t *buf, struct sw_err *err);
    /* The piece that is read after this one; UINT64_MAX: there is none. */
    uint64_t (*next)(void *arg, uint64_t index);
    /* True when the piece is of no use but to who reads it now; NULL: always. It must not wait for anything. */
    bool (*spent)(void *arg, uint64_t index);
    void (*loaded)(void *arg); /* after a piece came; NULL: nobody asks */
    size_t piece_bytes;
    size_t nr_pieces;     /* in memory at most */
    unsigned connections; /* threads, 1 … AHEAD_CONNECTIONS_MAX */
};

struct ahead;

SW_MUST_CHECK int ahead_open(const struct ahead_opts *opts, struct ahead **out, struct sw_err *err);
/* Threads that load are waited for. NULL is allowed. */
void ahead_close(struct ahead *ahead);

/*
 * The piece's bytes, once they are there; they stay until ahead_put, which every get is followed by. The pieces after it are
 * begun, as many as there are connections. NULL and err when it did not come. Any thread.
 */
SW_MUST_CHECK const uint8_t *ahead_get(struct ahead *ahead, uint64_t index, struct sw_err *err);
/* The same without waiting; NULL: it is not there. */
const uint8_t *ahead_peek(struct ahead *ahead, uint64_t index);
void ahead_put(struct ahead *ahead, uint64_t index);

/* Copies len bytes at off of the whole, of which piece 0 is the first. */
SW_MUST_CHECK int ahead_read(struct ahead *ahead, void *buf, size_t len, uint64_t off, struct sw_err *err);

#endif
