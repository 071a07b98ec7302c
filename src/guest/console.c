/* The last lines of the appliance's console. */
#include "src/guest/console.h"

#include <string.h>

static void end_line(struct console *console)
{
    if (console->column == 0)
        return;
    console->next++;
    console->column = 0;
    console->lines[console->next % CONSOLE_LINES][0] = '\0';
}

void console_add(struct console *console, const char *bytes, size_t len)
{
    console->bytes += len;
    for (size_t i = 0; i < len; i++) {
        char *line = console->lines[console->next % CONSOLE_LINES];

        if (bytes[i] == '\n' || bytes[i] == '\r') {
            end_line(console);
        } else if (bytes[i] >= 0x20 && bytes[i] < 0x7f && console->column + 1 < CONSOLE_LINE_BYTES) {
            line[console->column++] = bytes[i];
            line[console->column] = '\0';
        }
    }
}

const char *console_line(const struct console *console, unsigned i)
{
    unsigned end = console->next + (console->column > 0 ? 1 : 0);
    unsigned first = end > CONSOLE_LINES - 1 ? end - (CONSOLE_LINES - 1) : 0;

    return first + i < end ? console->lines[(first + i) % CONSOLE_LINES] : NULL;
}
