/* Preflight's verdicts as tables. */
#include "src/cli/preflight_show.h"

#include "slipway/preflight.h"
#include "src/base/json.h"
#include "src/cli/output.h"

#include <stdio.h>
#include <string.h>

enum { RULE_WIDTH = 27, LANE_WIDTH = 17, LINE_WIDTH = 100 };

static const char *text(const json_t *object, const char *key)
{
    const char *value = sw_json_text(object, key);

    return value != NULL ? value : "";
}

static bool is_state(const json_t *rule, const char *state)
{
    return strcmp(text(rule, "state"), state) == 0;
}

static long long number(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static const char *plural(const json_t *object, const char *key)
{
    return number(object, key) == 1 ? "" : "s";
}

static void print_table(const json_t *disk)
{
    const char *table = text(disk, "table"), *content = text(disk, "content");
    size_t n = json_array_size(json_object_get(disk, "partitions"));

    if (strcmp(table, "gpt") == 0 || strcmp(table, "mbr") == 0)
        printf(", %s with %zu partition%s", table[0] == 'g' ? "GPT" : "MBR", n, n == 1 ? "" : "s");
    else if (table[0] != '\0')
        printf(", no partition table");
    if (content[0] != '\0')
        printf(", holds %s", content);
}

static void print_disk(const json_t *disk)
{
    char size[32];

    out_safe(stdout, text(disk, "image"));
    if (json_object_get(disk, "format") == NULL) {
        printf(": not opened\n");
        return;
    }
    out_size((uint64_t)number(disk, "virtual_bytes"), size, sizeof(size));
    printf(": %s%s%s%s, %s", json_is_true(json_object_get(disk, "sealed")) ? "sealed " : "",
           text(disk, "format"), text(disk, "subformat")[0] != '\0' ? " " : "", text(disk, "subformat"),
           size);
    print_table(disk);
    putchar('\n');
}

static void print_boot(const json_t *verdict)
{
    const json_t *modes = json_object_get(verdict, "boot_modes"), *mode;
    size_t i;

    if (json_array_size(modes) == 0)
        return;
    printf("boot modes:");
    json_array_foreach (modes, i, mode)
        printf(" %s", json_string_value(mode));
    putchar('\n');
}

static void print_lanes(const json_t *verdict)
{
    const json_t *state;
    const char *lane;

    json_object_foreach (json_object_get(verdict, "lanes"), lane, state)
        printf("%-*s%-9s%3lld refused, %lld warning%s, %lld note%s, %lld not looked at\n", LANE_WIDTH, lane,
               text(state, "verdict"), number(state, "refused"), number(state, "warnings"),
               plural(state, "warnings"), number(state, "notes"), plural(state, "notes"),
               number(state, "unknown"));
}

/* One column for each lane, the last one as wide as it is. */
static void print_columns(const json_t *verdict, const char *(*cell)(const json_t *rule, const char *lane),
                          const json_t *rule)
{
    const json_t *state;
    const char *lane;
    int room = 0;

    json_object_foreach (json_object_get(verdict, "lanes"), lane, state) {
        const char *word = cell(rule, lane);

        printf("%*s %s", room, "", word);
        room = (int)strlen(word) + 1 < LANE_WIDTH ? LANE_WIDTH - (int)strlen(word) - 1 : 0;
    }
    putchar('\n');
}

static const char *lane_name(const json_t *rule, const char *lane)
{
    (void)rule;
    return lane;
}

static const char *lane_severity(const json_t *rule, const char *lane)
{
    const char *severity = sw_json_text(json_object_get(rule, "lanes"), lane);

    return severity != NULL ? severity : is_state(rule, "found") ? "-" : text(rule, "state");
}

static void print_rule(const json_t *verdict, const json_t *rule)
{
    const char *aws = sw_json_text(rule, "aws");
    const json_t *finding;
    size_t i;

    printf("%-*s", RULE_WIDTH, text(rule, "id"));
    print_columns(verdict, lane_severity, rule);
    json_array_foreach (json_object_get(rule, "found"), i, finding) {
        printf("    ");
        out_safe(stdout, text(finding, "where"));
        printf(": ");
        out_safe(stdout, text(finding, "what"));
        putchar('\n');
    }
    if (!is_state(rule, "found"))
        return;
    if (aws != NULL)
        printf("    AWS says: %s\n", aws);
    printf("    remedy: %s\n", text(rule, "remedy"));
}

static void print_rules(const json_t *verdict, bool all)
{
    const json_t *rule;
    bool any = false;
    size_t i;

    json_array_foreach (json_object_get(verdict, "rules"), i, rule) {
        if (is_state(rule, "unknown") || (!all && !is_state(rule, "found")))
            continue;
        if (!any) {
            printf("\n%-*s", RULE_WIDTH, "rule");
            print_columns(verdict, lane_name, rule);
        }
        any = true;
        print_rule(verdict, rule);
    }
}

/* One paragraph for each reason why rules were not looked at. */
static void print_unknown_for(const json_t *verdict, const char *why)
{
    const json_t *rule;
    int column = 0;
    size_t i;

    column = printf("\nnot looked at (%s):", why);
    json_array_foreach (json_object_get(verdict, "rules"), i, rule) {
        if (!is_state(rule, "unknown") || strcmp(text(rule, "why"), why) != 0)
            continue;
        if (column + (int)strlen(text(rule, "id")) + 1 > LINE_WIDTH)
            column = printf("\n   ") - 1;
        column += printf(" %s", text(rule, "id"));
    }
    putchar('\n');
}

static bool told_before(const json_t *rules, size_t n, const char *why)
{
    for (size_t i = 0; i < n; i++)
        if (is_state(json_array_get(rules, i), "unknown") &&
            strcmp(text(json_array_get(rules, i), "why"), why) == 0)
            return true;
    return false;
}

static void print_unknown(const json_t *verdict)
{
    const json_t *rules = json_object_get(verdict, "rules"), *rule;
    size_t i;

    json_array_foreach (rules, i, rule) {
        if (is_state(rule, "unknown") && !told_before(rules, i, text(rule, "why")))
            print_unknown_for(verdict, text(rule, "why"));
    }
}

static void print_dates(const json_t *verdict)
{
    const json_t *dates = json_object_get(verdict, "dates");
    const char *policy = sw_json_text(verdict, "policy");

    printf("\nrules of %s; systems and kernels of ", text(dates, "rules"));
    out_safe(stdout, text(dates, "kernels"));
    if (policy != NULL) {
        printf("; policy ");
        out_safe(stdout, policy);
    }
    putchar('\n');
}

void preflight_show_verdict(const json_t *verdict, bool all)
{
    const json_t *disk;
    size_t i;

    json_array_foreach (json_object_get(verdict, "disks"), i, disk)
        print_disk(disk);
    print_boot(verdict);
    print_lanes(verdict);
    print_rules(verdict, all);
    print_unknown(verdict);
    print_dates(verdict);
}

static void print_image(const json_t *verdict)
{
    const json_t *state, *rule;
    const char *lane, *before = "";
    size_t i;

    out_safe(stdout, text(verdict, "name"));
    putchar(':');
    json_object_foreach (json_object_get(verdict, "lanes"), lane, state) {
        printf("%s %s %s", before, lane, text(state, "verdict"));
        before = ",";
    }
    before = ": ";
    json_array_foreach (json_object_get(verdict, "rules"), i, rule) {
        if (!is_state(rule, "found"))
            continue;
        printf("%s%s", before, text(rule, "id"));
        before = ", ";
    }
    putchar('\n');
}

static void print_causes(const json_t *fleet)
{
    const json_t *cause, *fix;
    const char *component;
    size_t i;

    if (json_array_size(json_object_get(fleet, "causes")) == 0)
        return;
    printf("\n%-*s%8s%9s  fix\n", RULE_WIDTH, "cause", "images", "refused");
    json_array_foreach (json_object_get(fleet, "causes"), i, cause) {
        fix = json_object_get(cause, "fix");
        component = sw_json_text(fix, "component");
        printf("%-*s%8zu%9lld  %s%s%s\n", RULE_WIDTH, text(cause, "rule"),
               json_array_size(json_object_get(cause, "images")), number(cause, "refused"),
               fix != NULL ? text(fix, "by") : "by hand", component != NULL ? ": " : "",
               component != NULL ? component : "");
    }
}

void preflight_show_fleet(const json_t *verdicts, const json_t *fleet)
{
    const json_t *row;
    char size[32];
    size_t i;

    json_array_foreach (verdicts, i, row)
        print_image(row);
    json_array_foreach (json_object_get(fleet, "unreadable"), i, row) {
        out_safe(stdout, text(row, "name"));
        printf(": not looked at: ");
        out_safe(stdout, text(row, "error"));
        putchar('\n');
    }
    print_causes(fleet);
    out_size((uint64_t)number(fleet, "upload_bytes"), size, sizeof(size));
    printf("\n%lld image%s; %lld that are refused can be mended by slipway; about %s to upload",
           number(fleet, "images"), plural(fleet, "images"), number(fleet, "fixed"), size);
    if (json_object_get(fleet, "upload_seconds") != NULL)
        printf(", %lld s", number(fleet, "upload_seconds"));
    putchar('\n');
    if (json_array_size(verdicts) > 0)
        print_dates(json_array_get(verdicts, 0));
}
