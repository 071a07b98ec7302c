/* What is judged by: rules as data, systems and kernels, and what the user puts in their place. */
#include "src/preflight/policy.h"

#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/embed.h"
#include "src/base/json.h"

#include <string.h>

/* RULES_FILE and KERNELS_FILE come from the build. */
SW_EMBED(preflight_rules, RULES_FILE);
SW_EMBED(preflight_kernels, KERNELS_FILE);

enum { POLICY_BYTES_MAX = 1 << 20 };

const char *const sw_preflight_lanes[] = {"import-image", "import-snapshot", "ebs-direct", NULL};
static const char *const severities[] = {"note", "warning", "refused"};

int sw_preflight_lane(const char *name, struct sw_err *err)
{
    for (int i = 0; i < SW_PREFLIGHT_LANES; i++)
        if (strcmp(name, sw_preflight_lanes[i]) == 0)
            return i;
    return sw_fail(err, SW_USAGE, "there is no lane '%s': take import-image, import-snapshot or ebs-direct",
                   name);
}

int policy_weight(const char *severity)
{
    for (size_t i = 0; severity != NULL && i < SW_ARRAY_LEN(severities); i++)
        if (strcmp(severity, severities[i]) == 0)
            return (int)i + 1;
    return 0;
}

const char *policy_severity(const json_t *rule, unsigned lane)
{
    const char *text = sw_json_text(json_object_get(rule, "lanes"), sw_preflight_lanes[lane]);

    return policy_weight(text) > 0 ? text : NULL;
}

static json_t *find_rule(const struct sw_preflight_policy *policy, const char *id)
{
    json_t *rule;
    size_t i;

    json_array_foreach (json_object_get(policy->rules, "rules"), i, rule) {
        if (strcmp(sw_json_text(rule, "id"), id) == 0)
            return rule;
    }
    return NULL;
}

/* "off" takes the lane out of the rule. */
static int take_lane(json_t *rule, const char *id, const char *lane, const json_t *value, struct sw_err *err)
{
    json_t *lanes = json_object_get(rule, "lanes");
    const char *severity = json_string_value(value);
    struct sw_err ignored = {.code = SW_OK};

    if (sw_preflight_lane(lane, &ignored) < 0)
        return sw_fail(err, SW_RECIPE, "rule '%s': there is no lane '%s'", id, lane);
    if (severity != NULL && strcmp(severity, "off") == 0) {
        json_object_del(lanes, lane);
        return 0;
    }
    if (policy_weight(severity) == 0)
        return sw_fail(err, SW_RECIPE, "rule '%s', lane %s: say refused, warning, note or off", id, lane);
    return sw_json_set(lanes, lane, json_string(severity), err);
}

static int take_rules(struct sw_preflight_policy *policy, json_t *rules, struct sw_err *err)
{
    const char *id, *lane;
    const json_t *severity;
    json_t *lanes;

    if (!json_is_object(rules))
        return sw_fail(err, SW_RECIPE, "'rules' is not an object of rules by id");
    json_object_foreach (rules, id, lanes) {
        json_t *rule = find_rule(policy, id);

        if (rule == NULL)
            return sw_fail(err, SW_RECIPE, "there is no rule '%s'", id);
        if (!json_is_object(lanes))
            return sw_fail(err, SW_RECIPE, "rule '%s' is not an object of severities by lane", id);
        json_object_foreach (lanes, lane, severity) {
            if (take_lane(rule, id, lane, severity, err) < 0)
                return -1;
        }
    }
    return 0;
}

static bool all_texts(const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach (list, i, item) {
        if (!json_is_string(item))
            return false;
    }
    return json_array_size(list) > 0;
}

static bool version_is_sound(const json_t *version)
{
    return json_is_string(json_object_get(version, "first")) &&
           all_texts(json_object_get(version, "kernels"));
}

