/* The AWS shared files: any bytes as config or credentials. */
#include "src/cloud/ini.h"

#include "slipway/error.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_err err = {.code = SW_OK};
    struct ini *ini = ini_parse((const char *)data, size, "fuzzed", &err);

    if (ini == NULL && err.code == SW_OK)
        abort();
    if (ini != NULL && ini_get(ini, "default", "s3.endpoint_url") != NULL && !ini_has_section(ini, "default"))
        abort();
    ini_free(ini);
    return 0;
}
