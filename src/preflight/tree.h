/* The files of one guest, as a look fetched them: read as text, found by path. All of it is untrusted. */
#ifndef SW_PREFLIGHT_TREE_H
#define SW_PREFLIGHT_TREE_H

#include "slipway/guest.h"

#include <jansson.h>
#include <stdbool.h>

struct tree {
    const struct sw_look *look;
    uint32_t group; /* its entries */
};

/* The entry of that very path; NULL when there is none. */
const struct sw_look_entry *tree_find(const struct tree *tree, const char *path);
/* A file, or a link that leads to something. */
bool tree_has(const struct tree *tree, const char *path);
/* The first of several paths, ended by NULL, that is there. */
const struct sw_look_entry *tree_first(const struct tree *tree, const char *const *paths);
/* Those whose path is like the glob (a star takes no slash), in order: begin with *at = 0. NULL at the end. */
const struct sw_look_entry *tree_next(const struct tree *tree, const char *glob, size_t *at);
bool tree_any(const struct tree *tree, const char *glob);

/* The last part of a path. */
const char *tree_base(const struct sw_look_entry *entry);
json_t *tree_path(const struct sw_look_entry *entry);

enum { LINE_BYTES = 2048 };

/* Lines of an entry's bytes, which may be NULL: without blanks at their ends, cut where they are too long. */
struct lines {
    const char *at, *end;
    unsigned number; /* of the line that is in text, from 1 */
    unsigned indent; /* blanks before it */
    char text[LINE_BYTES];
};
struct lines lines_of(const struct sw_look_entry *entry);
bool lines_next(struct lines *lines);
/* The next line that is neither empty nor a comment. */
bool lines_next_setting(struct lines *lines);

/*
 * Splits "KEY = VALUE" at the first of the separators, in place; quotes around the value are taken off. False: there is none.
 */
bool setting_split(char *text, char separator, char **key, char **value);
/* The last value of that key in a file of KEY=VALUE lines, in buf; false when there is none. */
bool setting_of(const struct sw_look_entry *entry, const char *key, char *buf, size_t len);
bool setting_is_yes(const char *value);
/* Whether any line holds that text. */
bool text_has(const struct sw_look_entry *entry, const char *what);

/* A JSON text of what was read from a guest. */
json_t *untrusted(const char *text);

#endif
