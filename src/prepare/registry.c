/* What SetRegistry changed, out of a run's log. */
#include "src/prepare/registry.h"

#include "src/base/fs.h"
#include "src/base/json.h"

#include <string.h>

enum { LOG_BYTES_MAX = 64 << 20, DEPTH_MAX = 32 };

/* A member that the log has as JSON within a text. */
static json_t *unfold(const json_t *step, const char *member, struct sw_err *err)
{
    const char *text = sw_json_text(step, member);

    return text != NULL ? sw_json_parse(text, strlen(text), "detailedoutput.json", err) : json_array();
}

static int add_value(json_t *list, const json_t *input, const json_t *output, struct sw_err *err)
{
    const char *before = sw_json_text(output, "before"), *after = sw_json_text(output, "after");

    if (before == NULL || after == NULL || strcmp(before, after) == 0)
        return 0;
    return sw_json_append(
        list,
        json_pack("{s:O, s:O, s:s, s:O, s:O}", "key", json_object_get(input, "path"), "name",
                  json_object_get(input, "name"), "change", before[0] != '\0' ? "changed" : "added", "before",
                  json_object_get(output, "before"), "after", json_object_get(output, "after")),
        err);
}

static int add_step(json_t *list, const json_t *step, struct sw_err *err)
{
    SW_AUTO_JSON json_t *inputs = unfold(step, "inputs", err);
    SW_AUTO_JSON json_t *outputs = unfold(step, "outputs", err);
    const json_t *output;
    size_t i;

    if (inputs == NULL || outputs == NULL)
        return -1;
    json_array_foreach (outputs, i, output) {
        if (add_value(list, json_array_get(inputs, i), output, err) < 0)
            return -1;
    }
    return 0;
}

/* Documents hold phases, those steps, and those documents: wherever a step is. */
static int walk(json_t *list, const json_t *at, unsigned depth, struct sw_err *err)
{
    const char *action = sw_json_text(at, "action"), *key;
    const json_t *value;
    size_t i;

    if (depth == DEPTH_MAX)
        return sw_fail(err, SW_FAILED, "the log is more than %d deep", (int)DEPTH_MAX);
    if (action != NULL && strcmp(action, "SetRegistry") == 0)
        return add_step(list, at, err);
    json_array_foreach (at, i, value) {
        if (walk(list, value, depth + 1, err) < 0)
            return -1;
    }
    json_object_foreach ((json_t *)(uintptr_t)at, key, value) {
        if (walk(list, value, depth + 1, err) < 0)
            return -1;
    }
    return 0;
}

json_t *registry_changes(const char *log_dir, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_path_join(log_dir, "detailedoutput.json", err);
    SW_AUTO_JSON json_t *log = path != NULL ? sw_json_read(path, LOG_BYTES_MAX, err) : NULL;
    SW_AUTO_JSON json_t *out = json_array();

    if (log == NULL || walk(out, log, 0, err) < 0)
        return NULL;
    return json_incref(out);
}
