/* Verdicts as SARIF 2.1.0: a result for each thing that was found, a notification for each rule that was not looked at. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/markup.h"
#include "src/preflight/rules.h"

#include <string.h>

#define SARIF_SCHEMA \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

static json_t *describe(const json_t *rule)
{
    const char *aws = sw_json_text(rule, "aws");

    return json_pack("{s:O, s:{s:O}, s:{s:s}, s:{s:s*, s:O*, s:O*}}", "id", json_object_get(rule, "id"),
                     "shortDescription", "text", json_object_get(rule, "title"), "help", "text",
                     ev_text(rule, "remedy"), "properties", "aws", aws, "source",
                     json_object_get(rule, "source"), "date", json_object_get(rule, "date"));
}

/* Rules in the order in which the first verdict has them: a result's ruleIndex leads here. */
static json_t *describe_all(const json_t *verdicts, struct sw_err *err)
{
    SW_AUTO_JSON json_t *rules = json_array();
    const json_t *rule;
    size_t i;

    json_array_foreach (json_object_get(json_array_get(verdicts, 0), "rules"), i, rule) {
        if (sw_json_append(rules, describe(rule), err) < 0)
            return NULL;
    }
    return json_incref(rules);
}

/* The worst of a finding's severities, in SARIF's words. */
static const char *level_of(const json_t *lanes)
{
    static const char *const words[][2] = {{"refused", "error"}, {"warning", "warning"}};

    for (size_t i = 0; i < SW_ARRAY_LEN(words); i++)
        for (const char *const *lane = sw_preflight_lanes; *lane != NULL; lane++)
            if (strcmp(ev_text(lanes, *lane), words[i][0]) == 0)
                return words[i][1];
    return "note";
}

static json_t *result_of(const json_t *verdict, const json_t *rule, size_t index, const json_t *finding,
                         struct sw_err *err)
{
    SW_AUTO_FREE char *uri = markup_uri(ev_text(verdict, "name"), err);
    SW_AUTO_FREE char *message = NULL;
    json_t *lanes = json_object_get(finding, "lanes");

    if (uri == NULL)
        return NULL;
    message = sw_strf(err, "%s: %s. Remedy: %s", ev_text(finding, "where"), ev_text(finding, "what"),
                      ev_text(rule, "remedy"));
    if (message == NULL)
        return NULL;
    return json_pack("{s:O, s:i, s:s, s:{s:s}, s:[{s:{s:{s:s}}}], s:{s:O}}", "ruleId",
                     json_object_get(rule, "id"), "ruleIndex", (int)index, "level", level_of(lanes),
                     "message", "text", message, "locations", "physicalLocation", "artifactLocation", "uri",
                     uri, "properties", "lanes", lanes);
}

static json_t *notice_of(const json_t *verdict, const json_t *rule, struct sw_err *err)
{
    SW_AUTO_FREE char *message = sw_strf(err, "%s: %s: not looked at (%s)", ev_text(verdict, "name"),
                                         ev_text(rule, "id"), ev_text(rule, "why"));

    if (message == NULL)
        return NULL;
    return json_pack("{s:s, s:{s:s}, s:{s:O}}", "level", "note", "message", "text", message, "associatedRule",
                     "id", json_object_get(rule, "id"));
}

static int add_verdict(const json_t *verdict, json_t *results, json_t *notices, struct sw_err *err)
{
    const json_t *rule, *finding;
    size_t i, j;

    json_array_foreach (json_object_get(verdict, "rules"), i, rule) {
        if (strcmp(ev_text(rule, "state"), "unknown") == 0 &&
            sw_json_append(notices, notice_of(verdict, rule, err), err) < 0)
            return -1;
        json_array_foreach (json_object_get(rule, "found"), j, finding) {
            if (sw_json_append(results, result_of(verdict, rule, i, finding, err), err) < 0)
                return -1;
        }
    }
    return 0;
}

static int add_unreadable(const json_t *unreadable, json_t *notices, struct sw_err *err)
{
    const json_t *image;
    size_t i;

    json_array_foreach (unreadable, i, image) {
        if (sw_json_append(notices,
                           json_pack("{s:s, s:{s:O}}", "level", "error", "message", "text",
                                     json_object_get(image, "error")),
                           err) < 0)
            return -1;
    }
    return 0;
}

char *sw_preflight_sarif(const json_t *verdicts, const json_t *unreadable, const char *version,
                         struct sw_err *err)
{
    SW_AUTO_JSON json_t *rules = describe_all(verdicts, err);
    SW_AUTO_JSON json_t *results = json_array();
    SW_AUTO_JSON json_t *notices = json_array();
    SW_AUTO_JSON json_t *log = NULL;
    const json_t *verdict;
    size_t i;

    if (rules == NULL)
        return NULL;
    json_array_foreach (verdicts, i, verdict) {
        if (add_verdict(verdict, results, notices, err) < 0)
            return NULL;
    }
    if (add_unreadable(unreadable, notices, err) < 0)
        return NULL;
    log = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:O}}, s:[{s:b, s:O}], s:O}]}", "$schema", SARIF_SCHEMA,
                    "version", "2.1.0", "runs", "tool", "driver", "name", "slipway preflight", "version",
                    version, "rules", rules, "invocations", "executionSuccessful",
                    json_array_size(unreadable) == 0, "toolExecutionNotifications", notices, "results",
                    results);
    if (log == NULL) {
        sw_fail(err, SW_FAILED, "out of memory");
        return NULL;
    }
    return sw_json_pretty(log, err);
}
