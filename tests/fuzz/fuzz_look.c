/* What an appliance wrote, of any bytes: read, and every name and byte of it touched. */
#include "slipway/guest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_look *look = NULL;
    struct sw_err err = {0};
    size_t sum = 0;

    if (sw_look_read(data, size, &look, &err) < 0) {
        if (err.text[0] == '\0')
            abort();
        return 0;
    }
    for (size_t i = 0; i < look->n; i++) {
        sum += strlen(look->entries[i].path) + strlen(look->entries[i].link);
        for (size_t k = 0; k < look->entries[i].len; k++)
            sum += look->entries[i].data[k];
    }
    if (sum > 300 * size)
        abort();
    sw_look_free(look);
    return 0;
}
