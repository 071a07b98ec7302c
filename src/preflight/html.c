/* Verdicts as one page, with nothing from elsewhere. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/markup.h"
#include "src/preflight/rules.h"

#include <string.h>

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<title>Preflight</title>\n<style>\n"
    "body { font: 15px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; }\n"
    "table { border-collapse: collapse; width: 100%; margin: 1em 0; }\n"
    "th, td { text-align: left; vertical-align: top; border-bottom: 1px solid #ccc; padding: .3em .6em; }\n"
    ".refused { color: #a00; font-weight: bold; } .warning { color: #950; } .note, .unknown { color: #555; }\n"
    ".passed { color: #060; } small { color: #555; } code { overflow-wrap: anywhere; }\n"
    "</style>\n</head>\n<body>\n<h1>Preflight</h1>\n";

static int put_lanes(struct sw_buf *out, const json_t *verdict, struct sw_err *err)
{
    static const char *const counts[] = {"refused", "warnings", "notes", "unknown"};
    const json_t *state;
    const char *lane;

    if (sw_buf_puts(
            out,
            "<table>\n<tr><th>lane</th><th>verdict</th><th>refused</th><th>warnings</th><th>notes</th>"
            "<th>not looked at</th></tr>\n",
            err) < 0)
        return -1;
    json_object_foreach (json_object_get(verdict, "lanes"), lane, state) {
        if (markup(out, err, "<tr><td>", lane, "</td><td class=\"", ev_text(state, "verdict"), "\">",
                   ev_text(state, "verdict"), "</td>", MARKUP_END) < 0)
            return -1;
        for (size_t i = 0; i < SW_ARRAY_LEN(counts); i++)
            if (sw_buf_printf(out, err, "<td>%lld</td>",
                              (long long)json_integer_value(json_object_get(state, counts[i]))) < 0)
                return -1;
        if (sw_buf_puts(out, "</tr>\n", err) < 0)
            return -1;
    }
    return sw_buf_puts(out, "</table>\n", err);
}

static int put_severities(struct sw_buf *out, const json_t *rule, struct sw_err *err)
{
    const json_t *severity;
    const char *lane;

    json_object_foreach (json_object_get(rule, "lanes"), lane, severity) {
        if (markup(out, err, "<span class=\"", json_string_value(severity), "\">",
                   json_string_value(severity), "</span> <small>", lane, "</small><br>", MARKUP_END) < 0)
            return -1;
    }
    return 0;
}

static int put_rule(struct sw_buf *out, const json_t *rule, struct sw_err *err)
{
    const char *aws = sw_json_text(rule, "aws");
    const json_t *finding;
    size_t i;

    if (markup(out, err, "<tr><td><code>", ev_text(rule, "id"), "</code><br><small>", ev_text(rule, "title"),
               "</small></td><td>", MARKUP_END) < 0 ||
        put_severities(out, rule, err) < 0 || sw_buf_puts(out, "</td><td>", err) < 0)
        return -1;
    json_array_foreach (json_object_get(rule, "found"), i, finding) {
        if (markup(out, err, "<code>", ev_text(finding, "where"), "</code>: ", ev_text(finding, "what"),
                   "<br>", MARKUP_END) < 0)
            return -1;
    }
    if (aws != NULL && markup(out, err, "<small>AWS says: ", aws, "</small>", MARKUP_END) < 0)
        return -1;
    return markup(out, err, "</td><td>", ev_text(rule, "remedy"), "</td></tr>\n", MARKUP_END);
}

static int put_found(struct sw_buf *out, const json_t *verdict, struct sw_err *err)
{
    const json_t *rule;
    size_t i, n = 0;

    json_array_foreach (json_object_get(verdict, "rules"), i, rule) {
        if (strcmp(ev_text(rule, "state"), "found") != 0)
            continue;
        if (n++ == 0 &&
            sw_buf_puts(out,
                        "<table>\n<tr><th>rule</th><th>severity</th><th>found</th><th>remedy</th></tr>\n",
                        err) < 0)
            return -1;
        if (put_rule(out, rule, err) < 0)
            return -1;
    }
    return sw_buf_puts(out, n > 0 ? "</table>\n" : "<p class=\"passed\">Nothing was found.</p>\n", err);
}

static int put_unknown(struct sw_buf *out, const json_t *verdict, struct sw_err *err)
{
    const json_t *rule;
    size_t i, n = 0;

    json_array_foreach (json_object_get(verdict, "rules"), i, rule) {
        if (strcmp(ev_text(rule, "state"), "unknown") != 0)
            continue;
        if (markup(out, err, n++ == 0 ? "<p class=\"unknown\">Not looked at: " : ", ", ev_text(rule, "id"),
                   " (", ev_text(rule, "why"), ")", MARKUP_END) < 0)
            return -1;
    }
    return n > 0 ? sw_buf_puts(out, ".</p>\n", err) : 0;
}

static int put_disks(struct sw_buf *out, const json_t *verdict, struct sw_err *err)
{
    const json_t *disk, *part;
    size_t i, j;

    json_array_foreach (json_object_get(verdict, "disks"), i, disk) {
        if (markup(out, err, "<p>", ev_text(disk, "image"), ": ", ev_text(disk, "format"), " ",
                   ev_text(disk, "subformat"), "", "", MARKUP_END) < 0 ||
            sw_buf_printf(out, err, ", %lld bytes",
                          (long long)json_integer_value(json_object_get(disk, "virtual_bytes"))) < 0 ||
            markup(out, err, ", ", ev_text(disk, "table"), "<br><small>", MARKUP_END) < 0)
            return -1;
        json_array_foreach (json_object_get(disk, "partitions"), j, part) {
            if (sw_buf_printf(out, err, "partition %lld: ",
                              (long long)json_integer_value(json_object_get(part, "number"))) < 0 ||
                markup(out, err, "", ev_text(part, "content"), " (", ev_text(part, "role"), ") ",
                       ev_text(part, "name"), "; ", MARKUP_END) < 0)
                return -1;
        }
        if (sw_buf_puts(out, "</small></p>\n", err) < 0)
            return -1;
    }
    return 0;
}

static int put_verdict(struct sw_buf *out, const json_t *verdict, struct sw_err *err)
{
    if (markup(out, err, "<h2>", ev_text(verdict, "name"), "</h2>\n", MARKUP_END) < 0 ||
        put_disks(out, verdict, err) < 0 || put_lanes(out, verdict, err) < 0 ||
        put_found(out, verdict, err) < 0)
        return -1;
    return put_unknown(out, verdict, err);
}

static int put_fleet(struct sw_buf *out, const json_t *fleet, struct sw_err *err)
{
    const json_t *row;
    size_t i;

    if (sw_buf_printf(out, err,
                      "<p>%lld images; %lld of them nothing refuses once prepare was at work.</p>\n",
                      (long long)json_integer_value(json_object_get(fleet, "images")),
                      (long long)json_integer_value(json_object_get(fleet, "fixed"))) < 0 ||
        sw_buf_puts(out, "<table>\n<tr><th>cause</th><th>images</th><th>refused</th></tr>\n", err) < 0)
        return -1;
    json_array_foreach (json_object_get(fleet, "causes"), i, row) {
        if (markup(out, err, "<tr><td><code>", ev_text(row, "rule"), "</code> ", ev_text(row, "title"),
                   "</td>", MARKUP_END) < 0 ||
            sw_buf_printf(out, err, "<td>%zu</td><td>%lld</td></tr>\n",
                          json_array_size(json_object_get(row, "images")),
                          (long long)json_integer_value(json_object_get(row, "refused"))) < 0)
            return -1;
    }
    if (sw_buf_puts(out, "</table>\n", err) < 0)
        return -1;
    json_array_foreach (json_object_get(fleet, "unreadable"), i, row) {
        if (markup(out, err, "<p class=\"refused\">", ev_text(row, "name"), ": ", ev_text(row, "error"),
                   "</p>\n", MARKUP_END) < 0)
            return -1;
    }
    return 0;
}

char *sw_preflight_html(const json_t *verdicts, const json_t *fleet, const char *version, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf out = {0};
    const json_t *dates = json_object_get(json_array_get(verdicts, 0), "dates"), *verdict;
    size_t i;

    if (sw_buf_puts(&out, head, err) < 0 || (fleet != NULL && put_fleet(&out, fleet, err) < 0))
        return NULL;
    json_array_foreach (verdicts, i, verdict) {
        if (put_verdict(&out, verdict, err) < 0)
            return NULL;
    }
    if (markup(&out, err, "<p><small>slipway ", version, "; rules of ", ev_text(dates, "rules"),
               "; systems and kernels of ", ev_text(dates, "kernels"), "</small></p>\n</body>\n</html>\n",
               MARKUP_END) < 0)
        return NULL;
    return sw_buf_steal(&out);
}
