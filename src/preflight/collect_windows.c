/* What a Windows' registry says: its hives in turn. */
#include "src/preflight/collect_windows.h"

#include "src/base/cleanup.h"
#include "src/base/json.h"

#include <string.h>

int windows_note(json_t *windows, const char *list, const char *text, struct sw_err *err)
{
    json_t *own = json_object_get(windows, list), *item;
    size_t i;

    json_array_foreach (own, i, item) {
        if (json_string_value(item) != NULL && strcmp(json_string_value(item), text) == 0)
            return 0;
    }
    if (own != NULL)
        return sw_json_append(own, sw_json_bytes(text, strlen(text)), err);
    return sw_json_set(windows, list, json_pack("[o]", sw_json_bytes(text, strlen(text))), err);
}

typedef int take_fn(struct registry *registry, json_t *windows, json_t *guest, struct sw_err *err);

/* A hive that is damaged is a fault of the guest, and says nothing else. */
static int take_hive(struct windows_hive file, const char *name, take_fn *take, json_t *guest,
                     struct sw_err *err)
{
    SW_CLEANUP(registry_close) struct registry registry = {.hive = NULL};
    json_t *windows = json_object_get(guest, "windows");
    struct sw_err cause = {.code = SW_OK};

    if (registry_open(&registry, file.bytes, file.len, name, &cause) < 0)
        return windows_note(windows, "faults", cause.text, err);
    if (hive_is_unfinished(registry.hive) && sw_json_set(windows, "hibernated", json_true(), err) < 0)
        return -1;
    if (take(&registry, windows, guest, err) < 0)
        return -1;
    return registry.fault.code != SW_OK ? windows_note(windows, "faults", registry.fault.text, err) : 0;
}

int collect_windows(const struct windows_hives *hives, json_t *guest, struct sw_err *err)
{
    const struct {
        struct windows_hive file;
        const char *name;
        take_fn *take;
        bool must;
    } all[] = {{hives->system, "SYSTEM", windows_system, true},
               {hives->software, "SOFTWARE", windows_software, true},
               {hives->sam, "SAM", windows_accounts, true},
               {hives->bcd, "BCD", windows_boot, false}};
    json_t *windows = json_object_get(guest, "windows");

    if (windows == NULL && sw_json_set(guest, "windows", json_object(), err) < 0)
        return -1;
    windows = json_object_get(guest, "windows");
    for (size_t i = 0; i < SW_ARRAY_LEN(all); i++) {
        char text[64];

        snprintf(text, sizeof(text), "there is no hive '%s'", all[i].name);
        if (all[i].file.bytes == NULL && all[i].must && windows_note(windows, "faults", text, err) < 0)
            return -1;
        if (all[i].file.bytes != NULL && take_hive(all[i].file, all[i].name, all[i].take, guest, err) < 0)
            return -1;
    }
    return 0;
}
