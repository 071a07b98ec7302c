/* Partitions of any bytes: what they hold is told, and their labels end. */
#include "src/preflight/content.h"
#include "tests/fuzz/fuzz_disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    struct content content;
    struct span span;

    if (sw_image_open(mem_in(data, size), "raw", NULL, &img, &err) < 0)
        return 0;
    span = span_disk(img);
    if (content_read(&span, &content, &err) < 0)
        abort();
    if (content.kind == NULL || strlen(content.label) >= sizeof(content.label) ||
        strlen(content.uuid) >= sizeof(content.uuid))
        abort();
    sw_image_close(img);
    return 0;
}
