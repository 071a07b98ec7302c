/* What SetRegistry says: keys by their roots, values as the registry keeps them. */
#include "src/recipe/registry.h"

#include "src/recipe/doc.h"

#include <iconv.h>
#include <string.h>
#include <strings.h>

/* ---- Keys -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *brief, *name;
} roots[] = {
    [SW_HKLM] = {"HKLM", "HKEY_LOCAL_MACHINE"}, [SW_HKU] = {"HKU", "HKEY_USERS"},
    [SW_HKCR] = {"HKCR", "HKEY_CLASSES_ROOT"},  [SW_HKCC] = {"HKCC", "HKEY_CURRENT_CONFIG"},
    [SW_HKCU] = {"HKCU", "HKEY_CURRENT_USER"},
};

static const char *key_problem(const char *key)
{
    size_t depth = 0;

    while (*key != '\0') {
        size_t len = strcspn(key, "\\");

        if (len == 0)
            return "has two backslashes in a row, or one at its end";
        if (sw_utf8_chars(key, len) > SW_REGISTRY_NAME_MAX)
            return "has a name of more than 255 characters";
        if (++depth > SW_REGISTRY_DEPTH_MAX)
            return "is more than 128 keys deep";
        key += len;
        if (key[0] == '\\' && key[1] == '\0')
            return "has two backslashes in a row, or one at its end";
        key += *key == '\\';
    }
    return depth > 0 ? NULL : "names a root only, and no key below it";
}

const char *sw_registry_path(const char *path, enum sw_registry_root *root, const char **key)
{
    size_t len = strcspn(path, "\\:");

    for (size_t i = 0; i < SW_ARRAY_LEN(roots); i++) {
        bool brief = strlen(roots[i].brief) == len && strncasecmp(path, roots[i].brief, len) == 0;
        bool full = strlen(roots[i].name) == len && strncasecmp(path, roots[i].name, len) == 0;

        if (!brief && !full)
            continue;
        *root = (enum sw_registry_root)i;
        if (brief && path[len] != ':')
            return "needs a colon behind its root, or the root's long name";
        *key = path + len + (path[len] == ':');
        if (**key != '\0' && **key != '\\')
            return "has no backslash behind its root";
        *key += **key == '\\';
        return key_problem(*key);
    }
    return "begins with none of HKLM:, HKCU:, HKU:, HKCR:, HKCC: and their long names (HKEY_LOCAL_MACHINE, …)";
}

const char *sw_registry_root_name(enum sw_registry_root root)
{
    return roots[root].name;
}

const char *sw_registry_value_name(const char *name)
{
    return strcasecmp(name, "(Default)") == 0 ? "" : name;
}

/* ---- Values ------------------------------------------------------------------------------------------------ */

/* Decimal digits or 0x and hex digits, up to max. A fraction in decimals is cut off. */
static int parse_number(const char *text, uint64_t max, uint64_t *out, bool *cut)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hex ? "0123456789abcdefABCDEF" : "0123456789";
    uint64_t base = hex ? 16 : 10;

    text += hex ? 2 : 0;
    *out = 0;
    if (strspn(text, digits) == 0)
        return -1;
    for (; *text != '\0' && strchr(digits, *text) != NULL; text++) {
        uint64_t digit = (uint64_t)(*text <= '9' ? *text - '0' : (*text | 0x20) - 'a' + 10);

        if (*out > (max - digit) / base)
            return -1;
        *out = *out * base + digit;
    }
    if (!hex && *text == '.' && text[1] != '\0' && text[1 + strspn(text + 1, "0123456789")] == '\0') {
        *cut = true;
        return 0;
    }
    return *text == '\0' ? 0 : -1;
}

static int encode_number(const char *text, size_t bytes, struct sw_registry_value *out, struct sw_err *err)
{
    uint64_t max = bytes == 4 ? UINT32_MAX : UINT64_MAX, number;
    unsigned char le[8];

    if (parse_number(text, max, &number, &out->cut) < 0)
        return sw_fail(err, SW_RECIPE,
                       "the value '%s' is no number from 0 to %llu, in decimal digits or hex ones behind 0x",
                       sw_show(text).text, (unsigned long long)max);
    for (size_t i = 0; i < bytes; i++)
        le[i] = (unsigned char)(number >> (8 * i));
    return sw_buf_append(&out->data, le, bytes, err);
}

