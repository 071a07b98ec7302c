/* The AWS shared files: sections, keys, and keys nested one level by indentation. */
#include "src/cloud/ini.h"

#include "src/base/buf.h"
#include "src/base/fs.h"

#include <string.h>

enum { USUAL_ROOM_BYTES = 128 << 10 };

/* What some editors put before a file of UTF-8. */
static const char mark[] = "\xef\xbb\xbf";

struct entry {
    size_t section; /* index of the section's name */
    char *key;
    char *value;
};

struct ini {
    char **sections;
    struct entry *entries;
    size_t section_count, entry_count, section_room, entry_room;
};

struct place {
    const char *name;
    unsigned line;
};

static int bad(const struct place *place, const char *why, struct sw_err *err)
{
    return sw_fail(err, SW_FAILED, "%s:%u: %s", place->name, place->line, why);
}

static void *grow(void *array, size_t count, size_t *room, size_t size, struct sw_err *err)
{
    void *grown = array;

    if (count == *room) {
        *room = *room > 0 ? *room * 2 : 16;
        grown = realloc(array, *room * size);
        if (grown == NULL)
            sw_fail(err, SW_FAILED, "out of memory");
    }
    return grown;
}

/* The text between the ends, without white space at either. */
static char *trimmed(const char *text, size_t len, struct sw_err *err)
{
    while (len > 0 && strchr(" \t\r", *text) != NULL)
        text++, len--;
    while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
        len--;
    return sw_strf(err, "%.*s", (int)len, text);
}

/* "KIND NAME" of "KIND  NAME", "KIND\t'NAME'" and the like; whatever has one word stays as it is. */
static char *section_name(const char *text, size_t len, struct sw_err *err)
{
    SW_AUTO_FREE char *whole = trimmed(text, len, err);
    size_t kind, name_len;
    const char *name;

    if (whole == NULL)
        return NULL;
    kind = strcspn(whole, " \t");
    name = whole + kind + strspn(whole + kind, " \t");
    name_len = strlen(name);
    if (name_len == 0)
        return SW_STEAL_PTR(whole);
    if (name_len > 1 && (*name == '\'' || *name == '"') && name[name_len - 1] == *name)
        name++, name_len -= 2;
    return sw_strf(err, "%.*s %.*s", (int)kind, whole, (int)name_len, name);
}

static int add_section(struct ini *ini, const char *line, size_t len, const struct place *place,
                       struct sw_err *err)
{
    const char *end = memchr(line, ']', len);
    char **grown = grow(ini->sections, ini->section_count, &ini->section_room, sizeof(*grown), err);

    if (grown == NULL)
        return -1;
    ini->sections = grown;
    if (end == NULL)
        return bad(place, "a section without its ']'", err);
    ini->sections[ini->section_count] = section_name(line + 1, (size_t)(end - line) - 1, err);
    return ini->sections[ini->section_count] != NULL ? (ini->section_count++, 0) : -1;
}

static void lower(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)(*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text);
}

/* Where a key ends; a nested one only at "=". NULL: nowhere. */
static const char *find_delimiter(const char *line, size_t len, bool nested)
{
    const char *equals = memchr(line, '=', len), *colon = nested ? NULL : memchr(line, ':', len);

    return colon == NULL || (equals != NULL && equals < colon) ? equals : colon;
}

/* parent: the key that a nested one belongs to, or NULL. */
static int add_entry(struct ini *ini, const char *parent, const char *line, size_t len,
                     const struct place *place, struct sw_err *err)
{
    const char *equals = find_delimiter(line, len, parent != NULL);
    SW_AUTO_FREE char *key = NULL;
    struct entry *entry, *grown = grow(ini->entries, ini->entry_count, &ini->entry_room, sizeof(*grown), err);

    if (grown == NULL)
        return -1;
    ini->entries = grown;
    if (equals == NULL)
        return bad(place, "a line without '=' or ':'", err);
    if (ini->section_count == 0)
        return bad(place, "a setting before the first section", err);
    key = trimmed(line, (size_t)(equals - line), err);
    if (key == NULL)
        return -1;
    lower(key);
    entry = &ini->entries[ini->entry_count];
    entry->section = ini->section_count - 1;
    entry->key = parent != NULL ? sw_strf(err, "%s.%s", parent, key) : sw_strdup(key, err);
    entry->value = trimmed(equals + 1, len - (size_t)(equals - line) - 1, err);
    if (entry->key == NULL || entry->value == NULL) {
        free(entry->key);
        free(entry->value);
        return -1;
    }
    ini->entry_count++;
    return 0;
}

