/* An output whose bytes become the parts of an object as they come: nothing of it is ever a file. */
#ifndef SW_IMPORT_STREAM_H
#define SW_IMPORT_STREAM_H

#include "slipway/cloud.h"
#include "slipway/io.h"
#include "slipway/progress.h"
#include "src/import/part_plan.h"

/* Takes whole parts; embed as the first member. Several at once, each from a thread of its own. */
struct part_sender {
    int (*send)(struct part_sender *self, unsigned number, const void *bytes, size_t len, struct sw_err *err);
};

struct stream_opts {
    const char *name; /* for messages; lives as long as the stream */
    struct part_plan plan;
    unsigned connections;  /* parts under way at once; fewer where they would take more than memory_bytes */
    uint64_t memory_bytes; /* for parts; one is kept in any case, and the front besides */
    struct part_sender *sender;
    /*
     * For formats whose tables stand at the front: the first part is kept to the end, so that pwrite may go there; elsewhere
     * it goes forward only. Without it the output is a stream.
     */
    bool keep_front;
    struct sw_progress *progress; /* hears of what was sent; may be NULL */
};

/*
 * Writing waits while all parts' buffers are full. It fails once a part did, with the error of the lowest of them; so does
 * commit, which waits for every part. Closed without a commit, what was not sent yet is dropped.
 */
SW_MUST_CHECK int stream_open(const struct stream_opts *opts, struct sw_out **out, struct sw_err *err);
/* For whoever makes the bytes to say how far it is: a part that was sent stands for what was said while it was filled. */
struct sw_progress *stream_progress(struct sw_out *out);
/* After commit: how many parts there are. */
unsigned stream_parts(const struct sw_out *out);

#endif
