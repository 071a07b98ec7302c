/* What the files of the S3 verbs share. */
#ifndef SW_CLOUD_S3_H
#define SW_CLOUD_S3_H

#include "src/cloud/call.h"
#include "src/cloud/xml.h"

/* The reply's document (xml_free it), whose root has that name; NULL and SW_REMOTE for any other. */
SW_MUST_CHECK struct xml_node *s3_document(const struct sw_http_reply *reply, const char *root,
                                           struct sw_err *err);

/* A decimal header; false when there is none, or no number. */
bool s3_header_number(const struct sw_http_reply *reply, const char *name, uint64_t *out);

/*
 * cloud_send of a HEAD, which never says why it fails: a byte of the object is asked for then, and does; keys that have ended are
 * exchanged on the way.
 */
SW_MUST_CHECK int s3_head(struct sw_cloud *cloud, const struct cloud_call *call, struct sw_http_reply *reply,
                          struct cloud_fault *fault, struct sw_err *err);

/* An ETag as a reply has it, without the quotes around it; SW_REMOTE for what is none. */
SW_MUST_CHECK int s3_read_etag(const char *text, char out[SW_S3_ETAG], struct sw_err *err);

#endif
