/* What the EBS verbs share: paths, digests in headers, and what EBS's own reasons mean. */
#ifndef SW_CLOUD_EBS_CALL_H
#define SW_CLOUD_EBS_CALL_H

#include "slipway/ebs.h"
#include "src/cloud/protocol.h"

/* A block comes or is answered in tenths of a second; some never are, and only another try helps. */
enum { EBS_STALL_S = 20 };

/* base64 of a SHA-256, with the NUL. */
enum { EBS_CHECKSUM = 45 };
SW_MUST_CHECK int ebs_checksum(const uint8_t digest[SW_EBS_DIGEST], char out[EBS_CHECKSUM],
                               struct sw_err *err);
/* SW_USAGE for what is no id of a snapshot. */
SW_MUST_CHECK int ebs_check_id(const char *id, struct sw_err *err);

/* The snapshot is not there, or not pending. */
bool ebs_is_gone(const struct cloud_fault *fault);

/*
 * cloud_send, and again for reasons that pass by themselves. gone: NULL, or set where the snapshot is not there or not
 * pending, which then is no failure.
 */
SW_MUST_CHECK int ebs_send(struct sw_cloud *cloud, const struct cloud_call *call, struct sw_http_reply *reply,
                           bool *gone, struct sw_err *err);

/* A member that must be a number from least to most. */
SW_MUST_CHECK int ebs_number(const json_t *object, const char *name, uint64_t least, uint64_t most,
                             uint64_t *out, struct sw_err *err);
/* A member that may be missing (*there false) and else fits into out. */
SW_MUST_CHECK int ebs_text(const json_t *object, const char *name, char *out, size_t out_len, bool *there,
                           struct sw_err *err);
#endif
