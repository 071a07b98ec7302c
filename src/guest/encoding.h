/* The encodings that a file's text may have. */
#ifndef SW_GUEST_ENCODING_H
#define SW_GUEST_ENCODING_H

#include "src/base/buf.h"

/*
 * Appends UTF-8 text as the encoding has it, without a byte order mark. An unknown name, and what is no UTF-8, is SW_GUEST.
 */
SW_MUST_CHECK int encoding_write(struct sw_buf *out, const struct sw_buf *text, const char *encoding,
                                 struct sw_err *err);

/* Appends as UTF-8 what the bytes say, less a byte order mark. Bytes that are no text in the encoding are SW_GUEST. */
SW_MUST_CHECK int encoding_read(struct sw_buf *out, const struct sw_buf *bytes, const char *encoding,
                                struct sw_err *err);

#endif
