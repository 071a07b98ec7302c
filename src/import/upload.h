/* Sends the parts that are missing, several at once, each with its digest, and notes every one that arrived. */
#ifndef SW_IMPORT_UPLOAD_H
#define SW_IMPORT_UPLOAD_H

#include "src/import/journal.h"

struct import_upload {
    struct sw_cloud *cloud;
    struct sw_in *in;
    struct import_journal *journal;
    struct sw_s3_upload object; /* with the upload id */
    struct import_part *parts;
    size_t n;
    unsigned connections;
    struct sw_progress *progress;
    uint64_t sent_bytes; /* counted up */
};

/* parts of size_bytes in part_bytes pieces, none done; NULL and err on failure. Free it. */
SW_MUST_CHECK struct import_part *upload_plan(uint64_t size_bytes, uint64_t part_bytes, size_t *n,
                                              struct sw_err *err);
/* Marks done what the log and S3's own list agree on. */
void upload_match(struct import_part *parts, size_t n, const struct sw_s3_parts *listed);
/* Sends all that are not done. Memory: connections times part_bytes. */
SW_MUST_CHECK int upload_send(struct import_upload *upload, struct sw_err *err);
/* The digest over all parts' digests, as hex. */
SW_MUST_CHECK int upload_content(const struct import_part *parts, size_t n, char out[SW_SHA256_HEX],
                                 struct sw_err *err);

#endif
