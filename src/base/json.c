/* JSON files through jansson. */
#include "src/base/json.h"

#include "src/base/fs.h"
#include "src/base/terminal.h"

#include <string.h>

json_t *sw_json_parse(const char *text, size_t len, const char *name, struct sw_err *err)
{
    json_error_t at;
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);

    if (json == NULL)
        sw_fail(err, SW_INTEGRITY, "%s:%d:%d: %s", name, at.line, at.column, at.text);
    return json;
}

json_t *sw_json_read(const char *path, size_t max_bytes, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};

    if (sw_read_file(path, max_bytes, &text, err) < 0)
        return NULL;
    return sw_json_parse(text.data != NULL ? text.data : "", text.len, path, err);
}

static char *dump(const json_t *json, size_t flags, struct sw_err *err)
{
    char *text = json_dumps(json, flags | JSON_ENCODE_ANY);

    if (text == NULL)
        sw_fail(err, SW_FAILED, "cannot write a value as JSON");
    return text;
}

char *sw_json_canonical(const json_t *json, struct sw_err *err)
{
    return dump(json, JSON_SORT_KEYS | JSON_COMPACT, err);
}

int sw_json_digest(const json_t *json, char out[SW_SHA256_HEX], struct sw_err *err)
{
    SW_AUTO_FREE char *text = sw_json_canonical(json, err);

    return text != NULL ? sw_sha256_hex(text, strlen(text), out, err) : -1;
}

/* The code point of two or three bytes of UTF-8. */
static unsigned code_point(const unsigned char *p, size_t len)
{
    return len == 2 ? (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU)
                    : (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
}

char *sw_json_pretty(const json_t *json, struct sw_err *err)
{
    SW_AUTO_FREE char *text = dump(json, JSON_INDENT(2), err);
    SW_AUTO_BUF struct sw_buf out = {0};
    const unsigned char *from = (const unsigned char *)text, *p = from;

    if (text == NULL)
        return NULL;
    while (*p != '\0') {
        size_t n = *p == '\n' ? 0 : sw_obeyed_by_terminals(p);

        if (n == 0) {
            p++;
            continue;
        }
        if (sw_buf_append(&out, from, (size_t)(p - from), err) < 0 ||
            sw_buf_printf(&out, err, "\\u%04X", n == 1 ? *p : code_point(p, n)) < 0)
            return NULL;
        from = p += n;
    }
    if (sw_buf_append(&out, from, (size_t)(p - from), err) < 0 || sw_buf_puts(&out, "\n", err) < 0)
        return NULL;
    return sw_buf_steal(&out);
}

int sw_json_write(const char *path, const json_t *json, struct sw_err *err)
{
    SW_AUTO_FREE char *text = sw_json_pretty(json, err);

    if (text == NULL)
        return -1;
    return sw_write_file(path, text, strlen(text), 0644, err);
}

json_t *sw_json_bytes(const void *bytes, size_t len)
{
    SW_AUTO_BUF struct sw_buf safe = {0};
    struct sw_err err = {.code = SW_OK};
    const unsigned char *at = bytes;
    json_t *made = NULL;

    if (len == 0)
        return json_string(""); /* bytes may be NULL then */
    if (memchr(bytes, '\0', len) == NULL)
        made = json_stringn(bytes, len);
    if (made != NULL)
        return made;
    for (const unsigned char *end = at + len; at < end; at++)
        if (sw_buf_printf(&safe, &err, *at < 0x20 || *at > 0x7e ? "\\x%02x" : "%c", *at) < 0)
            return NULL;
    return json_string(safe.data);
}

int sw_json_set(json_t *object, const char *key, json_t *value, struct sw_err *err)
{
    if (value == NULL || json_object_set_new(object, key, value) < 0)
        return sw_fail(err, SW_FAILED, "cannot set '%s' in a JSON value (text that is not UTF-8?)", key);
    return 0;
}

int sw_json_append(json_t *array, json_t *value, struct sw_err *err)
{
    if (value == NULL || json_array_append_new(array, value) < 0)
        return sw_fail(err, SW_FAILED, "cannot append to a JSON array (text that is not UTF-8?)");
    return 0;
}

const char *sw_json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

int sw_json_damaged(const char *key, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "its '%s' is missing or out of range", key);
}

int sw_json_take_text(const json_t *object, const char *key, char *out, size_t out_len, struct sw_err *err)
{
    const char *text = sw_json_text(object, key);

    if (text == NULL || strlen(text) >= out_len)
        return sw_json_damaged(key, err);
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

int sw_json_take_number(const json_t *object, const char *key, uint64_t max, uint64_t *out,
                        struct sw_err *err)
{
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < 0 || (uint64_t)number > max)
        return sw_json_damaged(key, err);
    *out = (uint64_t)number;
    return 0;
}

int sw_json_take_name(const json_t *object, const char *key, const char *const *names, unsigned n,
                      unsigned *out, struct sw_err *err)
{
    const char *text = sw_json_text(object, key);

    for (unsigned i = 0; text != NULL && i < n; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = i;
            return 0;
        }
    }
    return sw_json_damaged(key, err);
}
