/* Physical volumes of any bytes. */
#include "src/preflight/lvm.h"
#include "tests/fuzz/fuzz_disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lvm *lvm = malloc(sizeof(*lvm));
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    struct span span;

    if (lvm == NULL || sw_image_open(mem_in(data, size), "raw", NULL, &img, &err) < 0) {
        free(lvm);
        return 0;
    }
    span = span_disk(img);
    if (lvm_read(&span, lvm, &err) < 0) {
        if (err.text[0] == '\0')
            abort();
    } else if (strlen(lvm->group) >= LVM_NAME || lvm->nr_volumes > LVM_VOLUMES_MAX) {
        abort();
    }
    sw_image_close(img);
    free(lvm);
    return 0;
}
