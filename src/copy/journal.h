/* The journal of a copy: where it can be gone on with, and with what. */
#ifndef SW_COPY_JOURNAL_H
#define SW_COPY_JOURNAL_H

#include "slipway/copy.h"
#include "src/base/cleanup.h"
#include "src/base/digest.h"
#include "src/copy/ledger.h"

#include <jansson.h>

enum { JOURNAL_VERSION = 1, JOURNAL_STATE_MAX = 64 << 20, JOURNAL_HEAD_MAX = 64 << 10 };

/*
 * A file of three parts: the SHA-256 of the rest in hex and a newline; one line of JSON; the writer's state. It is
 * replaced as a whole.
 */
struct journal {
    json_t *source; /* journal_source */
    json_t *target; /* journal_target */
    struct progress_made made;
    uint64_t stored_bytes;         /* of the output that count */
    uint8_t tail[SW_SHA256_BYTES]; /* digest of their last ones, journal_tail */
    const void *state;             /* of the writer, not owned */
    size_t state_len;
    char *bytes; /* what was read, where it was */
};

/* One file of an image, with what changes when it does. NULL when it is no regular file. */
SW_MUST_CHECK json_t *journal_file(const struct sw_image *img, const struct sw_in *in, struct sw_err *err);
/* What the copy reads: every file of the chain with what changes when it does. NULL when one is no regular file. */
SW_MUST_CHECK json_t *journal_source(const struct sw_image *src, struct sw_err *err);
/* What it writes, and who. */
SW_MUST_CHECK json_t *journal_target(const struct sw_copy *copy, const struct sw_create_opts *create,
                                     struct sw_err *err);
/* The digest of the last bytes of the first stored_bytes of the output. */
SW_MUST_CHECK int journal_tail(const struct sw_out *out, uint64_t stored_bytes,
                               uint8_t digest[SW_SHA256_BYTES], struct sw_err *err);

SW_MUST_CHECK int journal_write(const char *path, const struct journal *journal, struct sw_err *err);
/*
 * Into an empty journal, which is to be freed after a failure too; its state points into bytes. Whatever is damaged is
 * SW_INTEGRITY.
 */
SW_MUST_CHECK int journal_parse(const char *bytes, size_t len, struct journal *journal, struct sw_err *err);
/* 1: read; 0: there is none. Only a regular file that this user wrote is read. */
SW_MUST_CHECK int journal_read(const char *path, struct journal *journal, struct sw_err *err);
void journal_free(struct journal *journal);
#define AUTO_JOURNAL SW_CLEANUP(journal_free)

#endif
