/* Names of parents as Windows writes them: UTF-16, with its separators. */
#include "formats/drivers.h"
#include "src/base/buf.h"

#include <string.h>

static int put_utf8(struct sw_buf *out, uint32_t c, struct sw_err *err)
{
    char text[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = n - 1; i > 0; i--) {
        text[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    text[0] = (char)(lead[n] | c);
    return sw_buf_append(out, text, n, err);
}

char *sw_utf16_to_utf8(const uint16_t *units, size_t n, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf out = {0};

    if (sw_buf_puts(&out, "", err) < 0)
        return NULL;
    for (size_t i = 0; i < n && units[i] != 0; i++) {
        uint32_t c = units[i];

        if (c >= 0xd800 && c < 0xe000) {
            if (c >= 0xdc00 || i + 1 == n || units[i + 1] < 0xdc00 || units[i + 1] >= 0xe000) {
                sw_fail(err, SW_INTEGRITY, "the parent's name is not UTF-16");
                return NULL;
            }
            c = 0x10000 + ((c - 0xd800) << 10) + (units[++i] - 0xdc00u);
        }
        if (put_utf8(&out, c, err) < 0)
            return NULL;
    }
    return sw_buf_steal(&out);
}

char *sw_portable_name(char *name, bool relative)
{
    char *last;

    for (char *at = name; *at != '\0'; at++)
        if (*at == '\\')
            *at = '/';
    last = strrchr(name, '/');
    if (!relative && last != NULL)
        memmove(name, last + 1, strlen(last + 1) + 1);
    return name;
}
