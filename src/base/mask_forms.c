/* The spellings of a secret: its lines, base64, percent-encoding, JSON, shells. */
#include "src/base/mask_forms.h"

#include "src/base/base64.h"
#include "src/base/buf.h"
#include "src/base/cleanup.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A part of a base64 text that is shorter says too little to be looked for. */
enum { BASE64_PART_MIN = 5 };

struct form {
    struct sw_buf text;
    mask_form_fn *fn;
    void *arg;
    struct sw_err *err;
};

static void wipe(struct form *form)
{
    if (form->text.cap > 0)
        explicit_bzero(form->text.data, form->text.cap);
    sw_buf_free(&form->text);
}

static int give(const struct form *form, size_t from, size_t to)
{
    return form->fn(form->arg, form->text.data + from, to - from, form->err);
}

/* ---- Lines ------------------------------------------------------------------------------------------------- */

static int give_lines(const char *secret, size_t len, const struct form *form)
{
    const char *at = secret, *end = secret + len;

    if (memchr(secret, '\n', len) == NULL)
        return 0;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        const char *next = line_end != NULL ? line_end + 1 : end;

        if (line_end == NULL)
            line_end = end;
        while (at < line_end && isspace((unsigned char)*at))
            at++;
        while (at < line_end && isspace((unsigned char)line_end[-1]))
            line_end--;
        if (form->fn(form->arg, at, (size_t)(line_end - at), form->err) < 0)
            return -1;
        at = next;
    }
    return 0;
}

/* ---- base64 ------------------------------------------------------------------------------------------------ */

static uint8_t byte_at(const char *secret, size_t len, size_t shift, size_t i)
{
    return i >= shift && i - shift < len ? (uint8_t)secret[i - shift] : 0;
}

/* The secret behind `shift` other bytes, with zero bits up to a whole group. */
static int encode(const char *secret, size_t len, size_t shift, struct form *form)
{
    form->text.len = 0;
    for (size_t i = 0; i < shift + len; i += 3) {
        unsigned group = (unsigned)byte_at(secret, len, shift, i) << 16 |
                         (unsigned)byte_at(secret, len, shift, i + 1) << 8 |
                         byte_at(secret, len, shift, i + 2);
        char digits[4];

        for (unsigned k = 0; k < 4; k++)
            digits[k] = sw_base64_digits[group >> (18 - 6 * k) & 63];
        if (sw_buf_append(&form->text, digits, sizeof(digits), form->err) < 0)
            return -1;
    }
    return 0;
}

/* Digits [from, to) in both alphabets. */
static int give_digits(struct form *form, size_t from, size_t to)
{
    bool differs = false;

    if (to < from + BASE64_PART_MIN)
        return 0;
    if (give(form, from, to) < 0)
        return -1;
    for (size_t i = from; i < to; i++) {
        char *c = &form->text.data[i];

        differs |= *c == '+' || *c == '/';
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
    return differs ? give(form, from, to) : 0;
}

/* What the base64 text of anything holds that has the secret in it: digits that depend on nothing else. */
static int give_base64_parts(const char *secret, size_t len, struct form *form)
{
    for (size_t shift = 0; shift < 3; shift++)
        if (encode(secret, len, shift, form) < 0 ||
            give_digits(form, (shift * 8 + 5) / 6, (shift + len) * 8 / 6) < 0)
            return -1;
    return 0;
}

/* The digits of the secret alone, as with `echo SECRET | base64`: its last ones go as well. */
static int give_base64_whole(const char *secret, size_t len, struct form *form)
{
    return encode(secret, len, 0, form) < 0 ? -1 : give_digits(form, 0, (len * 8 + 5) / 6);
}

static int give_base64(const char *secret, size_t len, struct form *form)
{
    SW_AUTO_FREE char *line = sw_calloc(len + 1, 1, form->err);
    int rc;

    if (line == NULL || give_base64_parts(secret, len, form) < 0 || give_base64_whole(secret, len, form) < 0)
        return -1;
    memcpy(line, secret, len);
    line[len] = '\n';
    rc = give_base64_whole(line, len + 1, form);
    explicit_bzero(line, len + 1);
    return rc;
}

/* ---- Escapes ----------------------------------------------------------------------------------------------- */

typedef int escape_fn(struct sw_buf *out, unsigned char byte, struct sw_err *err);

static int percent(struct sw_buf *out, unsigned char byte, bool upper, struct sw_err *err)
{
    char text[4];

    if ((byte < 0x80 && isalnum(byte)) || strchr("-._~", byte) != NULL)
        return sw_buf_append(out, &byte, 1, err);
    snprintf(text, sizeof(text), upper ? "%%%02X" : "%%%02x", byte);
    return sw_buf_puts(out, text, err);
}

static int percent_upper(struct sw_buf *out, unsigned char byte, struct sw_err *err)
{
    return percent(out, byte, true, err);
}

static int percent_lower(struct sw_buf *out, unsigned char byte, struct sw_err *err)
{
    return percent(out, byte, false, err);
}

static int json_escape(struct sw_buf *out, unsigned char byte, struct sw_err *err)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = byte != '\0' ? strchr(plain, byte) : NULL;

    if (found != NULL)
        return sw_buf_printf(out, err, "\\%c", letters[found - plain]);
    if (byte < 0x20)
        return sw_buf_printf(out, err, "\\u%04x", byte);
    return sw_buf_append(out, &byte, 1, err);
}

/* As bash's own trace quotes it, within single quotes. */
static int shell_escape(struct sw_buf *out, unsigned char byte, struct sw_err *err)
{
    return byte == '\'' ? sw_buf_puts(out, "'\\''", err) : sw_buf_append(out, &byte, 1, err);
}

static int give_escaped(const char *secret, size_t len, escape_fn *escape, struct form *form)
{
    form->text.len = 0;
    for (size_t i = 0; i < len; i++)
        if (escape(&form->text, (unsigned char)secret[i], form->err) < 0)
            return -1;
    return form->text.len > len ? give(form, 0, form->text.len) : 0;
}

int mask_forms(const char *secret, size_t len, mask_form_fn *fn, void *arg, struct sw_err *err)
{
    static escape_fn *const escapes[] = {percent_upper, percent_lower, json_escape, shell_escape};
    SW_CLEANUP(wipe) struct form form = {.fn = fn, .arg = arg, .err = err};

    if (fn(arg, secret, len, err) < 0 || give_lines(secret, len, &form) < 0 ||
        give_base64(secret, len, &form) < 0)
        return -1;
    for (size_t i = 0; i < SW_ARRAY_LEN(escapes); i++)
        if (give_escaped(secret, len, escapes[i], &form) < 0)
            return -1;
    return 0;
}
