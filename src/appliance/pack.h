/* Compressed files, and the archive that the kernel takes for its first file system. */
#ifndef SW_APPLIANCE_PACK_H
#define SW_APPLIANCE_PACK_H

#include "src/base/buf.h"

#include <stdbool.h>

/*
 * The bytes in whatever compression they are (gzip, xz, zstd, lz4, lzma, bzip2, lzop, or none), appended to out; more than
 * max_bytes is an error. What stands behind the end of the stream does not count.
 */
SW_MUST_CHECK int unpack(const void *bytes, size_t len, size_t max_bytes, struct sw_buf *out,
                         struct sw_err *err);

/* Files of an initrd (cpio newc), in order. Zero-initialise it; close it in any case. */
struct initrd {
    void *archive;
    int fd;
};

SW_MUST_CHECK int initrd_open(struct initrd *initrd, const char *path, struct sw_err *err);
SW_MUST_CHECK int initrd_add(struct initrd *initrd, const char *name, unsigned mode, const void *bytes,
                             size_t len, struct sw_err *err);
/* Ends and flushes it. */
SW_MUST_CHECK int initrd_finish(struct initrd *initrd, struct sw_err *err);
void initrd_close(struct initrd *initrd);

#endif
