/* Words: closed sets, what was probably meant, and how a document's text is shown in a message. */
#include "src/base/cleanup.h"
#include "src/recipe/doc.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { GUESS_MAX_LEN = 40 };

int sw_word_find(const char *const *words, const char *word)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;

    return least < c ? least : c;
}

/* Insertions, deletions, replacements; a difference in case only counts nothing. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[GUESS_MAX_LEN + 1];
    size_t b_len = strlen(b);

    for (unsigned j = 0; j <= b_len; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned up = row[j];
            bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);

            row[j] = min3(up + 1, row[j - 1] + 1, corner + !same);
            corner = up;
        }
    }
    return row[b_len];
}

void sw_guess_offer(struct sw_guess *guess, const char *candidate)
{
    size_t len = strlen(guess->word);
    unsigned d;

    if (len > GUESS_MAX_LEN || strlen(candidate) > GUESS_MAX_LEN)
        return;
    d = distance(guess->word, candidate);
    if (d <= 1 + len / 4 && d < len && (guess->best == NULL || d < guess->distance)) {
        guess->best = candidate;
        guess->distance = d;
    }
}

struct sw_shown sw_guess_hint(const struct sw_guess *guess)
{
    struct sw_shown hint = {""};

    if (guess->best != NULL)
        snprintf(hint.text, sizeof(hint.text), " (did you mean '%.60s'?)", sw_show(guess->best).text);
    return hint;
}

size_t sw_utf8_chars(const char *text, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

/* The character at p (valid UTF-8, or single bytes of a command line) and its length. */
static unsigned decode(const unsigned char *p, size_t *len)
{
    static const unsigned char masks[] = {0x7f, 0x1f, 0x0f, 0x07};
    size_t more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : p[0] >= 0xc0 ? 1 : 0;
    unsigned c = p[0] & (more > 0 ? masks[more] : 0xff);

    for (size_t i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *len = 1;
            return 0xfffd;
        }
        c = c << 6 | (p[i] & 0x3f);
    }
    *len = more + 1;
    return p[0] >= 0x80 && more == 0 ? 0xfffd : c;
}

/* What would move a terminal's cursor, or turn the direction of its text. */
static bool is_unsafe(unsigned c)
{
    static const unsigned ranges[][2] = {{0, 0x1f},        {0x7f, 0x9f},      {0x200e, 0x200f},
                                         {0x2028, 0x202e}, {0x2066, 0x2069},  {0xfeff, 0xfeff},
                                         {0xfffd, 0xfffd}, {0xe0000, 0xe0fff}};

    for (size_t i = 0; i < SW_ARRAY_LEN(ranges); i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

struct sw_shown sw_show(const char *text)
{
    static const char cut[] = "\xe2\x80\xa6";
    struct sw_shown shown = {""};
    const unsigned char *p = (const unsigned char *)text;
    size_t at = 0, len;

    while (*p != '\0') {
        unsigned c = decode(p, &len);
        char piece[16];

        if (c == '\n')
            snprintf(piece, sizeof(piece), "\\n");
        else if (is_unsafe(c))
            snprintf(piece, sizeof(piece), "\\u{%x}", c);
        else
            snprintf(piece, sizeof(piece), "%.*s", (int)len, (const char *)p);
        if (at + strlen(piece) + sizeof(cut) > sizeof(shown.text)) {
            memcpy(shown.text + at, cut, sizeof(cut));
            return shown;
        }
        memcpy(shown.text + at, piece, strlen(piece) + 1);
        at += strlen(piece);
        p += len;
    }
    return shown;
}
