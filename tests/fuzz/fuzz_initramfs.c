/* Initramfs files and heads of kernels of any bytes. */
#include "src/preflight/initramfs.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(struct initramfs_visitor *self, const char *name, unsigned mode, struct sw_err *err)
{
    (void)err;
    (void)mode;
    if (self->entries == 0 || self->entries > INITRAMFS_ENTRIES_MAX || strlen(name) > INITRAMFS_NAME_MAX)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct initramfs_visitor visitor = {.entry = count};
    struct sw_err err = {0};
    char version[64];

    if (initramfs_read(data, size, &visitor, &err) < 0 && (err.code == SW_OK || err.text[0] == '\0'))
        abort();
    if (kernel_version(data, size, version, sizeof(version)) &&
        (version[0] == '\0' || strlen(version) >= sizeof(version)))
        abort();
    return 0;
}
