/* base64 with padding and without line ends (RFC 4648 §4). */
#ifndef SW_BASE_BASE64_H
#define SW_BASE_BASE64_H

#include "src/base/buf.h"

/* The 64 digits in their order, and a NUL. */
extern const char sw_base64_digits[65];

/* Appends the text of len bytes; room for all of it is made first, so that no piece stays behind in old memory. */
SW_MUST_CHECK int sw_base64_put(struct sw_buf *out, const void *bytes, size_t len, struct sw_err *err);

/*
 * The bytes behind a text: at most cap of them into out, *len gets how many. -1 when it is longer, when a character is no
 * digit, and when padding or the bits before it are not as they must be; out then holds nothing.
 */
SW_MUST_CHECK int sw_base64_get(const char *text, size_t text_len, uint8_t *out, size_t cap, size_t *len);

#endif
