/* Registry keys and values of a Windows guest, hive by hive. */
#include "src/base/endian.h"
#include "src/base/json.h"
#include "src/diff/diff_private.h"
#include "src/guest/hive.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SHOWN_BYTES = 512 };
enum { REG_SZ_TYPE = 1, REG_EXPAND_SZ_TYPE = 2, REG_DWORD_TYPE = 4, REG_MULTI_SZ_TYPE = 7 };

/* What a key's path begins with, by the hive's file. secret: what is in its values is for nobody's terminal. */
struct hive_place {
    const char *file, *root;
    bool secret;
};

static const struct hive_place places[] = {
    {"system", "HKLM\\SYSTEM", false},    {"software", "HKLM\\SOFTWARE", false}, {"sam", "HKLM\\SAM", true},
    {"security", "HKLM\\SECURITY", true}, {"default", "HKU\\.DEFAULT", false},
};

/* What is read of one hive of one side. */
struct reading {
    json_t *map;
    const char *root;
};

static int add_utf16(struct sw_buf *out, const char *bytes, size_t len, struct sw_err *err)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        uint16_t unit = le16_get((const uint8_t *)bytes + i);
        int rc = 0;

        if (unit == 0 && i + 3 >= len)
            break;
        if (unit >= 0x20 && unit < 0x7f)
            rc = sw_buf_append(out, (char[]){(char)unit}, 1, err);
        else
            rc = sw_buf_printf(out, err, "\\u%04x", unit);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int add_hex(struct sw_buf *out, const char *bytes, size_t len, struct sw_err *err)
{
    for (size_t i = 0; i < len; i++)
        if (sw_buf_printf(out, err, "%s%02x", i > 0 ? "," : "", (unsigned char)bytes[i]) < 0)
            return -1;
    return 0;
}

/* A value as reg files have it; a long one by its digest. */
static int value_text(struct sw_buf *out, uint32_t type, const char *bytes, size_t len, struct sw_err *err)
{
    char hex[SW_SHA256_HEX];

    if (len > SHOWN_BYTES) {
        if (sw_sha256_hex(bytes, len, hex, err) < 0)
            return -1;
        return sw_buf_printf(out, err, "type %u, %zu bytes, SHA-256 %s", type, len, hex);
    }
    switch (type) {
    case REG_SZ_TYPE:
    case REG_EXPAND_SZ_TYPE:
    case REG_MULTI_SZ_TYPE:
        if (sw_buf_puts(out,
                        type == REG_SZ_TYPE         ? "sz:"
                        : type == REG_MULTI_SZ_TYPE ? "multi_sz:"
                                                    : "expand_sz:",
                        err) < 0)
            return -1;
        return add_utf16(out, bytes, len, err);
    case REG_DWORD_TYPE:
        if (len == 4)
            return sw_buf_printf(out, err, "dword:%08x", le32_get((const uint8_t *)bytes));
        break;
    default:
        break;
    }
    if (sw_buf_printf(out, err, "hex(%x):", type) < 0)
        return -1;
    return add_hex(out, bytes, len, err);
}

static int visit(void *arg, const struct hive_item *item, struct sw_err *err)
{
    const struct reading *to = arg;
    const char *name = item->name != NULL && item->name[0] == '\0' ? "(default)" : item->name;
    SW_AUTO_BUF struct sw_buf text = {0};
    SW_AUTO_FREE char *full = sw_strf(err, "%s%s%s%s%s", to->root, item->key[0] != '\0' ? "\\" : "",
                                      item->key, name != NULL ? "\\\\" : "", name != NULL ? name : "");
    SW_AUTO_JSON json_t *safe = full != NULL ? diff_text(full) : NULL;

    if (safe == NULL)
        return full != NULL ? sw_fail(err, SW_FAILED, "out of memory") : -1;
    if (name == NULL)
        return sw_json_set(to->map, json_string_value(safe), json_object(), err);
    if (sw_buf_puts(&text, "", err) < 0 || value_text(&text, item->type, item->bytes, item->len, err) < 0)
        return -1;
    return sw_json_set(to->map, json_string_value(safe), json_pack("{s:o}", "value", diff_text(text.data)),
                       err);
}

/* A hive that one side does not have is empty there. */
static int read_hive(const struct diff_side *side, const char *path, struct reading *to, struct sw_err *err)
{
    const struct diff_file *file = diff_side_find(side, path);
    SW_AUTO_FREE char *inside = file != NULL ? diff_file_inside(file, err) : NULL;
    AUTO_HIVE struct hive *hive = NULL;

    if (file == NULL)
        return 0;
    if (inside == NULL || hive_open(side->guest, inside, &hive, err) < 0)
        return -1;
    return hive_each(hive, visit, to, err);
}

/* That a secret changed is told, not what it is. */
static void hide(json_t *rows, size_t from)
{
    for (size_t i = from; i < json_array_size(rows); i++) {
        json_t *value = json_object_get(json_object_get(json_array_get(rows, i), "changes"), "value");
        const char *side;
        json_t *text;

        json_object_foreach (value, side, text) {
            if (json_is_string(text))
                json_string_set(text, "(not shown)");
        }
    }
}

static int compare_hive(struct differing *to, const char *path, const char *root, bool secret,
                        struct sw_err *err)
{
    SW_AUTO_JSON json_t *a = json_object(), *b = json_object();
    struct reading from = {.map = a, .root = root}, is = {.map = b, .root = root};
    json_t *rows = json_object_get(to->out, "registry");
    struct sw_err cause = {.code = SW_OK};
    size_t before = json_array_size(rows);

    if (read_hive(&to->a, path, &from, &cause) < 0 || read_hive(&to->b, path, &is, &cause) < 0) {
        if (cause.code == SW_GUEST || cause.code == SW_REFUSED)
            return diff_not_compared(to, path, cause.text, err);
        *err = cause;
        return -1;
    }
    if (diff_maps(to, "registry", "key", (json_t *[]){a, b}, err) < 0)
        return -1;
    if (secret)
        hide(rows, before);
    return 0;
}

static int compare_if_hive(struct differing *to, const char *path, struct sw_err *err)
{
    static const char config[] = "/windows/system32/config/", profiles[] = "/users/", user[] = "/ntuser.dat";
    size_t len = strlen(path);
    SW_AUTO_FREE char *root = NULL;

    if (strncasecmp(path, config, sizeof(config) - 1) == 0)
        for (size_t i = 0; i < SW_ARRAY_LEN(places); i++)
            if (strcasecmp(path + sizeof(config) - 1, places[i].file) == 0)
                return compare_hive(to, path, places[i].root, places[i].secret, err);
    if (len <= sizeof(profiles) + sizeof(user) || strncasecmp(path, profiles, sizeof(profiles) - 1) != 0 ||
        strcasecmp(path + len - (sizeof(user) - 1), user) != 0)
        return 0;
    root = sw_strf(err, "HKU\\%.*s", (int)(len - (sizeof(profiles) - 1) - (sizeof(user) - 1)),
                   path + sizeof(profiles) - 1);
    return root != NULL ? compare_hive(to, path, root, false, err) : -1;
}

int diff_registry(struct differing *to, struct sw_err *err)
{
    const json_t *files = json_object_get(to->out, "files");

    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *row = json_array_get(files, i);
        const char *path = sw_json_text(row, "path");

        if (sw_json_text(row, "from") == NULL && path != NULL && compare_if_hive(to, path, err) < 0)
            return -1;
    }
    return 0;
}
