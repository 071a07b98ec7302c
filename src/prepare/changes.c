/* What the guest says that was changed. */
#include "src/prepare/changes.h"

#include "src/base/base64.h"
#include "src/base/json.h"
#include "src/prepare/textdiff.h"

#include <stdio.h>
#include <string.h>

enum { FIELDS = 7, META_FIELDS = 5, CONTENT_MAX = 2 << 20, PATH_BYTES_MAX = 4096 };

/* What is still to be read. */
struct reader {
    const char *at, *end;
};

struct field {
    const char *text;
    size_t len;
};

/* A content; text NULL: it is not shown. */
struct content {
    const char *text;
    size_t len;
};

struct record {
    struct field fields[FIELDS];
    struct field path;
    struct content before, after;
};

static int broken(struct sw_err *err)
{
    return sw_fail(err, SW_GUEST, "what the guest tells of its changes cannot be read");
}

static bool is(struct field field, const char *text)
{
    return field.len == strlen(text) && memcmp(field.text, text, field.len) == 0;
}

static int take_line(struct reader *in, struct field *out, struct sw_err *err)
{
    const char *end = memchr(in->at, '\n', (size_t)(in->end - in->at));

    if (end == NULL)
        return broken(err);
    *out = (struct field){in->at, (size_t)(end - in->at)};
    in->at = end + 1;
    return 0;
}

/* Exactly n fields. */
static int split(struct field line, char between, struct field *out, size_t n, struct sw_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const char *end = memchr(line.text, between, line.len);
        size_t len = end != NULL ? (size_t)(end - line.text) : line.len;

        if ((end == NULL) != (i == n - 1))
            return broken(err);
        out[i] = (struct field){line.text, len};
        line.text += len + (end != NULL);
        line.len -= len + (end != NULL);
    }
    return 0;
}

static int take_number(struct field field, uint64_t base, uint64_t max, uint64_t *out, struct sw_err *err)
{
    uint64_t value = 0;

    if (field.len == 0 || field.len > 19)
        return broken(err);
    for (size_t i = 0; i < field.len; i++) {
        unsigned digit = (unsigned)(unsigned char)field.text[i] - '0';

        if (digit >= base)
            return broken(err);
        value = value * base + digit;
    }
    *out = value;
    return value <= max ? 0 : broken(err);
}

static int take_content(struct reader *in, struct field len, struct content *out, struct sw_err *err)
{
    uint64_t n = 0;

    if (is(len, "-"))
        return 0;
    if (take_number(len, 10, CONTENT_MAX, &n, err) < 0 || n > (uint64_t)(in->end - in->at))
        return broken(err);
    *out = (struct content){in->at, (size_t)n};
    in->at += n;
    return 0;
}

static int take_record(struct reader *in, struct record *out, struct sw_err *err)
{
    struct field line = {NULL, 0};

    if (take_line(in, &line, err) < 0 || split(line, '|', out->fields, FIELDS, err) < 0 ||
        take_line(in, &out->path, err) < 0)
        return -1;
    if (out->path.len == 0 || out->path.len > PATH_BYTES_MAX || out->path.text[0] != '/')
        return broken(err);
    if (take_content(in, out->fields[5], &out->before, err) < 0 ||
        take_content(in, out->fields[6], &out->after, err) < 0 || take_line(in, &line, err) < 0)
        return -1;
    return line.len == 0 ? 0 : broken(err);
}

static json_t *text_of(struct field field)
{
    return sw_json_bytes(field.text, field.len);
}

