/* A growable run of bytes, and allocation that reports through the error value. */
#include "src/base/buf.h"

#include "src/base/ckd.h"

#include <stdio.h>
#include <string.h>

static int out_of_memory(size_t wanted, struct sw_err *err)
{
    return sw_fail(err, SW_FAILED, "out of memory (%zu bytes wanted)", wanted);
}

int sw_buf_reserve(struct sw_buf *buf, size_t len, struct sw_err *err)
{
    size_t need, cap = buf->cap > 0 ? buf->cap : 256;
    char *grown;

    if (sw_add_ovf(buf->len, len, &need) || sw_add_ovf(need, 1, &need))
        return out_of_memory(len, err);
    if (need <= buf->cap)
        return 0;
    while (cap < need)
        if (sw_mul_ovf(cap, 2, &cap))
            return out_of_memory(need, err);
    grown = realloc(buf->data, cap);
    if (grown == NULL)
        return out_of_memory(cap, err);
    buf->data = grown;
    buf->cap = cap;
    return 0;
}

int sw_buf_append(struct sw_buf *buf, const void *bytes, size_t len, struct sw_err *err)
{
    if (sw_buf_reserve(buf, len, err) < 0)
        return -1;
    if (len > 0)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return 0;
}

int sw_buf_puts(struct sw_buf *buf, const char *text, struct sw_err *err)
{
    return sw_buf_append(buf, text, strlen(text), err);
}

SW_PRINTF(3, 0)
static int append_v(struct sw_buf *buf, struct sw_err *err, const char *fmt, va_list args)
{
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0 || sw_buf_reserve(buf, (size_t)n, err) < 0) {
        va_end(again);
        return n < 0 ? sw_fail(err, SW_FAILED, "cannot format a text") : -1;
    }
    vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, again);
    va_end(again);
    buf->len += (size_t)n;
    return 0;
}

int sw_buf_printf(struct sw_buf *buf, struct sw_err *err, const char *fmt, ...)
{
    va_list args;
    int rc;

    va_start(args, fmt);
    rc = append_v(buf, err, fmt, args);
    va_end(args);
    return rc;
}

int sw_buf_double(struct sw_buf *buf, const char *text, char letter, struct sw_err *err)
{
    for (const char *at = text, *next; *at != '\0'; at = next) {
        next = at + 1 + strcspn(at + 1, (const char[]){letter, '\0'});
        if ((*at == letter && sw_buf_append(buf, at, 1, err) < 0) ||
            sw_buf_append(buf, at, (size_t)(next - at), err) < 0)
            return -1;
    }
    return sw_buf_puts(buf, "", err);
}

char *sw_doubled(const char *text, char letter, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf buf = {0};

    return sw_buf_double(&buf, text, letter, err) == 0 ? sw_buf_steal(&buf) : NULL;
}

char *sw_buf_steal(struct sw_buf *buf)
{
    char *data = buf->data;

    memset(buf, 0, sizeof(*buf));
    return data != NULL ? data : calloc(1, 1);
}

void sw_buf_wipe(struct sw_buf *buf)
{
    if (buf->cap > 0)
        explicit_bzero(buf->data, buf->cap);
    sw_buf_free(buf);
}

void sw_buf_free(struct sw_buf *buf)
{
    free(buf->data);
    memset(buf, 0, sizeof(*buf));
}

char *sw_strf(struct sw_err *err, const char *fmt, ...)
{
    SW_AUTO_BUF struct sw_buf buf = {0};
    va_list args;
    int rc;

    va_start(args, fmt);
    rc = append_v(&buf, err, fmt, args);
    va_end(args);
    return rc < 0 ? NULL : sw_buf_steal(&buf);
}

char *sw_strdup(const char *text, struct sw_err *err)
{
    char *copy = strdup(text);

    if (copy == NULL)
        out_of_memory(strlen(text) + 1, err);
    return copy;
}

void *sw_calloc(size_t count, size_t size, struct sw_err *err)
{
    void *memory = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

    if (memory == NULL)
        out_of_memory(size, err);
    return memory;
}
