/* An initramfs: cpio archives one after the other, the last of them compressed. */
#ifndef SW_PREFLIGHT_INITRAMFS_H
#define SW_PREFLIGHT_INITRAMFS_H

#include "slipway/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    INITRAMFS_ENTRIES_MAX = 200000,
    INITRAMFS_NAME_MAX = 4096,
    INITRAMFS_FILE_MAX = 64 << 10, /* bytes of a configuration that are shown */
};
#define INITRAMFS_BYTES_MAX (UINT64_C(1) << 30) /* unpacked */

/* What is in it, as it comes. Names are untrusted; data is NULL but of small files. */
struct initramfs_visitor {
    int (*entry)(struct initramfs_visitor *self, const char *name, unsigned mode, struct sw_err *err);
    uint64_t entries;       /* filled in, with what is below */
    const char *compressed; /* the name of the last compression; NULL: none */
    bool early;             /* an archive that is not compressed comes before it */
};

/* SW_INTEGRITY when it cannot be read to its end: err says why. */
SW_MUST_CHECK int initramfs_read(const uint8_t *bytes, size_t len, struct initramfs_visitor *visitor,
                                 struct sw_err *err);

/*
 * A kernel of the x86 boot protocol: the first word of its version, in buf. False: its head has none. len: of the bytes that
 * are there.
 */
bool kernel_version(const uint8_t *bytes, size_t len, char *buf, size_t buf_len);

#endif