/* A file as it was or is; json_null() when it was not or is not there. */
static json_t *describe(struct field meta, struct field sum, struct sw_err *err)
{
    struct field part[META_FIELDS];
    SW_AUTO_JSON json_t *out = NULL;
    uint64_t mode, uid, gid, bytes;
    char mode_text[8];
    bool link = sum.len > 3 && memcmp(sum.text, "-> ", 3) == 0;

    if (is(meta, "-"))
        return json_null();
    if (split(meta, ':', part, META_FIELDS, err) < 0 || take_number(part[1], 8, 07777, &mode, err) < 0 ||
        take_number(part[2], 10, UINT32_MAX, &uid, err) < 0 ||
        take_number(part[3], 10, UINT32_MAX, &gid, err) < 0 ||
        take_number(part[4], 10, INT64_MAX, &bytes, err) < 0)
        return NULL;
    snprintf(mode_text, sizeof(mode_text), "%04o", (unsigned)mode);
    out = json_pack("{s:o, s:s, s:I, s:I, s:I}", "kind", text_of(part[0]), "mode", mode_text, "uid",
                    (json_int_t)uid, "gid", (json_int_t)gid, "bytes", (json_int_t)bytes);
    if (out == NULL ||
        (link && sw_json_set(out, "target", text_of((struct field){sum.text + 3, sum.len - 3}), err) < 0) ||
        (!link && sum.len > 1 && sw_json_set(out, "sha256", text_of(sum), err) < 0))
        return NULL;
    return json_incref(out);
}

static bool is_text(struct content content)
{
    SW_AUTO_JSON json_t *as_text = json_stringn(content.text, content.len);

    return as_text != NULL && memchr(content.text, '\0', content.len) == NULL;
}

static int add_diff(const struct record *record, json_t *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf diff = {.data = NULL};
    struct content before = record->before, after = record->after;
    bool was = !is(record->fields[1], "-"), there = !is(record->fields[2], "-");

    if ((was && before.text == NULL) || (there && after.text == NULL) || (!was && !there))
        return 0;
    if (before.text == NULL)
        before = (struct content){"", 0};
    if (after.text == NULL)
        after = (struct content){"", 0};
    if (!is_text(before) || !is_text(after))
        return 0;
    if (textdiff((struct text_span){before.text, before.len}, (struct text_span){after.text, after.len},
                 &diff, err) < 0)
        return -1;
    return diff.len > 0 ? sw_json_set(out, "diff", json_stringn(diff.data, diff.len), err) : 0;
}

static int add_original(const struct record *record, json_t *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf coded = {.data = NULL};

    if (record->before.text == NULL)
        return 0;
    if (is_text(record->before))
        return sw_json_set(out, "original", json_stringn(record->before.text, record->before.len), err);
    if (sw_base64_put(&coded, record->before.text, record->before.len, err) < 0)
        return -1;
    return sw_json_set(out, "original", json_pack("{s:s}", "base64", coded.data), err);
}

static int add_state(json_t *out, const char *key, struct field meta, struct field sum, struct sw_err *err)
{
    json_t *state = describe(meta, sum, err);

    return state != NULL ? sw_json_set(out, key, state, err) : -1;
}

/* Written again with what it held: nobody sees a change. */
static bool is_same(const struct record *record)
{
    struct field was = record->fields[1], now = record->fields[2], a = record->fields[3],
                 b = record->fields[4];

    return was.len == now.len && memcmp(was.text, now.text, was.len) == 0 && a.len > 1 && a.len == b.len &&
           memcmp(a.text, b.text, a.len) == 0;
}

static json_t *one_change(const struct record *record, bool originals, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = json_object();

    if (!is(record->fields[0], "added") && !is(record->fields[0], "changed") &&
        !is(record->fields[0], "removed")) {
        broken(err);
        return NULL;
    }
    if (sw_json_set(out, "path", text_of(record->path), err) < 0 ||
        sw_json_set(out, "change", text_of(record->fields[0]), err) < 0 ||
        add_state(out, "before", record->fields[1], record->fields[3], err) < 0 ||
        add_state(out, "after", record->fields[2], record->fields[4], err) < 0 ||
        add_diff(record, out, err) < 0 || (originals && add_original(record, out, err) < 0))
        return NULL;
    return json_incref(out);
}

static int add_change(json_t *list, json_t *change, struct sw_err *err)
{
    return change != NULL ? sw_json_append(list, change, err) : -1;
}

json_t *changes_parse(const char *text, size_t len, bool originals, struct sw_err *err)
{
    struct reader in = {text, text + len};
    SW_AUTO_JSON json_t *out = json_array();

    while (in.at < in.end) {
        struct record record = {.before = {.text = NULL}};

        if (take_record(&in, &record, err) < 0)
            return NULL;
        if (!is_same(&record) && add_change(out, one_change(&record, originals, err), err) < 0)
            return NULL;
    }
    return json_incref(out);
}
