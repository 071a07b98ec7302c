/* What the verdicts of many images come to. */
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/rules.h"

#include <stdlib.h>
#include <string.h>

/* Whether slipway can mend it: by preparing the image, or by converting it. */
static bool is_fixable(const json_t *rule)
{
    return json_is_object(json_object_get(rule, "fix"));
}

static json_t *cause_of(json_t *causes, const json_t *rule, struct sw_err *err)
{
    json_t *cause;
    size_t i;

    json_array_foreach (causes, i, cause) {
        if (strcmp(ev_text(cause, "rule"), ev_text(rule, "id")) == 0)
            return cause;
    }
    cause = json_pack("{s:O, s:O, s:[], s:i, s:O*}", "rule", json_object_get(rule, "id"), "title",
                      json_object_get(rule, "title"), "images", "refused", 0, "fix",
                      json_object_get(rule, "fix"));
    return sw_json_append(causes, cause, err) == 0 ? cause : NULL;
}

static bool refuses(const json_t *rule)
{
    for (const char *const *lane = sw_preflight_lanes; *lane != NULL; lane++)
        if (strcmp(ev_text(json_object_get(rule, "lanes"), *lane), "refused") == 0)
            return true;
    return false;
}

/* Counts the causes of one image; *mended: all that refuses it can be mended, and something does. */
static int add_causes(const json_t *verdict, json_t *causes, bool *mended, struct sw_err *err)
{
    bool refused = false, stays = false;
    const json_t *rule;
    size_t i;

    json_array_foreach (json_object_get(verdict, "rules"), i, rule) {
        json_t *cause;

        if (strcmp(ev_text(rule, "state"), "found") != 0)
            continue;
        cause = cause_of(causes, rule, err);
        if (cause == NULL || sw_json_append(json_object_get(cause, "images"),
                                            json_incref(json_object_get(verdict, "name")), err) < 0)
            return -1;
        if (!refuses(rule))
            continue;
        refused = true;
        stays = stays || !is_fixable(rule);
        if (sw_json_set(cause, "refused",
                        json_integer(json_integer_value(json_object_get(cause, "refused")) + 1), err) < 0)
            return -1;
    }
    *mended = refused && !stays;
    return 0;
}

static int count_lanes(const json_t *verdict, json_t *lanes, struct sw_err *err)
{
    const char *lane;
    const json_t *state;

    json_object_foreach (json_object_get(verdict, "lanes"), lane, state) {
        json_t *row = json_object_get(lanes, lane);
        const char *word = ev_text(state, "verdict");

        if (row == NULL) {
            row = json_pack("{s:i, s:i, s:i}", "refused", 0, "unknown", 0, "passed", 0);
            if (sw_json_set(lanes, lane, row, err) < 0)
                return -1;
        }
        if (sw_json_set(row, word, json_integer(json_integer_value(json_object_get(row, word)) + 1), err) < 0)
            return -1;
    }
    return 0;
}

static int by_images(const void *a, const void *b)
{
    const json_t *const *left = a, *const *right = b;
    size_t n = json_array_size(json_object_get(*left, "images")),
           m = json_array_size(json_object_get(*right, "images"));

    if (n != m)
        return n > m ? -1 : 1;
    return strcmp(ev_text(*left, "rule"), ev_text(*right, "rule"));
}

static json_t *sorted(const json_t *causes, struct sw_err *err)
{
    size_t n = json_array_size(causes);
    SW_AUTO_FREE json_t **list = sw_calloc(n + 1, sizeof(json_t *), err);
    SW_AUTO_JSON json_t *out = json_array();

    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        list[i] = json_array_get(causes, i);
    qsort(list, n, sizeof(json_t *), by_images);
    for (size_t i = 0; i < n; i++)
        if (sw_json_append(out, json_incref(list[i]), err) < 0)
            return NULL;
    return json_incref(out);
}

json_t *sw_preflight_fleet(const json_t *verdicts, const json_t *unreadable, uint64_t bandwidth_bytes,
                           struct sw_err *err)
{
    SW_AUTO_JSON json_t *causes = json_array();
    SW_AUTO_JSON json_t *lanes = json_object();
    SW_AUTO_JSON json_t *order = NULL;
    const json_t *verdict;
    json_int_t bytes = 0;
    unsigned fixed = 0;
    json_t *out;
    size_t i;

    json_array_foreach (verdicts, i, verdict) {
        bool mended = false;

        if (add_causes(verdict, causes, &mended, err) < 0 || count_lanes(verdict, lanes, err) < 0)
            return NULL;
        fixed += mended;
        bytes += json_integer_value(json_object_get(verdict, "upload_bytes"));
    }
    order = sorted(causes, err);
    if (order == NULL)
        return NULL;
    out =
        json_pack("{s:i, s:O, s:O, s:i, s:O*, s:I}", "images", (int)json_array_size(verdicts), "lanes", lanes,
                  "causes", order, "fixed", (int)fixed, "unreadable", unreadable, "upload_bytes", bytes);
    if (out == NULL)
        sw_fail(err, SW_FAILED, "out of memory");
    else if (bandwidth_bytes > 0)
        json_object_set_new(out, "upload_seconds",
                            json_integer((json_int_t)sw_div_up((uint64_t)bytes, bandwidth_bytes)));
    return out;
}
