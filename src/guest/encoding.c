/* Text in UTF-8, UTF-16 and UTF-32, through iconv. */
#include "src/guest/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

enum { PIECE_BYTES = 64 << 10 };

/* The encodings by their names without hyphens; 16 and 32 alone are little endian. */
static const char *iconv_name(const char *encoding, struct sw_err *err)
{
    static const char *const names[][2] = {
        {"utf8", "UTF-8"},     {"utf16", "UTF-16LE"},   {"utf16le", "UTF-16LE"}, {"utf16be", "UTF-16BE"},
        {"utf32", "UTF-32LE"}, {"utf32le", "UTF-32LE"}, {"utf32be", "UTF-32BE"},
    };
    char plain[16];
    size_t n = 0;

    for (const char *at = encoding; *at != '\0' && n + 1 < sizeof(plain); at++)
        if (*at != '-')
            plain[n++] = *at;
    plain[n] = '\0';
    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++)
        if (strcasecmp(plain, names[i][0]) == 0)
            return names[i][1];
    sw_fail(err, SW_GUEST, "'%s' is no encoding", encoding);
    return NULL;
}

static int pump(iconv_t cd, const struct sw_buf *in, struct sw_buf *out, struct sw_err *err)
{
    char *from = in->data, *to;
    size_t left = in->len, room, rc = 0;

    do {
        if (sw_buf_reserve(out, PIECE_BYTES, err) < 0)
            return -1;
        to = out->data + out->len;
        room = PIECE_BYTES;
        rc = iconv(cd, &from, &left, &to, &room);
        out->len = (size_t)(to - out->data);
        *to = '\0';
    } while (rc == (size_t)-1 && errno == E2BIG);
    if (rc == (size_t)-1)
        return sw_fail(err, SW_GUEST, "byte %zu is where it is no text of that encoding", in->len - left);
    return 0;
}

static int convert(const char *from, const char *to, const struct sw_buf *in, struct sw_buf *out,
                   struct sw_err *err)
{
    iconv_t cd;
    int rc;

    if (in->len == 0)
        return sw_buf_append(out, "", 0, err);
    cd = iconv_open(to, from);
    if (cd == (iconv_t)-1)
        return sw_fail_errno(err, "cannot convert from %s to %s", from, to);
    rc = pump(cd, in, out, err);
    iconv_close(cd);
    return rc;
}

int encoding_write(struct sw_buf *out, const struct sw_buf *text, const char *encoding, struct sw_err *err)
{
    const char *to = iconv_name(encoding, err);

    if (to == NULL)
        return -1;
    return convert("UTF-8", to, text, out, err) < 0 ? sw_context(err, "from UTF-8 to %s", to) : 0;
}

int encoding_read(struct sw_buf *out, const struct sw_buf *bytes, const char *encoding, struct sw_err *err)
{
    static const char mark[] = "\xef\xbb\xbf", swapped[] = "\xef\xbf\xbe";
    const char *from = iconv_name(encoding, err);
    size_t start = out->len;

    if (from == NULL)
        return -1;
    if (convert(from, "UTF-8", bytes, out, err) < 0)
        return sw_context(err, "from %s", from);
    if (memchr(out->data + start, '\0', out->len - start) != NULL)
        return sw_fail(err, SW_GUEST, "it holds a NUL byte, and is no text in %s", from);
    if (strncmp(out->data + start, swapped, 3) == 0)
        return sw_fail(err, SW_GUEST, "its byte order mark says that it is not %s", from);
    if (strncmp(out->data + start, mark, 3) == 0) {
        out->len -= 3;
        memmove(out->data + start, out->data + start + 3, out->len - start + 1);
    }
    return 0;
}
