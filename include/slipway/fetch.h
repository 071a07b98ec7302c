/* An S3 object as an input: downloaded beside a file in parallel ranges, or read in place, with nothing on the disk. */
#ifndef SLIPWAY_FETCH_H
#define SLIPWAY_FETCH_H

#include "slipway/io.h"
#include "slipway/object.h"
#include "slipway/progress.h"

enum { SW_FETCH_CONNECTIONS = 4, SW_FETCH_MAX_CONNECTIONS = 16 };

struct sw_fetch_opts {
    struct sw_cloud *cloud;
    struct sw_s3_name object;
    uint64_t range_bytes;         /* of one request; 0: by the object's size, 8 MiB or more */
    unsigned connections;         /* 0: SW_FETCH_CONNECTIONS; each holds two ranges in memory */
    struct sw_progress *progress; /* of a download; NULL: nobody listens */
};

struct sw_fetch_stats {
    uint64_t object_bytes;
    uint64_t fetched_bytes; /* by this run, over the line */
    uint64_t kept_bytes;    /* there already, from a run that was interrupted */
    bool checked;           /* the whole was held against a digest that S3 keeps */
};

struct sw_fetch;

/*
 * The object's bytes in ".<name>.object.partial" beside the file `beside`, which is for this user alone. Ranges that an
 * earlier run noted in ".<name>.object.journal" and whose bytes are still right are not fetched again; another object
 * (by its ETag) starts over. Fails with SW_INTEGRITY when the whole does not give S3's own digest, before anybody
 * reads it. SW_FAILED when there is no such object, or the disk has no room for it.
 */
SW_MUST_CHECK int sw_fetch_to_disk(const struct sw_fetch_opts *opts, const char *beside,
                                   struct sw_fetch **out, struct sw_err *err);

/* The object read in place, in memory of 2 × connections + 4 ranges, or of as many as fit into 160 MiB (4 in any case). */
SW_MUST_CHECK int sw_fetch_in_place(const struct sw_fetch_opts *opts, struct sw_fetch **out,
                                    struct sw_err *err);

/* The bytes; they must be closed before the fetch is. */
SW_MUST_CHECK int sw_fetch_in(struct sw_fetch *fetch, struct sw_in **out, struct sw_err *err);

/*
 * From now on it is read more or less from front to back, by readers that are at most span_bytes apart: of an object in
 * place, ranges are read ahead, and as much more is held in memory (32 ranges at most).
 */
SW_MUST_CHECK int sw_fetch_read_ahead(struct sw_fetch *fetch, uint64_t span_bytes, struct sw_err *err);

/*
 * Once all has been read and before the result counts: SW_INTEGRITY when the object does not give S3's own digest. Of an
 * object in place it reads what nobody has read.
 */
SW_MUST_CHECK int sw_fetch_check(struct sw_fetch *fetch, struct sw_err *err);

void sw_fetch_stats(const struct sw_fetch *fetch, struct sw_fetch_stats *out);
/* Tells close to leave what was downloaded for another run. */
void sw_fetch_keep(struct sw_fetch *fetch);
/* NULL is allowed. Removes what was downloaded; a kill leaves it. */
void sw_fetch_close(struct sw_fetch *fetch);

#endif
