/* What the two files of a look share. */
#ifndef SW_GUEST_LOOK_H
#define SW_GUEST_LOOK_H

#include "slipway/guest.h"

/* Reads bytes that are mapped, and takes them over when it succeeds. */
SW_MUST_CHECK int look_read_mapped(void *bytes, size_t len, struct sw_look **out, struct sw_err *err);

#endif
