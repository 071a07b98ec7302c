/* How the services without objects speak: forms with XML back (EC2, IAM, STS), and JSON over REST (EBS). */
#ifndef SW_CLOUD_PROTOCOL_H
#define SW_CLOUD_PROTOCOL_H

#include "src/base/json.h"
#include "src/cloud/call.h"
#include "src/cloud/xml.h"

/*
 * The Query protocol. A form begins with the action and the service's version; members are added by uri_add, or by query_add
 * where the name is made of numbers ("TagSpecification.%u.Tag.%u.Key"). A NULL value adds nothing.
 */
SW_MUST_CHECK int query_begin(struct sw_buf *form, enum cloud_service service, const char *action,
                              struct sw_err *err);
SW_MUST_CHECK int query_add(struct sw_buf *form, const char *value, struct sw_err *err, const char *name_fmt,
                            ...) SW_PRINTF(4, 5);
/* POSTs the form; NULL on failure, as cloud_send. Free it with xml_free. */
SW_MUST_CHECK struct xml_node *query_send(struct sw_cloud *cloud, enum cloud_service service,
                                          const struct sw_buf *form, struct cloud_fault *fault,
                                          struct sw_err *err);
/* The node whose children are the reply's members: the root for EC2, its ActionResult for IAM and STS. */
const struct xml_node *query_result(const struct xml_node *root);

/*
 * REST with JSON: the call says method, path, query and headers. body (NULL: what the call has) goes as application/json. The
 * reply is an object, an empty one when there is no body; NULL on failure, as cloud_send. Of a call whose body is bytes:
 * cloud_send alone, with payload_hash SIGV4_UNSIGNED where the service wants it so.
 */
SW_MUST_CHECK json_t *rest_json_send(struct sw_cloud *cloud, const struct cloud_call *call,
                                     const json_t *body, struct cloud_fault *fault, struct sw_err *err);

#endif
