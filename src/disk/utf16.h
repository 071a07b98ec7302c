/* UTF-16 units from a disk as UTF-8 that is fit to be shown. */
#ifndef SW_DISK_UTF16_H
#define SW_DISK_UTF16_H

#include <stdint.h>

/* At most three bytes at out; returns what is behind them. Control bytes and halves of pairs become U+FFFD. */
static inline char *utf16_put(char *out, uint16_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c <= 0xdfff))
        c = 0xfffd;
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3f));
    } else {
        *out++ = (char)(0xe0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    }
    return out;
}

#endif
