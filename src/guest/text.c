/* Text that a guest said, made safe to keep. */
#include "src/guest/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Length of the well-formed UTF-8 sequence at bytes, 0 when there is none. */
static size_t utf8_length(const unsigned char *at, size_t len)
{
    size_t need = at[0] < 0x80                    ? 1
                  : at[0] >= 0xc2 && at[0] < 0xe0 ? 2
                  : at[0] >= 0xe0 && at[0] < 0xf0 ? 3
                                                  : 4;

    if ((at[0] >= 0x80 && at[0] < 0xc2) || at[0] > 0xf4 || need > len)
        return 0;
    for (size_t i = 1; i < need; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    /* Overlong forms, surrogates and what lies beyond U+10FFFF. */
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return need;
}

/* Copies what is fine in runs; what is not goes through odd. */
static int filter(struct sw_buf *out, const char *bytes, size_t len, bool (*fine)(unsigned char),
                  int (*odd)(struct sw_buf *out, unsigned char byte, struct sw_err *err), struct sw_err *err)
{
    const unsigned char *at = (const unsigned char *)bytes;
    size_t done = 0, i = 0;

    while (i < len) {
        size_t n = fine(at[i]) ? utf8_length(at + i, len - i) : 0;

        if (n > 0) {
            i += n;
            continue;
        }
        if (sw_buf_append(out, bytes + done, i - done, err) < 0 || odd(out, at[i], err) < 0)
            return -1;
        done = ++i;
    }
    return sw_buf_append(out, bytes + done, len - done, err);
}

static bool not_nul(unsigned char byte)
{
    return byte != '\0';
}

static int replace(struct sw_buf *out, unsigned char byte, struct sw_err *err)
{
    (void)byte;
    return sw_buf_puts(out, "\xef\xbf\xbd", err);
}

static bool printable(unsigned char byte)
{
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

static int escape(struct sw_buf *out, unsigned char byte, struct sw_err *err)
{
    return sw_buf_printf(out, err, "\\x%02x", byte);
}

int text_to_utf8(struct sw_buf *out, const char *bytes, size_t len, struct sw_err *err)
{
    return filter(out, bytes, len, not_nul, replace, err);
}

int text_to_line(struct sw_buf *out, const char *bytes, size_t len, struct sw_err *err)
{
    return filter(out, bytes, len, printable, escape, err);
}
