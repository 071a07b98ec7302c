/* Marks in the working directory: carried from the component that made them to the cleaning. */
#include "src/build/cleaning.h"

#include "src/base/json.h"
#include "src/base/log.h"

#include <string.h>

/* Beside the phases, none of which is called so. */
static const char marks_key[] = "cleanupMarks";
static const char perform[] = "perform_cleanup";

enum { MARK_NAME_MAX = 128, MARKS_MAX = 64 };

static int add_mark(json_t *outputs, const char *name, struct sw_err *err)
{
    json_t *marks = json_object_get(outputs, marks_key);
    size_t i;
    json_t *mark;

    if (marks == NULL) {
        marks = json_array();
        if (sw_json_set(outputs, marks_key, marks, err) < 0)
            return -1;
    }
    json_array_foreach (marks, i, mark) {
        if (strcmp(json_string_value(mark), name) == 0)
            return 0;
    }
    if (json_array_size(marks) == MARKS_MAX)
        return 0;
    return sw_json_append(marks, json_string(name), err);
}

/* Names come from the guest: only those that a section can have. */
static bool is_mark(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

    return strlen(name) <= MARK_NAME_MAX && name[strspn(name, letters)] == '\0';
}

static int take_matching(struct sw_guest *guest, const char *dir, const char *pattern, json_t *outputs,
                         struct sw_err *err)
{
    struct sw_guest_names names = {.text = NULL};
    int rc = guest->ops->list(guest, dir, pattern, SW_LIST_FILES | SW_LIST_LINKS, &names, err);

    for (size_t at = 0; rc == 0 && at < names.len; at += strlen(names.text + at) + 1)
        if (is_mark(names.text + at))
            rc = add_mark(outputs, names.text + at, err);
    free(names.text);
    return rc;
}

int cleaning_take_marks(struct sw_guest *guest, const struct plan *plan, size_t i, struct sw_err *err)
{
    const char *dir = plan->recipe->working_directory;
    struct sw_guest_stat stat;

    if (guest->ops->stat(guest, dir, true, &stat, err) < 0)
        return -1;
    if (stat.kind != SW_FILE_DIR)
        return 0;
    if (take_matching(guest, dir, "skip_cleanup_*", plan->layers[i].outputs, err) < 0)
        return -1;
    return take_matching(guest, dir, perform, plan->layers[i].outputs, err);
}

int cleaning_put_marks(struct sw_guest *guest, const struct plan *plan, size_t i, struct sw_err *err)
{
    if (guest->ops->mkdir(guest, plan->recipe->working_directory, 0755, true, err) < 0)
        return sw_context(err, "working directory");
    for (size_t below = 1; below < i; below++) {
        json_t *marks = json_object_get(plan->layers[below].outputs, marks_key), *mark;
        size_t k;

        json_array_foreach (marks, k, mark) {
            const char *name = json_string_value(mark);
            SW_AUTO_FREE char *path = NULL;

            if (name == NULL || !is_mark(name))
                continue;
            path = sw_strf(err, "%s/%s", plan->recipe->working_directory, name);
            if (path == NULL || guest->ops->put(guest, path, "", 0, 0644 | SW_PUT_OVERWRITE, err) < 0)
                return -1;
        }
    }
    return 0;
}

static bool asks_for_cleaning(const struct plan_layer *layer)
{
    json_t *mark;
    size_t i;

    json_array_foreach (json_object_get(layer->outputs, marks_key), i, mark) {
        if (json_is_string(mark) && strcmp(json_string_value(mark), perform) == 0)
            return true;
    }
    return false;
}

void cleaning_check(const struct plan *plan)
{
    size_t n = plan->recipe->nr_uses;

    if (n > 0 && plan->recipe->uses[n - 1].cleaning)
        return;
    for (size_t i = 1; i < plan->nr_layers; i++)
        if (asks_for_cleaning(&plan->layers[i]))
            sw_log(
                SW_LOG_WARNING,
                "component '%s' asks for a cleaning (%s), and the recipe has none: 'cleanup: service' does it",
                plan->layers[i].name, perform);
}
