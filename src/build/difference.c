/* Where two JSON values first differ: what `plan` tells about an input that changed. */
#include "src/base/buf.h"
#include "src/build/plan.h"

#include <string.h>

enum { DEPTH_MAX = 64 };

static int walk(const json_t *before, const json_t *now, struct sw_buf *path, unsigned depth,
                struct sw_err *err);

static int descend(const json_t *before, const json_t *now, struct sw_buf *path, unsigned depth,
                   struct sw_err *err)
{
    size_t keep = path->len;
    int rc = walk(before, now, path, depth + 1, err);

    if (rc == 0) {
        path->len = keep;
        path->data[keep] = '\0';
    }
    return rc;
}

/* The smallest key of either object that is greater than last (NULL: the first). */
static const char *next_key(json_t *before, json_t *now, const char *last)
{
    json_t *const both[2] = {before, now};
    const char *best = NULL, *key;
    json_t *value;

    for (int i = 0; i < 2; i++) {
        json_object_foreach (both[i], key, value) {
            if ((last == NULL || strcmp(key, last) > 0) && (best == NULL || strcmp(key, best) < 0))
                best = key;
        }
    }
    return best;
}

static int walk_object(json_t *before, json_t *now, struct sw_buf *path, unsigned depth, struct sw_err *err)
{
    for (const char *key = next_key(before, now, NULL); key != NULL; key = next_key(before, now, key)) {
        size_t keep = path->len;
        int rc;

        if (sw_buf_printf(path, err, "%s%s", keep > 0 ? "." : "", key) < 0)
            return -1;
        rc = descend(json_object_get(before, key), json_object_get(now, key), path, depth, err);
        if (rc != 0)
            return rc;
        path->len = keep;
        path->data[keep] = '\0';
    }
    return 0;
}

/* A step or a phase is better known by its name than by its place. */
static int name_item(const json_t *item, size_t index, struct sw_buf *path, struct sw_err *err)
{
    const char *name = json_string_value(json_object_get(item, "name"));

    if (name != NULL)
        return sw_buf_printf(path, err, "['%s']", name);
    return sw_buf_printf(path, err, "[%zu]", index);
}

static int walk_array(json_t *before, json_t *now, struct sw_buf *path, unsigned depth, struct sw_err *err)
{
    size_t n = json_array_size(before), m = json_array_size(now);

    for (size_t i = 0; i < n || i < m; i++) {
        const json_t *was = json_array_get(before, i), *is = json_array_get(now, i);
        size_t keep = path->len;
        int rc;

        if (name_item(is != NULL ? is : was, i, path, err) < 0)
            return -1;
        rc = descend(was, is, path, depth, err);
        if (rc != 0)
            return rc;
        path->len = keep;
        path->data[keep] = '\0';
    }
    return 0;
}

/* 0: equal; 1: path names the difference. */
static int walk(const json_t *before, const json_t *now, struct sw_buf *path, unsigned depth,
                struct sw_err *err)
{
    /* jansson's iterators want non-const values and leave them as they are. */
    json_t *was = json_incref((json_t *)(uintptr_t)before), *is = json_incref((json_t *)(uintptr_t)now);
    int rc = 1;

    if (was != NULL && is != NULL && json_typeof(was) == json_typeof(is) && depth < DEPTH_MAX) {
        if (json_is_object(was))
            rc = walk_object(was, is, path, depth, err);
        else if (json_is_array(was))
            rc = walk_array(was, is, path, depth, err);
        else
            rc = json_equal(was, is) ? 0 : 1;
    }
    json_decref(was);
    json_decref(is);
    return rc;
}

char *plan_first_difference(const json_t *before, const json_t *now, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf path = {0};

    if (sw_buf_puts(&path, "", err) < 0 || walk(before, now, &path, 0, err) <= 0)
        return NULL;
    return sw_buf_steal(&path);
}