/* *parent: entry index + 1 of the last key that is not nested. */
static int add_line(struct ini *ini, const char *line, size_t len, size_t *parent, const struct place *place,
                    struct sw_err *err)
{
    size_t indent = 0;
    const char *under;

    while (indent < len && strchr(" \t\r", line[indent]) != NULL)
        indent++;
    if (indent == len || line[indent] == '#' || line[indent] == ';')
        return 0;
    if (line[0] == '[') {
        *parent = 0;
        return add_section(ini, line, len, place, err);
    }
    if (indent > 0 && *parent > 0) {
        under = ini->entries[*parent - 1].key;
        /* A continuation of a plain value is no setting. */
        if (memchr(line, '=', len) == NULL)
            return 0;
        return add_entry(ini, under, line, len, place, err);
    }
    if (add_entry(ini, NULL, line, len, place, err) < 0)
        return -1;
    *parent = ini->entry_count;
    return 0;
}

struct ini *ini_parse(const char *text, size_t len, const char *name, struct sw_err *err)
{
    INI_AUTO struct ini *ini = sw_calloc(1, sizeof(*ini), err);
    struct place place = {name, 0};
    size_t parent = 0, line_len;

    if (ini == NULL)
        return NULL;
    if (len > 0 && memchr(text, '\0', len) != NULL) {
        bad(&place, "a NUL byte", err);
        return NULL;
    }
    if (len >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0)
        text += strlen(mark), len -= strlen(mark);
    for (size_t at = 0; at < len; at += line_len + 1) {
        const char *end = memchr(text + at, '\n', len - at);

        line_len = end != NULL ? (size_t)(end - text) - at : len - at;
        place.line++;
        if (add_line(ini, text + at, line_len, &parent, &place, err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(ini);
}

struct ini *ini_read(const char *path, struct sw_err *err)
{
    SW_CLEANUP(sw_buf_wipe) struct sw_buf text = {0};

    /* It may hold keys: as large as such files are, it does not move about in memory. */
    if (sw_path_exists(path) && (sw_buf_reserve(&text, USUAL_ROOM_BYTES, err) < 0 ||
                                 sw_read_file(path, INI_MAX_BYTES, &text, err) < 0))
        return NULL;
    return ini_parse(text.data != NULL ? text.data : "", text.len, path, err);
}

void ini_free(struct ini *ini)
{
    if (ini == NULL)
        return;
    for (size_t i = 0; i < ini->section_count; i++)
        free(ini->sections[i]);
    for (size_t i = 0; i < ini->entry_count; i++) {
        free(ini->entries[i].key);
        explicit_bzero(ini->entries[i].value, strlen(ini->entries[i].value));
        free(ini->entries[i].value);
    }
    free(ini->sections);
    free(ini->entries);
    free(ini);
}

bool ini_has_section(const struct ini *ini, const char *section)
{
    for (size_t i = 0; i < ini->section_count; i++)
        if (strcmp(ini->sections[i], section) == 0)
            return true;
    return false;
}

const char *ini_get(const struct ini *ini, const char *section, const char *key)
{
    const char *found = NULL;

    for (size_t i = 0; i < ini->entry_count; i++)
        if (strcmp(ini->sections[ini->entries[i].section], section) == 0 &&
            strcmp(ini->entries[i].key, key) == 0)
            found = ini->entries[i].value;
    return found;
}
