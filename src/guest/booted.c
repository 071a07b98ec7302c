/* Where in a script the command stands that needs a booted system. */
#include "src/guest/booted.h"

#include <stdbool.h>
#include <string.h>

static bool is_inner(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The word in the line as a whole word: "start" is not in "restart". NULL, or what follows it. */
static const char *find_word(const char *line, const char *end, const char *word, size_t len)
{
    for (const char *at = line; (at = memmem(at, (size_t)(end - at), word, len)) != NULL; at++)
        if ((at == line || !is_inner(at[-1])) && (at + len == end || !is_inner(at[len])))
            return at + len;
    return NULL;
}

/* The first so many words of the command in this order, anywhere in the line. */
static bool has_words(const char *line, size_t len, const char *command, size_t command_len, size_t words)
{
    const char *at = line, *end = line + len;

    while (words-- > 0 && command_len > 0) {
        const char *blank = memchr(command, ' ', command_len);
        size_t word = blank != NULL ? (size_t)(blank - command) : command_len;

        if (word > 0 && (at = find_word(at, end, command, word)) == NULL)
            return false;
        command += word + (blank != NULL);
        command_len -= word + (blank != NULL);
    }
    return true;
}

static bool is_comment(const char *line, size_t len)
{
    while (len > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        len--;
    }
    return len > 0 && *line == '#';
}

static unsigned find(const char *script, size_t len, const char *command, size_t command_len, size_t words)
{
    unsigned number = 1;

    for (const char *at = script, *end = script + len; at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = newline != NULL ? (size_t)(newline - at) : (size_t)(end - at);

        if (!is_comment(at, n) && has_words(at, n, command, command_len, words))
            return number;
        at += n + 1;
    }
    return 0;
}

unsigned booted_line(const char *script, size_t len, const char *command, size_t command_len)
{
    unsigned line;

    if (script == NULL || command_len == 0)
        return 0;
    line = find(script, len, command, command_len, command_len);
    return line > 0 ? line : find(script, len, command, command_len, 2);
}
