/* Every rule's function, and how one says what it found. */
#include "src/preflight/rules.h"

#include "src/base/cleanup.h"
#include "src/base/json.h"

#include <stdio.h>
#include <string.h>

static const struct rule *const lists[] = {rules_disk,       rules_boot,        rules_os,
                                           rules_linux_boot, rules_linux_files, rules_linux_network,
                                           rules_windows};

rule_fn *rule_find(const char *id)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(lists); i++)
        for (const struct rule *at = lists[i]; at->id != NULL; at++)
            if (strcmp(at->id, id) == 0)
                return at->look;
    return NULL;
}

const char **rule_ids(void)
{
    const char **ids;
    size_t n = 0;

    for (size_t i = 0; i < SW_ARRAY_LEN(lists); i++)
        for (const struct rule *at = lists[i]; at->id != NULL; at++)
            n++;
    ids = calloc(n + 1, sizeof(*ids));
    for (size_t i = 0, k = 0; ids != NULL && i < SW_ARRAY_LEN(lists); i++)
        for (const struct rule *at = lists[i]; at->id != NULL; at++)
            ids[k++] = at->id;
    return ids;
}

/* The same that was found for another lane; NULL when there is none. */
static json_t *found_before(const struct ruling *ruling, const char *most, const json_t *row)
{
    json_t *before;
    size_t i;

    json_array_foreach (ruling->found, i, before) {
        if (json_equal(json_object_get(before, "where"), json_object_get(row, "where")) &&
            json_equal(json_object_get(before, "what"), json_object_get(row, "what")) &&
            (most != NULL) == (json_object_get(before, "most") != NULL))
            return before;
    }
    return NULL;
}

static void add(struct ruling *ruling, unsigned lanes, const char *most, const char *where, const char *what)
{
    json_t *before,
        *row = json_pack("{s:o, s:o, s:i, s:s*}", "where", sw_json_bytes(where, strlen(where)), "what",
                         sw_json_bytes(what, strlen(what)), "lanes", (int)lanes, "most", most);

    if (ruling->found == NULL)
        ruling->found = json_array();
    before = found_before(ruling, most, row);
    if (before != NULL) {
        lanes |= (unsigned)json_integer_value(json_object_get(before, "lanes"));
        json_object_set_new(before, "lanes", json_integer((json_int_t)lanes));
        json_decref(row);
        return;
    }
    if (json_array_append_new(ruling->found, row) < 0)
        ruling->failed = true;
    ruling->state = RULING_FOUND;
}

enum { WHAT_MAX = 1200 };

void found(struct ruling *ruling, unsigned lanes, const char *where, const char *fmt, ...)
{
    char what[WHAT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    add(ruling, lanes, NULL, where, what);
}

void found_note(struct ruling *ruling, unsigned lanes, const char *where, const char *fmt, ...)
{
    char what[WHAT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    add(ruling, lanes, "note", where, what);
}

void unknown(struct ruling *ruling, const char *why)
{
    if (ruling->state == RULING_FOUND)
        return;
    ruling->state = RULING_UNKNOWN;
    ruling->why = why;
}

void not_applicable(struct ruling *ruling, const char *why)
{
    if (ruling->state == RULING_FOUND)
        return;
    ruling->state = RULING_NOT_APPLICABLE;
    ruling->why = why;
}
