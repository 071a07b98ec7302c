/* Registry hives of any bytes, as each of the hives that preflight reads. */
#include "slipway/error.h"
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/collect_windows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct windows_hive file = {data, size};
    SW_AUTO_JSON json_t *guest = json_object();
    struct sw_err err = {.code = SW_OK};
    const json_t *windows;

    if (collect_windows(&(struct windows_hives){file, file, file, file}, guest, &err) < 0)
        abort();
    windows = json_object_get(guest, "windows");
    if (json_object_get(windows, "rdp_denied") == NULL && json_object_get(windows, "faults") == NULL)
        abort();
    return 0;
}
