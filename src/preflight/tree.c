/* The files of one guest, found by path and read as lines. */
#include "src/preflight/tree.h"

#include "src/base/cleanup.h"
#include "src/base/json.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_of(const struct tree *tree, const struct sw_look_entry *entry)
{
    return entry->kind == SW_LOOK_FILE && entry->group == tree->group;
}

const struct sw_look_entry *tree_find(const struct tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->look->n; i++) {
        const struct sw_look_entry *entry = &tree->look->entries[i];

        if (is_of(tree, entry) && strcmp(entry->path, path) == 0)
            return entry;
    }
    return NULL;
}

bool tree_has(const struct tree *tree, const char *path)
{
    const struct sw_look_entry *entry = tree_find(tree, path);

    return entry != NULL && (entry->flags & SW_LOOK_DANGLING) == 0;
}

const struct sw_look_entry *tree_first(const struct tree *tree, const char *const *paths)
{
    for (; *paths != NULL; paths++)
        if (tree_has(tree, *paths))
            return tree_find(tree, *paths);
    return NULL;
}

const struct sw_look_entry *tree_next(const struct tree *tree, const char *glob, size_t *at)
{
    while (*at < tree->look->n) {
        const struct sw_look_entry *entry = &tree->look->entries[(*at)++];

        if (is_of(tree, entry) && fnmatch(glob, entry->path, FNM_PATHNAME) == 0)
            return entry;
    }
    return NULL;
}

bool tree_any(const struct tree *tree, const char *glob)
{
    size_t at = 0;

    return tree_next(tree, glob, &at) != NULL;
}

const char *tree_base(const struct sw_look_entry *entry)
{
    const char *slash = strrchr(entry->path, '/');

    return slash != NULL ? slash + 1 : entry->path;
}

json_t *untrusted(const char *text)
{
    return sw_json_bytes(text, strlen(text));
}

json_t *tree_path(const struct sw_look_entry *entry)
{
    return untrusted(entry->path);
}

struct lines lines_of(const struct sw_look_entry *entry)
{
    struct lines lines = {.at = "", .end = ""};

    if (entry == NULL)
        return lines;
    lines.at = (const char *)entry->data;
    lines.end = lines.at + entry->len;
    lines.end = lines.at == NULL ? NULL : lines.end;
    return lines;
}

/* As isspace has it, without a table that a stranger's bytes are an index of. */
static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool lines_next(struct lines *lines)
{
    const char *stop, *from = lines->at, *to;
    size_t len;

    if (from == NULL || from >= lines->end)
        return false;
    stop = memchr(from, '\n', (size_t)(lines->end - from));
    to = stop != NULL ? stop : lines->end;
    lines->at = stop != NULL ? stop + 1 : lines->end;
    for (lines->indent = 0; from < to && is_blank(*from); from++)
        lines->indent++;
    while (to > from && is_blank(to[-1]))
        to--;
    len = (size_t)(to - from) < LINE_BYTES - 1 ? (size_t)(to - from) : LINE_BYTES - 1;
    for (size_t i = 0; i < len; i++)
        lines->text[i] = from[i] != '\0' ? from[i] : '?';
    lines->text[len] = '\0';
    lines->number++;
    return true;
}

bool lines_next_setting(struct lines *lines)
{
    while (lines_next(lines))
        if (lines->text[0] != '\0' && lines->text[0] != '#' && lines->text[0] != ';')
            return true;
    return false;
}

static char *trim(char *text)
{
    size_t len;

    while (is_blank(*text))
        text++;
    len = strlen(text);
    while (len > 0 && is_blank(text[len - 1]))
        text[--len] = '\0';
    return text;
}

/* A comment may follow a quoted value. */
static char *unquote(char *text)
{
    char *end;

    if (text[0] != '"' && text[0] != '\'')
        return text;
    end = strchr(text + 1, text[0]);
    if (end == NULL)
        return text;
    *end = '\0';
    return text + 1;
}

bool setting_split(char *text, char separator, char **key, char **value)
{
    char *at = strchr(text, separator);

    if (at == NULL)
        return false;
    *at = '\0';
    *key = trim(text);
    *value = unquote(trim(at + 1));
    return true;
}

bool setting_of(const struct sw_look_entry *entry, const char *key, char *buf, size_t len)
{
    struct lines lines = lines_of(entry);
    bool there = false;

    while (lines_next_setting(&lines)) {
        char *own, *value;

        if (setting_split(lines.text, '=', &own, &value) && strcmp(own, key) == 0) {
            snprintf(buf, len, "%s", value);
            there = true;
        }
    }
    return there;
}

bool setting_is_yes(const char *value)
{
    static const char *const words[] = {"yes", "true", "on", "1"};

    for (size_t i = 0; i < SW_ARRAY_LEN(words); i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

bool text_has(const struct sw_look_entry *entry, const char *what)
{
    return entry != NULL && entry->len > 0 && memmem(entry->data, entry->len, what, strlen(what)) != NULL;
}
