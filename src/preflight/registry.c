/* One registry hive as collectors read it. */
#include "src/preflight/registry.h"

#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/disk/utf16.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int registry_open(struct registry *registry, const void *bytes, size_t len, const char *name,
                  struct sw_err *err)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_FREE char *set = NULL;

    *registry = (struct registry){.hive = NULL};
    if (hive_read(bytes, len, name, &registry->hive, err) < 0)
        return -1;
    set = hive_control_set(registry->hive, "CurrentControlSet", &ignored);
    snprintf(registry->set, sizeof(registry->set), "%s", set != NULL ? set : "ControlSet001");
    return 0;
}

void registry_close(struct registry *registry)
{
    if (registry->hive != NULL)
        hive_free(registry->hive);
    registry->hive = NULL;
}

/* What a reader came to: true when there is something; a fault is kept. */
static bool settle(struct registry *registry, int rc, const struct sw_err *err)
{
    if (rc < 0 && registry->fault.code == SW_OK)
        registry->fault = *err;
    return rc > 0;
}

enum { KEY_MAX = 2048 };

#define FORMAT_KEY(key, buf)                     \
    do {                                         \
        va_list args_;                           \
                                                 \
        va_start(args_, key);                    \
        vsnprintf(buf, sizeof(buf), key, args_); \
        va_end(args_);                           \
    } while (0)

bool registry_has(struct registry *registry, const char *key, ...)
{
    struct sw_err err = {.code = SW_OK};
    char path[KEY_MAX];

    FORMAT_KEY(key, path);
    return settle(registry, hive_has(registry->hive, path, &err), &err);
}

bool registry_number(struct registry *registry, uint32_t *out, const char *value, const char *key, ...)
{
    struct sw_err err = {.code = SW_OK};
    char path[KEY_MAX];

    FORMAT_KEY(key, path);
    return settle(registry, hive_number(registry->hive, path, value, out, &err), &err);
}

bool registry_bytes(struct registry *registry, char **out, size_t *len, const char *value, const char *key,
                    ...)
{
    struct sw_err err = {.code = SW_OK};
    char path[KEY_MAX];

    FORMAT_KEY(key, path);
    return settle(registry, hive_bytes(registry->hive, path, value, out, len, &err), &err);
}

char *registry_utf16(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    char *text = malloc(len / 2 * 3 + 1), *end = text;

    if (text == NULL)
        return NULL;
    for (size_t i = 0; i + 2 <= len && le16_get(at + i) != 0; i += 2)
        end = utf16_put(end, le16_get(at + i));
    *end = '\0';
    return text;
}

char *registry_text(struct registry *registry, const char *value, const char *key, ...)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *bytes = NULL;
    char path[KEY_MAX], *text;
    size_t len = 0;

    FORMAT_KEY(key, path);
    if (!settle(registry, hive_bytes(registry->hive, path, value, &bytes, &len, &err), &err))
        return NULL;
    text = registry_utf16(bytes, len);
    if (text != NULL && text[0] == '\0') {
        free(text);
        return NULL;
    }
    return text;
}

struct hive_names registry_keys(struct registry *registry, const char *key, ...)
{
    struct sw_err err = {.code = SW_OK};
    struct hive_names names = {.names = NULL};
    char path[KEY_MAX];

    FORMAT_KEY(key, path);
    settle(registry, hive_keys(registry->hive, path, &names, &err), &err);
    return names;
}
