/* How a service refused, for whoever outside the room must tell one refusal from another. */
#ifndef SW_CLOUD_REFUSAL_H
#define SW_CLOUD_REFUSAL_H

#include "slipway/iam.h"
#include "src/cloud/protocol.h"

/* As query_send, with the fault put into why. */
SW_MUST_CHECK struct xml_node *refusal_query(struct sw_cloud *cloud, enum cloud_service service,
                                             const struct sw_buf *form, struct sw_refusal *why,
                                             struct sw_err *err);
void refusal_take(struct sw_refusal *why, const struct cloud_fault *fault);

/* A text of the reply that must be there and fit; SW_REMOTE names it. */
SW_MUST_CHECK int refusal_text(const struct xml_node *node, const char *name, char *out, size_t size,
                               struct sw_err *err);

#endif
