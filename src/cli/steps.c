/* What the steps of a component need, as lines. */
#include "src/cli/steps.h"

#include "src/base/json.h"
#include "src/cli/output.h"

#include <stdio.h>

static void print_place(const json_t *json)
{
    printf("%lld:%lld: ", (long long)json_integer_value(json_object_get(json, "line")),
           (long long)json_integer_value(json_object_get(json, "column")));
}

static void print_reason(const json_t *step, const json_t *reason, const char *indent)
{
    const char *source = sw_json_text(reason, "source");

    printf("%s    ", indent);
    out_safe(stdout, sw_json_text(step, "file"));
    putchar(':');
    print_place(reason);
    printf("%s: ", sw_json_text(reason, "need"));
    out_safe(stdout, sw_json_text(reason, "words"));
    printf(": %s", sw_json_text(reason, "why"));
    if (source[0] != '\0') {
        fputs(": ", stdout);
        out_safe(stdout, source);
    }
    putchar('\n');
}

void steps_print(const json_t *list, const char *indent)
{
    size_t i, k;
    json_t *step, *reason;

    json_array_foreach (list, i, step) {
        fputs(indent, stdout);
        out_safe(stdout, sw_json_text(step, "file"));
        putchar(':');
        print_place(step);
        out_safe(stdout, sw_json_text(step, "phase"));
        putchar('/');
        out_safe(stdout, sw_json_text(step, "step"));
        printf(": %s%s\n", sw_json_text(step, "need"),
               sw_json_text(step, "sealed") != NULL ? " (sealed)" : "");
        json_array_foreach (json_object_get(step, "reasons"), k, reason) {
            print_reason(step, reason, indent);
        }
    }
}
