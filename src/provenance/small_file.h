/* Small files that others wrote: read whole, within bounds. */
#ifndef SW_PROVENANCE_SMALL_FILE_H
#define SW_PROVENANCE_SMALL_FILE_H

#include "src/base/buf.h"

/* A regular file of at most max_bytes; anything else is SW_INTEGRITY, err->sys being that of a failed open. */
SW_MUST_CHECK int small_file_read(const char *path, size_t max_bytes, struct sw_buf *out, struct sw_err *err);

#endif
