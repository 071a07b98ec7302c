/* Paths of a Windows drive, names against patterns, and what SetRegistry is given: lines of one text. */
#include "src/guest/windows.h"
#include "src/recipe/registry.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {"BINARY", "DWORD", "QWORD", "SZ", "EXPAND_SZ", "MULTI_SZ"};

static void try_path(const char *text, const char *base)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *path = windows_path(text, base, &err);
    SW_AUTO_FREE char *again = path != NULL ? windows_path(path, "C:/", &err) : NULL;

    /* A path is absolute, holds no step up, and is itself when it is read again. */
    if (path != NULL && (strncmp(path, "C:/", 3) != 0 || strstr(path, "/../") != NULL || again == NULL ||
                         strcmp(path, again) != 0))
        abort();
}

static void try_value(const char *one, const char *two)
{
    char *const texts[] = {(char *)(uintptr_t)one, (char *)(uintptr_t)two, NULL};
    enum sw_registry_root root;
    const char *key;

    if (sw_registry_path(one, &root, &key) == NULL && (key <= one || key > one + strlen(one)))
        abort();
    for (size_t i = 0; i < 2 * SW_ARRAY_LEN(types); i++) {
        struct sw_registry_value value = {.type = 0};
        struct sw_err err = {.code = SW_OK};
        int rc = sw_registry_encode(types[i / 2], texts, i % 2 != 0, &value, &err);

        if (rc == 0 && value.data.len > SW_REGISTRY_VALUE_MAX_BYTES)
            abort();
        sw_buf_free(&value.data);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SW_AUTO_FREE char *text = size <= 8192 ? strndup((const char *)data, size) : NULL;
    char *second;

    if (text == NULL)
        return 0;
    second = text + strcspn(text, "\n");
    if (*second != '\0')
        *second++ = '\0';
    try_path(text, "C:/");
    try_path(second, text);
    if (windows_name_matches(text, second) && strchr(second, '*') == NULL && strchr(second, '?') == NULL &&
        !windows_name_matches(second, text) && strpbrk(text, "*?") == NULL)
        abort();
    try_value(text, second);
    return 0;
}
