/* What a terminal obeys instead of showing it, in text that others wrote. */
#ifndef SW_BASE_TERMINAL_H
#define SW_BASE_TERMINAL_H

#include <stddef.h>

/* Length of the UTF-8 at p that would move a terminal's cursor, colour it or turn its text around; 0 when it may be shown. */
static inline size_t sw_obeyed_by_terminals(const unsigned char *p)
{
    if (*p < 0x20 || *p == 0x7f)
        return 1;
    if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) /* C1 controls */
        return 2;
    if (p[0] == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) || /* separators, direction marks */
                         (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
        return 3;
    return 0;
}

#endif
