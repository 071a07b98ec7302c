/* Reading, checking and serialising the encryption context. */
#include "src/seal/context.h"

#include "src/seal/wire.h"

#include <string.h>

enum { FIELD_MAX = 65535 };

static const char reserved[] = "aws-crypto-";

/* Length of the UTF-8 character at p (no overlong forms, no surrogates), or 0. */
static size_t utf8_char(const uint8_t *p, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf8 ? 4 : 0;
    uint32_t code;

    if (n == 0 || n > left)
        return 0;
    code = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3fu);
    }
    return code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : n;
}

/* UTF-8 without NUL, at most 65,535 bytes. */
static bool text_ok(const uint8_t *text, size_t len)
{
    size_t n;

    if (len > FIELD_MAX)
        return false;
    for (size_t at = 0; at < len; at += n) {
        n = utf8_char(text + at, len - at);
        if (n == 0 || text[at] == 0)
            return false;
    }
    return true;
}

static int by_key(const void *a, const void *b)
{
    const struct sw_pair *left = a, *right = b;

    return strcmp(left->key, right->key);
}

/* stored: that of a message, which may have the one reserved key; else a user's. */
static int sort_and_check(struct seal_context *context, bool stored, struct sw_err *err)
{
    enum sw_code code = stored ? SW_INTEGRITY : SW_USAGE;

    if (context->n > 1)
        qsort(context->pairs, context->n, sizeof(*context->pairs), by_key);
    for (size_t i = 0; i < context->n; i++) {
        const char *key = context->pairs[i].key;

        if (strncmp(key, reserved, sizeof(reserved) - 1) == 0 &&
            !(stored && strcmp(key, SEAL_PUBLIC_KEY) == 0))
            return sw_fail(err, code, "encryption context: the key '%.64s' is reserved", key);
        if (i > 0 && strcmp(key, context->pairs[i - 1].key) == 0)
            return sw_fail(err, code, "encryption context: the key '%.64s' is there twice", key);
    }
    return 0;
}

/* Appends a terminated copy at *to. */
static const char *put_text(char **to, const void *text, size_t len)
{
    char *at = *to;

    if (len > 0)
        memcpy(at, text, len);
    at[len] = '\0';
    *to = at + len + 1;
    return at;
}

static int reserve(struct seal_context *context, size_t n, size_t text_bytes, struct sw_err *err)
{
    *context = (struct seal_context){.n = 0};
    if (n == 0)
        return 0;
    context->pairs = sw_calloc(n, sizeof(*context->pairs), err);
    context->texts = sw_calloc(1, text_bytes, err);
    return context->pairs != NULL && context->texts != NULL ? 0 : -1;
}

static int copy_pairs(struct seal_context *context, const struct sw_pair *pairs, size_t n, struct sw_err *err)
{
    size_t bytes = 1;
    char *to;

    for (size_t i = 0; i < n; i++) {
        size_t key_len = strlen(pairs[i].key), value_len = strlen(pairs[i].value);

        if (!text_ok((const uint8_t *)pairs[i].key, key_len) ||
            !text_ok((const uint8_t *)pairs[i].value, value_len))
            return sw_fail(err, SW_USAGE, "encryption context: '%.64s' is not UTF-8 of at most %d bytes",
                           pairs[i].key, FIELD_MAX);
        bytes += key_len + value_len + 2;
    }
    if (reserve(context, n, bytes, err) < 0)
        return -1;
    to = context->texts;
    for (; context->n < n; context->n++) {
        struct sw_pair *pair = &context->pairs[context->n];

        pair->key = put_text(&to, pairs[context->n].key, strlen(pairs[context->n].key));
        pair->value = put_text(&to, pairs[context->n].value, strlen(pairs[context->n].value));
    }
    return 0;
}

int seal_context_set(struct seal_context *context, const struct sw_pair *pairs, size_t n, struct sw_err *err)
{
    *context = (struct seal_context){.n = 0};
    if (copy_pairs(context, pairs, n, err) < 0)
        return -1;
    return sort_and_check(context, false, err);
}

