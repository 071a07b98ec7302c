/* Text for XML, HTML and URIs. */
#include "src/preflight/markup.h"

#include "src/base/terminal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

static const char *reference(unsigned char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Length of what is not to be shown at p; 0 when it may be. XML has no place for U+FFFE and U+FFFF. */
static size_t unfit(const unsigned char *p)
{
    if (p[0] == 0xef && p[1] == 0xbf && (p[2] == 0xbe || p[2] == 0xbf))
        return 3;
    return *p == '\n' || *p == '\t' ? 0 : sw_obeyed_by_terminals(p);
}

int markup_text(struct sw_buf *out, const char *text, struct sw_err *err)
{
    const unsigned char *p = (const unsigned char *)(text != NULL ? text : "");

    while (*p != '\0') {
        const char *as = reference(*p);
        size_t n = unfit(p);

        if (n == 0 && (as != NULL ? sw_buf_puts(out, as, err) : sw_buf_append(out, p, 1, err)) < 0)
            return -1;
        for (size_t i = 0; i < n; i++)
            if (sw_buf_printf(out, err, "\\x%02x", p[i]) < 0)
                return -1;
        p += n > 0 ? n : 1;
    }
    return 0;
}

int markup(struct sw_buf *out, struct sw_err *err, const char *literal, ...)
{
    const char *at = literal;
    bool escape = false;
    va_list args;
    int rc = 0;

    va_start(args, literal);
    for (; at != NULL && rc == 0; at = va_arg(args, const char *), escape = !escape)
        rc = escape ? markup_text(out, at, err) : sw_buf_puts(out, at, err);
    va_end(args);
    return rc;
}

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~/", c) != NULL);
}

char *markup_uri(const char *path, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf out = {0};

    if (sw_buf_puts(&out, path[0] == '/' ? "file://" : "", err) < 0)
        return NULL;
    for (const unsigned char *p = (const unsigned char *)path; *p != '\0'; p++)
        if (is_plain(*p) ? sw_buf_append(&out, p, 1, err) < 0 : sw_buf_printf(&out, err, "%%%02X", *p) < 0)
            return NULL;
    return sw_buf_steal(&out);
}
