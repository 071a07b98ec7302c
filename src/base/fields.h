/* Lines and fields of a guest's text files, as views. */
#ifndef SW_BASE_FIELDS_H
#define SW_BASE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct field {
    const char *at; /* no NUL behind it */
    size_t len;
};

/* The next line of *text, without its end; false when there is none. */
static inline bool field_line(const char **text, size_t *len, struct field *out)
{
    const char *end = *len > 0 ? memchr(*text, '\n', *len) : NULL;
    size_t n = end != NULL ? (size_t)(end - *text) : *len;

    if (*len == 0)
        return false;
    *out = (struct field){.at = *text, .len = n};
    n += end != NULL;
    *text += n;
    *len -= n;
    return true;
}

/* What is before the first separator, and what is behind it without blanks at its begin; false when there is none. */
static inline bool field_split(const struct field *line, char separator, struct field *before,
                               struct field *behind)
{
    const char *at = line->len > 0 ? memchr(line->at, separator, line->len) : NULL;

    if (at == NULL)
        return false;
    *before = (struct field){.at = line->at, .len = (size_t)(at - line->at)};
    *behind = (struct field){.at = at + 1, .len = line->len - before->len - 1};
    while (behind->len > 0 && behind->at[0] == ' ') {
        behind->at++;
        behind->len--;
    }
    return true;
}

static inline bool field_is(const struct field *field, const char *text)
{
    return field->len == strlen(text) && (field->len == 0 || memcmp(field->at, text, field->len) == 0);
}

#endif
