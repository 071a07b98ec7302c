/* base64 with padding and without line ends. */
#include "src/base/base64.h"

#include <string.h>

const char sw_base64_digits[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int sw_base64_put(struct sw_buf *out, const void *bytes, size_t len, struct sw_err *err)
{
    const uint8_t *from = bytes;

    if (len > SIZE_MAX / 2 || sw_buf_reserve(out, (len + 2) / 3 * 4, err) < 0)
        return len > SIZE_MAX / 2 ? sw_fail(err, SW_FAILED, "too long for base64") : -1;
    for (size_t i = 0; i < len; i += 3) {
        unsigned group = (unsigned)from[i] << 16 | (i + 1 < len ? (unsigned)from[i + 1] << 8 : 0) |
                         (i + 2 < len ? from[i + 2] : 0);
        char digits[4];

        for (unsigned k = 0; k < 4; k++)
            digits[k] = i + k > len ? '=' : sw_base64_digits[group >> (18 - 6 * k) & 63];
        if (sw_buf_append(out, digits, sizeof(digits), err) < 0)
            return -1;
    }
    return 0;
}

static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Three bytes of four digits, of which the last `padding` are '='. -1 when they are none. */
static int get_group(const char text[4], unsigned padding, uint8_t out[3])
{
    unsigned group = 0;

    for (unsigned k = 0; k < 4; k++) {
        int value = k < 4 - padding ? digit_value(text[k]) : text[k] == '=' ? 0 : -1;

        if (value < 0)
            return -1;
        group = group << 6 | (unsigned)value;
    }
    /* The same bytes have one text only. */
    if ((group & ((1U << (8 * padding)) - 1)) != 0)
        return -1;
    for (unsigned i = 0; i < 3; i++)
        out[i] = (uint8_t)(group >> (16 - 8 * i));
    return 0;
}

static unsigned padding_of(const char *text, size_t text_len)
{
    if (text_len == 0 || text[text_len - 1] != '=')
        return 0;
    return text[text_len - 2] == '=' ? 2 : 1;
}

int sw_base64_get(const char *text, size_t text_len, uint8_t *out, size_t cap, size_t *len)
{
    unsigned padding;

    *len = 0;
    if (text_len % 4 != 0)
        return -1;
    padding = padding_of(text, text_len);
    if (text_len / 4 * 3 - padding > cap)
        return -1;
    for (size_t i = 0; i < text_len; i += 4) {
        unsigned here = i + 4 == text_len ? padding : 0;
        uint8_t group[3];

        if (get_group(text + i, here, group) < 0) {
            explicit_bzero(out, *len);
            *len = 0;
            return -1;
        }
        memcpy(out + *len, group, 3 - here);
        *len += 3 - here;
    }
    return 0;
}
