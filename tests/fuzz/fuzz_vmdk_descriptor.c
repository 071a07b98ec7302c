/* The text of a VMDK descriptor. */
#include "formats/vmdk/vmdk.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vmdk_descriptor descriptor;
    struct sw_err err = {0};

    (void)vmdk_is_descriptor(data, size);
    if (vmdk_parse_descriptor((const char *)data, size, "fuzz", &descriptor, &err) < 0) {
        if (err.text[0] == '\0')
            abort();
        return 0;
    }
    if (memchr(descriptor.create_type, '\0', sizeof(descriptor.create_type)) == NULL ||
        memchr(descriptor.parent_hint, '\0', sizeof(descriptor.parent_hint)) == NULL ||
        (descriptor.nr_extents > 0 && descriptor.extent_sectors == 0))
        abort();
    return 0;
}