/* UTF-16LE with its end. */
static int encode_text(const char *text, struct sw_buf *out, struct sw_err *err)
{
    size_t left = strlen(text) + 1, room = left * 4;
    char *from = (char *)(uintptr_t)text, *at;
    iconv_t cd;
    size_t rc;

    if (sw_buf_reserve(out, room, err) < 0)
        return -1;
    cd = iconv_open("UTF-16LE", "UTF-8");
    if (cd == (iconv_t)-1)
        return sw_fail_errno(err, "cannot convert to UTF-16");
    at = out->data + out->len;
    rc = iconv(cd, &from, &left, &at, &room);
    iconv_close(cd);
    out->len = (size_t)(at - out->data);
    return rc == (size_t)-1 ? sw_fail(err, SW_RECIPE, "the value '%s' is not UTF-8", sw_show(text).text) : 0;
}

static int encode_texts(char *const *texts, struct sw_buf *out, struct sw_err *err)
{
    for (size_t i = 0; texts[i] != NULL; i++) {
        if (texts[i][0] == '\0')
            return sw_fail(err, SW_RECIPE, "an empty text would end the list of a MULTI_SZ");
        if (encode_text(texts[i], out, err) < 0)
            return -1;
    }
    return sw_buf_append(out, "\0", 2, err);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "0aff", "0x0aff", "0A FF", "0a,ff", "0A-FF". */
static int encode_hex(const char *text, struct sw_buf *out, struct sw_err *err)
{
    const char *at = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? text + 2 : text;

    while (*at != '\0') {
        int high = hex_digit(at[0]), low = high >= 0 ? hex_digit(at[1]) : -1;
        char byte;

        if (low < 0)
            return sw_fail(err, SW_RECIPE, "the value '%s' is no run of pairs of hex digits",
                           sw_show(text).text);
        byte = (char)(high << 4 | low);
        if (sw_buf_append(out, &byte, 1, err) < 0)
            return -1;
        at += 2;
        at += *at != '\0' && strchr(" ,-", *at) != NULL && at[1] != '\0';
    }
    return 0;
}

static int encode_bytes(char *const *texts, struct sw_registry_value *out, struct sw_err *err)
{
    for (size_t i = 0; texts[i] != NULL; i++) {
        bool cut = false;
        uint64_t number;
        char byte;

        if (parse_number(texts[i], UINT8_MAX, &number, &cut) < 0 || cut)
            return sw_fail(err, SW_RECIPE, "'%s' is no byte: a number from 0 to 255", sw_show(texts[i]).text);
        byte = (char)number;
        if (sw_buf_append(&out->data, &byte, 1, err) < 0)
            return -1;
    }
    return 0;
}

enum kind { BINARY, DWORD, QWORD, SZ, EXPAND_SZ, MULTI_SZ };

static int encode(enum kind kind, char *const *texts, bool list, struct sw_registry_value *out,
                  struct sw_err *err)
{
    switch (kind) {
    case BINARY:
        return list ? encode_bytes(texts, out, err) : encode_hex(texts[0], &out->data, err);
    case DWORD:
        return encode_number(texts[0], 4, out, err);
    case QWORD:
        return encode_number(texts[0], 8, out, err);
    case MULTI_SZ:
        return encode_texts(texts, &out->data, err);
    default:
        return encode_text(texts[0], &out->data, err);
    }
}

int sw_registry_encode(const char *type, char *const *texts, bool list, struct sw_registry_value *out,
                       struct sw_err *err)
{
    static const struct {
        const char *name;
        uint32_t number;
    } types[] = {[BINARY] = {"BINARY", 3}, [DWORD] = {"DWORD", 4},         [QWORD] = {"QWORD", 11},
                 [SZ] = {"SZ", 1},         [EXPAND_SZ] = {"EXPAND_SZ", 2}, [MULTI_SZ] = {"MULTI_SZ", 7}};

    for (size_t i = 0; i < SW_ARRAY_LEN(types); i++) {
        if (strcasecmp(type, types[i].name) != 0)
            continue;
        if (list && i != BINARY && i != MULTI_SZ)
            return sw_fail(err, SW_RECIPE, "a value of the type %s is one text, not a list", types[i].name);
        out->type = types[i].number;
        if (encode((enum kind)i, texts, list, out, err) < 0)
            return -1;
        if (out->data.len > SW_REGISTRY_VALUE_MAX_BYTES)
            return sw_fail(err, SW_RECIPE, "the value takes %zu bytes: at most %d can be set offline",
                           out->data.len, (int)SW_REGISTRY_VALUE_MAX_BYTES);
        return 0;
    }
    return sw_fail(err, SW_RECIPE, "there is no type '%s'", sw_show(type).text);
}
