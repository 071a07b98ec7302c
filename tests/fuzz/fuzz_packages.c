/* Package databases of any bytes. */
#include "slipway/packages.h"

#include <stdlib.h>
#include <string.h>

/* Every byte of a text is read. */
static int take(void *arg, const struct sw_installed *package, struct sw_err *err)
{
    const struct sw_package_text *texts[] = {&package->name, &package->version, &package->architecture,
                                             &package->status};
    unsigned *sum = arg;

    (void)err;
    if (package->name.len == 0)
        abort();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i]->len > 2 * SW_PACKAGE_TEXT_MAX + 16 || (texts[i]->len > 0 && texts[i]->at == NULL))
            abort();
        for (size_t k = 0; k < texts[i]->len; k++)
            *sum += (unsigned char)texts[i]->at[k];
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned sum = 0;

    for (size_t i = 0; i < sw_nr_package_databases; i++) {
        struct sw_err err = {.code = SW_OK};

        if (i > 0 && strcmp(sw_package_databases[i].manager, sw_package_databases[i - 1].manager) == 0)
            continue;
        if (sw_packages_read(&sw_package_databases[i], data, size, take, &sum, &err) < 0 &&
            err.code != SW_INTEGRITY && err.code != SW_REFUSED)
            abort();
    }
    return 0;
}
