/* Sends the parts of one object that are missing, several at once, each with its digest, and notes every one that arrived. */
#ifndef SW_IMPORT_UPLOAD_H
#define SW_IMPORT_UPLOAD_H

#include "src/import/journal.h"

enum { UPLOAD_MEMORY_BYTES = 160 << 20 };

struct import_upload {
    struct sw_cloud *cloud;
    const struct sw_import_disk *disk;
    struct import_journal *journal;
    size_t object;                    /* of the journal */
    struct sw_s3_upload place;        /* with the upload id */
    const struct sw_s3_parts *listed; /* what S3 has of it */
    bool recheck; /* the file may be another one: what is done is read and held against the log first */
    unsigned connections;
    unsigned jobs; /* that encode; 0: one for each processor */
    struct sw_progress *progress;
    struct import_parts parts; /* filled in: all of them, done; free the items, also after a failure */
    uint64_t object_bytes;     /* filled in */
    uint64_t sent_bytes;       /* counted up */
};

/* Sends all that the log and S3's list do not agree on. Memory: UPLOAD_MEMORY_BYTES, or one part. */
SW_MUST_CHECK int upload_send(struct import_upload *upload, struct sw_err *err);

/* parts of size_bytes in part_bytes pieces, none done; err when they are none or too many. Free the items. */
SW_MUST_CHECK int upload_plan(uint64_t size_bytes, uint64_t part_bytes, struct import_parts *out,
                              struct sw_err *err);
/* Takes what the log says of parts of these sizes, and marks done what S3's own list agrees on. */
void upload_match(struct import_parts *parts, const struct import_parts *log,
                  const struct sw_s3_parts *listed);
/* The digest over all parts' digests, as hex. */
SW_MUST_CHECK int upload_content(const struct import_parts *parts, char out[SW_SHA256_HEX],
                                 struct sw_err *err);

#endif