static int take_pair(struct seal_context *context, struct seal_wire *wire, char **to, struct sw_err *err)
{
    struct seal_view key = seal_wire_field(wire), value = seal_wire_field(wire);
    struct sw_pair *pair = &context->pairs[context->n];

    if (wire->ended)
        return sw_fail(err, SW_INTEGRITY, "encryption context: pair %zu goes past its %zu bytes", context->n,
                       wire->len);
    if (!text_ok(key.bytes, key.len) || !text_ok(value.bytes, value.len))
        return sw_fail(err, SW_INTEGRITY, "encryption context: pair %zu is not UTF-8 text", context->n);
    pair->key = put_text(to, key.bytes, key.len);
    pair->value = put_text(to, value.bytes, value.len);
    context->n++;
    return 0;
}

int seal_context_parse(struct seal_context *context, const uint8_t *bytes, size_t len, struct sw_err *err)
{
    struct seal_wire wire = {.bytes = bytes, .len = len};
    size_t n;
    char *to;

    *context = (struct seal_context){.n = 0};
    if (len == 0)
        return 0;
    n = seal_wire_u16(&wire);
    if (n == 0 || n > (len - 2) / 4)
        return sw_fail(err, SW_INTEGRITY, "encryption context: %zu pairs in %zu bytes", n, len);
    /* A pair has two lengths of two bytes on the wire and two NULs here. */
    if (reserve(context, n, len, err) < 0)
        return -1;
    to = context->texts;
    while (context->n < n)
        if (take_pair(context, &wire, &to, err) < 0)
            return -1;
    if (wire.at != len)
        return sw_fail(err, SW_INTEGRITY, "encryption context: %zu bytes follow its last pair",
                       len - wire.at);
    return sort_and_check(context, true, err);
}

int seal_context_join(struct seal_context *out, const struct seal_context *a, const struct seal_context *b,
                      struct sw_err *err)
{
    SW_AUTO_FREE struct sw_pair *all = sw_calloc(a->n + b->n + 1, sizeof(*all), err);

    *out = (struct seal_context){.n = 0};
    if (all == NULL)
        return -1;
    if (a->n > 0)
        memcpy(all, a->pairs, a->n * sizeof(*all));
    if (b->n > 0)
        memcpy(all + a->n, b->pairs, b->n * sizeof(*all));
    if (copy_pairs(out, all, a->n + b->n, err) < 0)
        return -1;
    return sort_and_check(out, true, err);
}

int seal_context_write(const struct seal_context *context, struct sw_buf *out, struct sw_err *err)
{
    size_t before = out->len;

    if (context->n == 0)
        return 0;
    if (context->n > FIELD_MAX)
        return sw_fail(err, SW_USAGE, "encryption context: %zu pairs are too many", context->n);
    if (seal_put_u16(out, (uint16_t)context->n, err) < 0)
        return -1;
    for (size_t i = 0; i < context->n; i++) {
        const struct sw_pair *pair = &context->pairs[i];

        if (seal_put_field(out, pair->key, strlen(pair->key), err) < 0 ||
            seal_put_field(out, pair->value, strlen(pair->value), err) < 0)
            return -1;
    }
    if (out->len - before > FIELD_MAX)
        return sw_fail(err, SW_USAGE, "encryption context: %zu bytes are too many (at most %d)",
                       out->len - before, FIELD_MAX);
    return 0;
}

const char *seal_pairs_get(const struct sw_pair *pairs, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(pairs[i].key, key) == 0)
            return pairs[i].value;
    return NULL;
}

void seal_context_free(struct seal_context *context)
{
    free(context->pairs);
    free(context->texts);
    *context = (struct seal_context){.n = 0};
}

int sw_pair_parse(char *text, struct sw_pair *pair, struct sw_err *err)
{
    char *equals = strchr(text, '=');

    if (equals == NULL || equals == text)
        return sw_fail(err, SW_USAGE, "'%s' is not KEY=VALUE", text);
    *equals = '\0';
    pair->key = text;
    pair->value = equals + 1;
    return 0;
}
