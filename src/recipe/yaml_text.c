/* The source text of a document: lines, and JSON's surrogate pairs. */
#include "src/recipe/yaml_text.h"

#include "src/recipe/doc.h"

#include <jansson.h>
#include <string.h>

/* The length of the line break at p, 0 when there is none. */
static size_t line_break(const char *p, size_t left)
{
    if (p[0] == '\r')
        return left > 1 && p[1] == '\n' ? 2 : 1;
    if (p[0] == '\n')
        return 1;
    if (left > 1 && memcmp(p, "\xc2\x85", 2) == 0)
        return 2;
    if (left > 2 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 || memcmp(p, "\xe2\x80\xa9", 3) == 0))
        return 3;
    return 0;
}

int sw_lines_find(struct sw_lines *lines, struct sw_arena *arena, const char *text, size_t len,
                  struct sw_err *err)
{
    size_t n = 1, at = 1;
    size_t *begins;

    for (size_t i = 0, step; i<len; i += step> 0 ? step : 1) {
        step = line_break(text + i, len - i);
        n += step > 0;
    }
    begins = sw_arena_alloc(arena, n, sizeof(*begins), err);
    if (begins == NULL)
        return -1;
    for (size_t i = 0, step; i<len; i += step> 0 ? step : 1) {
        step = line_break(text + i, len - i);
        if (step > 0)
            begins[at++] = i + step;
    }
    *lines = (struct sw_lines){text, len, begins, n};
    return 0;
}

void sw_lines_place(const struct sw_lines *lines, size_t offset, size_t *line, size_t *column)
{
    size_t low = 0, high = lines->n;

    if (offset > lines->len)
        offset = lines->len;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (lines->begins[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    *line = low + 1;
    *column = sw_utf8_chars(lines->text + lines->begins[low], offset - lines->begins[low]) + 1;
}

uint32_t sw_lines_indent(const struct sw_lines *lines, size_t line, const char *content)
{
    size_t spaces, source = 0;

    while (*content == '\n') {
        content++;
        line++;
    }
    if (*content == '\0' || line >= lines->n)
        return UINT32_MAX;
    spaces = strspn(content, " ");
    for (size_t i = lines->begins[line]; i < lines->len && lines->text[i] == ' '; i++)
        source++;
    return source >= spaces ? (uint32_t)(source - spaces) : UINT32_MAX;
}

/* The value of "\uXXXX" at p, or -1. */
static int escape_at(const char *p, const char *end)
{
    unsigned value = 0;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        const char *digits = "0123456789abcdef0123456789ABCDEF";
        const char *digit = p[i] != '\0' ? strchr(digits, p[i]) : NULL;

        if (digit == NULL)
            return -1;
        value = value << 4 | (unsigned)((digit - digits) % 16);
    }
    return (int)value;
}

static int append_char(struct sw_buf *out, unsigned c, struct sw_err *err)
{
    const char bytes[4] = {(char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3f)),
                           (char)(0x80 | (c >> 6 & 0x3f)), (char)(0x80 | (c & 0x3f))};

    return sw_buf_append(out, bytes, sizeof(bytes), err);
}

static bool is_json_with_pairs(const char *text, size_t len)
{
    size_t blank = 0;
    json_t *json;

    while (blank < len && strchr(" \t\r\n", text[blank]) != NULL && text[blank] != '\0')
        blank++;
    if (blank == len || text[blank] != '{' ||
        (memmem(text, len, "\\ud", 3) == NULL && memmem(text, len, "\\uD", 3) == NULL))
        return false;
    json = json_loadb(text, len, 0, NULL);
    json_decref(json);
    return json != NULL;
}

int sw_json_join_surrogates(const char *text, size_t len, struct sw_buf *out, struct sw_err *err)
{
    const char *end = text + len;

    if (!is_json_with_pairs(text, len))
        return 0;
    for (const char *p = text; p < end;) {
        int high = escape_at(p, end);
        int low = high >= 0xd800 && high < 0xdc00 ? escape_at(p + 6, end) : -1;
        size_t step = *p == '\\' && p + 1 < end ? 2 : 1;

        if (low >= 0xdc00 && low < 0xe000) {
            if (append_char(out, 0x10000u + ((unsigned)(high - 0xd800) << 10) + (unsigned)(low - 0xdc00),
                            err) < 0)
                return -1;
            p += 12;
            continue;
        }
        if (sw_buf_append(out, p, step, err) < 0)
            return -1;
        p += step;
    }
    return 0;
}
