/* EC2's Query protocol: a form out, a small tree back. */
#ifndef SW_CLOUD_EC2_H
#define SW_CLOUD_EC2_H

#include "src/cloud/call.h"
#include "src/cloud/xml.h"

/* Begins a form with its action and version; uri_add puts the members behind it. */
SW_MUST_CHECK int ec2_begin(struct sw_buf *form, const char *action, struct sw_err *err);

/* Posts the form and parses the reply (xml_free it); NULL on failure, then fault (may be NULL) is what EC2 said. */
SW_MUST_CHECK struct xml_node *ec2_send(struct sw_cloud *cloud, const struct sw_buf *form,
                                        struct cloud_fault *fault, struct sw_err *err);

/* "Prefix.N.Tag.M.Key" and its kin of one TagSpecification (from 1) for a type such as "import-image-task"; none for n 0. */
SW_MUST_CHECK int ec2_add_tags(struct sw_buf *form, unsigned specification, const char *type,
                               const struct sw_ec2_tag *tags, size_t n, struct sw_err *err);

#endif
