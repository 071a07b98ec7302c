/* Whether the bytes of two files are the same: proved by where they lie, or by reading them. */
#ifndef SW_DIFF_SAME_H
#define SW_DIFF_SAME_H

#include "src/base/digest.h"
#include "src/diff/diff_private.h"

/*
 * True when it is certain without reading: both are empty, or lie in the same places of the disk, and no sector of these
 * differs. Files of different sizes are never the same.
 */
bool same_is_proved(const struct differing *both, const struct diff_file *a, const struct diff_file *b);

/* The SHA-256 of a file's bytes. One that has holes and is larger than its disk is SW_REFUSED. */
SW_MUST_CHECK int same_digest(const struct diff_side *side, const struct diff_file *file,
                              uint8_t out[SW_SHA256_BYTES], struct sw_err *err);

#endif
