/* Secrets, and what hides them in text on its way to people and files. */
#ifndef SW_BASE_MASK_H
#define SW_BASE_MASK_H

#include "slipway/error.h"
#include "src/base/buf.h"
#include "src/base/cleanup.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SW_MASK_MIN_BYTES = 4,        /* a shorter secret is everywhere: it is not hidden */
    SW_MASK_PREFIX_BYTES = 16,    /* as much of a longer secret's beginning is hidden as the whole */
    SW_MASK_MAX_BYTES = 64 << 10, /* the longest secret */
};

/* What stands in the place of a secret. */
#define SW_MASK_TEXT "***"

/*
 * A set of secrets. Each is found as it is, line by line, and in the spellings that programs give it: base64 (also as a
 * part of a longer one, and with the URL's alphabet), percent-encoded, escaped for JSON, quoted for a shell. The end of a
 * line within one does not keep it from being found. NULL and err on failure.
 */
struct sw_mask;
SW_MUST_CHECK struct sw_mask *sw_mask_new(struct sw_err *err);
void sw_mask_free(struct sw_mask *mask);
SW_DEFINE_AUTO(sw_mask, struct sw_mask, sw_mask_free)
#define SW_AUTO_MASK SW_CLEANUP(sw_mask_auto)

/* Shorter than SW_MASK_MIN_BYTES: nothing is done. Not while a stream of this mask holds anything. */
SW_MUST_CHECK int sw_mask_add(struct sw_mask *mask, const char *secret, struct sw_err *err);
/* NULL is empty too. */
bool sw_mask_is_empty(const struct sw_mask *mask);

/*
 * Text in pieces: what may still become a secret is held back until more comes or the stream ends. Zero-initialise it
 * with its mask, which may be NULL; sw_mask_stream_free.
 */
struct sw_mask_stream {
    const struct sw_mask *mask;
    uint32_t node;
    unsigned breaks;   /* ends of lines since the last byte of a match that has begun */
    bool hidden;       /* the byte that was given out last was one of a secret */
    uint64_t base;     /* the place in the stream of held's first byte */
    uint64_t nr_bytes; /* that were no ends of lines */
    uint64_t *places;  /* of the last nr_places of those, in the stream */
    uint32_t nr_places;
    struct sw_buf held; /* not given out yet */
    struct sw_buf runs; /* of struct mask_run */
};
/* Appends to out what is certain. */
SW_MUST_CHECK int sw_mask_feed(struct sw_mask_stream *stream, const void *bytes, size_t len,
                               struct sw_buf *out, struct sw_err *err);
/* Appends the rest. cut: the text goes on where nobody sees it, and what may have become a secret is hidden. */
SW_MUST_CHECK int sw_mask_end(struct sw_mask_stream *stream, bool cut, struct sw_buf *out,
                              struct sw_err *err);
void sw_mask_stream_free(struct sw_mask_stream *stream);
#define SW_AUTO_MASK_STREAM SW_CLEANUP(sw_mask_stream_free)

/* A whole text at once, appended to out. */
SW_MUST_CHECK int sw_mask_text(const struct sw_mask *mask, const char *text, size_t len, struct sw_buf *out,
                               struct sw_err *err);
/* The error's own text, in place. */
void sw_mask_err(const struct sw_mask *mask, struct sw_err *err);
/*
 * A copy with every string masked, keys too; takes the reference. cut: as for sw_mask_end. NULL and err on failure, also
 * for NULL.
 */
SW_MUST_CHECK json_t *sw_mask_json(const struct sw_mask *mask, json_t *value, bool cut, struct sw_err *err);

/* A URL for messages: without a password before the host, without a query, which may hold a signature, cut to fit. Free it. */
SW_MUST_CHECK char *sw_url_shown(const char *url, struct sw_err *err);

#endif
