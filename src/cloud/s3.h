/* What the files of the S3 verbs share. */
#ifndef SW_CLOUD_S3_H
#define SW_CLOUD_S3_H

#include "src/cloud/call.h"
#include "src/cloud/xml.h"

/* The reply's document (xml_free it), whose root has that name; NULL and SW_REMOTE for any other. */
SW_MUST_CHECK struct xml_node *s3_document(const struct sw_http_reply *reply, const char *root,
                                           struct sw_err *err);

/* An ETag as a reply has it, without the quotes around it; SW_REMOTE for what is none. */
SW_MUST_CHECK int s3_read_etag(const char *text, char out[SW_S3_ETAG], struct sw_err *err);

#endif
