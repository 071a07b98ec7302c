/* A growable run of bytes. */
#ifndef SW_BASE_BUF_H
#define SW_BASE_BUF_H

#include "slipway/error.h"
#include "src/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

/* Zero-initialise it. data is always followed by a NUL once anything was appended. */
struct sw_buf {
    char *data;
    size_t len;
    size_t cap;
};

SW_MUST_CHECK int sw_buf_append(struct sw_buf *buf, const void *bytes, size_t len, struct sw_err *err);
SW_MUST_CHECK int sw_buf_puts(struct sw_buf *buf, const char *text, struct sw_err *err);
SW_MUST_CHECK int sw_buf_printf(struct sw_buf *buf, struct sw_err *err, const char *fmt, ...) SW_PRINTF(3, 4);
/* The text with each such letter in it twice, as a comma is in a value that is one of several between commas (QEMU's, ours). */
SW_MUST_CHECK int sw_buf_double(struct sw_buf *buf, const char *text, char letter, struct sw_err *err);
/* Makes room for len more bytes. */
SW_MUST_CHECK int sw_buf_reserve(struct sw_buf *buf, size_t len, struct sw_err *err);
/* Hands the bytes over as a C string; the buffer is empty again. Never NULL on success. */
char *sw_buf_steal(struct sw_buf *buf);
void sw_buf_free(struct sw_buf *buf);
/* The same of bytes that were secret: they become zeros first. Reserve room for all of them, or old memory keeps some. */
void sw_buf_wipe(struct sw_buf *buf);

#define SW_AUTO_BUF SW_CLEANUP(sw_buf_free)

/* A printf into fresh memory; NULL and err on failure. Free it. */
SW_MUST_CHECK char *sw_strf(struct sw_err *err, const char *fmt, ...) SW_PRINTF(2, 3);

/* The same of the text with each such letter twice. */
SW_MUST_CHECK char *sw_doubled(const char *text, char letter, struct sw_err *err);

/* strdup and calloc that report through err. calloc checks the product. */
SW_MUST_CHECK char *sw_strdup(const char *text, struct sw_err *err);
SW_MUST_CHECK void *sw_calloc(size_t count, size_t size, struct sw_err *err);

#endif
