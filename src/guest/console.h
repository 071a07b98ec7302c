/* The last lines of the appliance's console, for when it dies. */
#ifndef SW_GUEST_CONSOLE_H
#define SW_GUEST_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

enum { CONSOLE_LINES = 30, CONSOLE_LINE_BYTES = 160 };

/* Zero-initialise it. Lines are printable ASCII with what is longer cut off. */
struct console {
    char lines[CONSOLE_LINES][CONSOLE_LINE_BYTES];
    unsigned next; /* lines ever begun; the current one is next % CONSOLE_LINES */
    size_t column;
    uint64_t bytes;
};

void console_add(struct console *console, const char *bytes, size_t len);
/* The i-th of the lines kept, oldest first; NULL after the last. Empty lines are not kept. */
const char *console_line(const struct console *console, unsigned i);

#endif
