/* The text of a VMDK descriptor. */
#include "formats/vmdk/vmdk.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VMDK_AUTO_DESCRIPTOR struct vmdk_descriptor descriptor = {.nr_lines = 0};
    struct sw_err err = {0};

    (void)vmdk_is_descriptor(data, size);
    if (vmdk_parse_descriptor((const char *)data, size, "fuzz", &descriptor, &err) < 0) {
        if (err.text[0] == '\0')
            abort();
        return 0;
    }
    if (memchr(descriptor.create_type, '\0', sizeof(descriptor.create_type)) == NULL ||
        memchr(descriptor.parent_hint, '\0', sizeof(descriptor.parent_hint)) == NULL)
        abort();
    for (size_t i = 0; i < descriptor.nr_lines; i++) {
        const struct vmdk_line *line = &descriptor.lines[i];

        if (line->sectors == 0 || line->number == 0 || strlen(line->type) > size ||
            (line->name != NULL && strlen(line->name) > size) || (line->has_offset && line->name == NULL))
            abort();
    }
    return 0;
}
