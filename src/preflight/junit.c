/* Verdicts as JUnit: a suite for each image and lane, a case for each rule. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/markup.h"
#include "src/preflight/rules.h"

#include <string.h>

struct counts {
    unsigned tests, failures, skipped;
};

static bool is(const json_t *object, const char *key, const char *word)
{
    return strcmp(ev_text(object, key), word) == 0;
}

/* "WHERE: WHAT" of each finding that the lane minds, a line each. */
static int put_findings(struct sw_buf *out, const json_t *rule, const char *lane, struct sw_err *err)
{
    const json_t *finding;
    size_t i;

    json_array_foreach (json_object_get(rule, "found"), i, finding) {
        if (json_object_get(json_object_get(finding, "lanes"), lane) == NULL)
            continue;
        if (markup(out, err, "", ev_text(finding, "where"), ": ", ev_text(finding, "what"), "\n",
                   MARKUP_END) < 0)
            return -1;
    }
    return markup(out, err, "", ev_text(rule, "remedy"), "\n", MARKUP_END);
}

static int put_outcome(struct sw_buf *out, const json_t *rule, const char *lane, struct counts *counts,
                       struct sw_err *err)
{
    const char *severity = sw_json_text(json_object_get(rule, "lanes"), lane);

    if (severity != NULL && strcmp(severity, "refused") == 0) {
        counts->failures++;
        if (markup(out, err, "      <failure type=\"refused\" message=\"", ev_text(rule, "title"), "\">",
                   MARKUP_END) < 0 ||
            put_findings(out, rule, lane, err) < 0)
            return -1;
        return sw_buf_puts(out, "</failure>\n", err);
    }
    if (severity != NULL) {
        if (markup(out, err, "      <system-out>", severity, ": ", ev_text(rule, "title"), "\n", MARKUP_END) <
                0 ||
            put_findings(out, rule, lane, err) < 0)
            return -1;
        return sw_buf_puts(out, "</system-out>\n", err);
    }
    if (is(rule, "state", "unknown") || is(rule, "state", "not applicable")) {
        counts->skipped++;
        return markup(out, err, "      <skipped message=\"",
                      is(rule, "state", "unknown") ? "not looked at: " : "not applicable: ", "",
                      ev_text(rule, "why"), "\"/>\n", MARKUP_END);
    }
    return 0;
}

static int put_suite(struct sw_buf *out, const json_t *verdict, const char *lane, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf cases = {0};
    struct counts counts = {.tests = 0};
    const json_t *rule;
    size_t i;

    json_array_foreach (json_object_get(verdict, "rules"), i, rule) {
        counts.tests++;
        if (markup(&cases, err, "    <testcase classname=\"", lane, "\" name=\"", ev_text(rule, "id"),
                   "\">\n", MARKUP_END) < 0 ||
            put_outcome(&cases, rule, lane, &counts, err) < 0 ||
            sw_buf_puts(&cases, "    </testcase>\n", err) < 0)
            return -1;
    }
    if (markup(out, err, "  <testsuite name=\"", ev_text(verdict, "name"), " (", lane, ")\"", MARKUP_END) <
            0 ||
        sw_buf_printf(out, err, " tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\">\n", counts.tests,
                      counts.failures, counts.skipped) < 0 ||
        sw_buf_append(out, cases.data != NULL ? cases.data : "", cases.len, err) < 0)
        return -1;
    return sw_buf_puts(out, "  </testsuite>\n", err);
}

static int put_unreadable(struct sw_buf *out, const json_t *image, struct sw_err *err)
{
    return markup(out, err, "  <testsuite name=\"", ev_text(image, "name"),
                  "\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n"
                  "    <testcase classname=\"image\" name=\"opened\">\n      <error message=\"",
                  ev_text(image, "error"), "\"/>\n    </testcase>\n  </testsuite>\n", MARKUP_END);
}

char *sw_preflight_junit(const json_t *verdicts, const json_t *unreadable, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf out = {0};
    const json_t *verdict, *state;
    const char *lane;
    size_t i;

    if (sw_buf_puts(&out,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"slipway preflight\">\n",
                    err) < 0)
        return NULL;
    json_array_foreach (verdicts, i, verdict) {
        json_object_foreach (json_object_get(verdict, "lanes"), lane, state) {
            if (put_suite(&out, verdict, lane, err) < 0)
                return NULL;
        }
    }
    json_array_foreach (unreadable, i, verdict) {
        if (put_unreadable(&out, verdict, err) < 0)
            return NULL;
    }
    if (sw_buf_puts(&out, "</testsuites>\n", err) < 0)
        return NULL;
    return sw_buf_steal(&out);
}