static int check_systems(const json_t *systems, struct sw_err *err)
{
    const json_t *system, *version;
    size_t i, j;

    if (!json_is_array(systems))
        return sw_fail(err, SW_RECIPE, "'systems' is not a list");
    json_array_foreach (systems, i, system) {
        if (!all_texts(json_object_get(system, "ids")))
            return sw_fail(err, SW_RECIPE, "system %zu has no ids", i + 1);
        json_array_foreach (json_object_get(system, "versions"), j, version) {
            if (!version_is_sound(version))
                return sw_fail(err, SW_RECIPE, "system %zu, version %zu: it has to have first and kernels",
                               i + 1, j + 1);
        }
    }
    return 0;
}

/* A list of the user's own has a date of its own, which every report shows. */
static int take_systems(struct sw_preflight_policy *policy, const json_t *own, struct sw_err *err)
{
    static const char *const members[] = {"date", "source", "systems", "windows"};

    if (json_object_get(own, "systems") == NULL && json_object_get(own, "windows") == NULL)
        return 0;
    if (sw_json_text(own, "date") == NULL)
        return sw_fail(err, SW_RECIPE, "a list of systems needs a 'date'");
    if (json_object_get(own, "systems") != NULL && check_systems(json_object_get(own, "systems"), err) < 0)
        return -1;
    if (json_object_get(own, "windows") != NULL && !all_texts(json_object_get(own, "windows")))
        return sw_fail(err, SW_RECIPE, "'windows' is not a list of products");
    for (size_t i = 0; i < SW_ARRAY_LEN(members); i++) {
        json_t *value = json_object_get(own, members[i]);

        if (value != NULL && sw_json_set(policy->systems, members[i], json_incref(value), err) < 0)
            return -1;
    }
    return 0;
}

static int take_own(struct sw_preflight_policy *policy, const char *path, struct sw_err *err)
{
    static const char *const known[] = {"date", "source", "systems", "windows", "rules"};
    SW_AUTO_JSON json_t *own = sw_json_read(path, POLICY_BYTES_MAX, err);
    const char *key;
    json_t *value;

    if (own == NULL) {
        if (err->code == SW_INTEGRITY)
            err->code = SW_RECIPE;
        return -1;
    }
    if (!json_is_object(own))
        return sw_fail(err, SW_RECIPE, "it is not an object");
    json_object_foreach (own, key, value) {
        bool there = false;

        for (size_t i = 0; i < SW_ARRAY_LEN(known); i++)
            there = there || strcmp(key, known[i]) == 0;
        if (!there)
            return sw_fail(err, SW_RECIPE, "'%s' is not known: date, source, systems, windows and rules are",
                           key);
    }
    if (take_systems(policy, own, err) < 0)
        return -1;
    value = json_object_get(own, "rules");
    return value == NULL ? 0 : take_rules(policy, value, err);
}

struct sw_preflight_policy *sw_preflight_policy_open(const char *path, struct sw_err *err)
{
    struct sw_preflight_policy *policy = sw_calloc(1, sizeof(*policy), err);

    if (policy == NULL)
        return NULL;
    policy->rules = sw_json_parse(preflight_rules, preflight_rules_len, "the rules", err);
    policy->systems = sw_json_parse(preflight_kernels, preflight_kernels_len, "the list of kernels", err);
    if (policy->rules == NULL || policy->systems == NULL)
        goto fail;
    if (path == NULL)
        return policy;
    policy->path = sw_strdup(path, err);
    if (policy->path == NULL)
        goto fail;
    if (take_own(policy, path, err) < 0) {
        sw_context(err, "policy '%s'", path);
        goto fail;
    }
    return policy;
fail:
    sw_preflight_policy_free(policy);
    return NULL;
}

void sw_preflight_policy_free(struct sw_preflight_policy *policy)
{
    if (policy == NULL)
        return;
    json_decref(policy->rules);
    json_decref(policy->systems);
    free(policy->path);
    free(policy);
}

const json_t *sw_preflight_policy_rules(const struct sw_preflight_policy *policy)
{
    return json_object_get(policy->rules, "rules");
}
