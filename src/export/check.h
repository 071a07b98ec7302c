/* An object's bytes, in order, against the digests that S3 keeps of them. */
#ifndef SW_EXPORT_CHECK_H
#define SW_EXPORT_CHECK_H

#include "slipway/object.h"

struct object_check;

/* *out is NULL when S3 keeps no digest that can be recomputed. facts must outlive it. */
SW_MUST_CHECK int object_check_new(const struct sw_s3_facts *facts, struct object_check **out,
                                   struct sw_err *err);
/* The next bytes. */
SW_MUST_CHECK int object_check_feed(struct object_check *check, const uint8_t *bytes, size_t len,
                                    struct sw_err *err);
/* After the last: SW_INTEGRITY names the digest that is another one. */
SW_MUST_CHECK int object_check_end(struct object_check *check, struct sw_err *err);
void object_check_free(struct object_check *check);

#endif
