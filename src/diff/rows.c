/* The rows of a comparison's result. */
#include "src/base/json.h"
#include "src/diff/diff_private.h"

#include <stdlib.h>
#include <string.h>

json_t *diff_text(const char *text)
{
    return sw_json_bytes(text, strlen(text));
}

json_t *diff_row(const char *change, const char *name, json_t *value, struct sw_err *err)
{
    SW_AUTO_JSON json_t *row = json_object();

    if (sw_json_set(row, "change", json_string(change), err) < 0) {
        json_decref(value);
        return NULL;
    }
    return sw_json_set(row, name, value, err) < 0 ? NULL : SW_STEAL_PTR(row);
}

int diff_change(json_t *row, const char *what, json_t *from, json_t *to, struct sw_err *err)
{
    json_t *changes = json_object_get(row, "changes");
    json_t *pair = json_pack("{s:o, s:o}", "from", from != NULL ? from : json_null(), "to",
                             to != NULL ? to : json_null());

    if (changes == NULL) {
        changes = json_object();
        if (sw_json_set(row, "changes", changes, err) < 0) {
            json_decref(pair);
            return -1;
        }
    }
    return sw_json_set(changes, what, pair, err);
}

int diff_add(struct differing *to, const char *list, json_t *row, struct sw_err *err)
{
    return sw_json_append(json_object_get(to->out, list), row, err);
}

int diff_not_compared(struct differing *to, const char *where, const char *why, struct sw_err *err)
{
    return sw_json_append(json_object_get(to->out, "not_compared"),
                          json_pack("{s:o, s:o}", "where", diff_text(where), "why", diff_text(why)), err);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of both, sorted, each once. Borrowed but for the list itself. */
static const char **all_names(json_t *const maps[2], size_t *n, struct sw_err *err)
{
    const char **names =
        sw_calloc(json_object_size(maps[0]) + json_object_size(maps[1]) + 1, sizeof(*names), err);
    const char *name;
    json_t *value;

    *n = 0;
    if (names == NULL)
        return NULL;
    json_object_foreach (maps[0], name, value) {
        names[(*n)++] = name;
    }
    json_object_foreach (maps[1], name, value) {
        if (json_object_get(maps[0], name) == NULL)
            names[(*n)++] = name;
    }
    if (*n > 0)
        qsort(names, *n, sizeof(*names), by_text);
    return names;
}

/* The members of both, where they are not the same. */
static int compare_members(json_t *row, json_t *const pair[2], struct sw_err *err)
{
    size_t n = 0;
    SW_AUTO_FREE const char **names = all_names(pair, &n, err);

    if (names == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        json_t *from = json_object_get(pair[0], names[i]), *to = json_object_get(pair[1], names[i]);

        if (from != NULL && to != NULL && json_equal(from, to))
            continue;
        if (diff_change(row, names[i], json_incref(from), json_incref(to), err) < 0)
            return -1;
    }
    return 0;
}

int diff_maps(struct differing *to, const char *list, const char *name, json_t *const maps[2],
              struct sw_err *err)
{
    size_t n = 0;
    SW_AUTO_FREE const char **names = all_names(maps, &n, err);

    if (names == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        json_t *const pair[] = {json_object_get(maps[0], names[i]), json_object_get(maps[1], names[i])};
        const char *change = pair[0] == NULL ? "added" : pair[1] == NULL ? "removed" : "changed";
        SW_AUTO_JSON json_t *row = NULL;

        if (pair[0] != NULL && pair[1] != NULL && json_equal(pair[0], pair[1]))
            continue;
        row = diff_row(change, name, json_string(names[i]), err);
        if (row == NULL || compare_members(row, pair, err) < 0 ||
            diff_add(to, list, json_incref(row), err) < 0)
            return -1;
    }
    return 0;
}

bool diff_is_changed(const struct differing *to, const char *path)
{
    SW_AUTO_JSON json_t *name = diff_text(path);
    const json_t *row;
    size_t i;

    json_array_foreach (json_object_get(to->out, "files"), i, row) {
        const char *from = sw_json_text(row, "from");

        if (json_equal(json_object_get(row, "path"), name) ||
            (from != NULL && name != NULL && strcmp(from, json_string_value(name)) == 0))
            return true;
    }
    return false;
}
