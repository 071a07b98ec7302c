/* What prepare would do, and what it did, as tables. */
#include "src/cli/prepare_show.h"

#include "src/base/json.h"
#include "src/cli/output.h"

#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 26, DIGEST_SHOWN = 16 };

static const char *text(const json_t *object, const char *key)
{
    const char *value = sw_json_text(object, key);

    return value != NULL ? value : "";
}

void prepare_show_chosen(const json_t *chosen)
{
    const json_t *one, *finding;
    size_t i, j;

    if (json_array_size(chosen) == 0)
        printf("nothing to do\n");
    json_array_foreach (chosen, i, one) {
        const json_t *findings = json_object_get(one, "findings");

        printf("%-*s", NAME_WIDTH, text(one, "component"));
        json_array_foreach (findings, j, finding)
            printf("%s%s", j > 0 ? ", " : "", json_string_value(finding));
        putchar('\n');
    }
}

/* Line by line, as control bytes are escaped and line ends are among them. */
static void print_diff(const char *diff)
{
    while (*diff != '\0') {
        size_t len = strcspn(diff, "\n");
        char *line = strndup(diff, len);

        fputs("    ", stdout);
        if (line != NULL)
            out_safe(stdout, line);
        putchar('\n');
        free(line);
        diff += len + (diff[len] == '\n');
    }
}

static void print_state(const json_t *state)
{
    const char *target = sw_json_text(state, "target"), *digest = sw_json_text(state, "sha256");
    char size[32];

    if (json_is_null(state) || state == NULL) {
        fputs("not there", stdout);
        return;
    }
    out_safe(stdout, text(state, "mode"));
    if (target != NULL) {
        fputs(" -> ", stdout);
        out_safe(stdout, target);
        return;
    }
    out_size((uint64_t)json_integer_value(json_object_get(state, "bytes")), size, sizeof(size));
    printf(" %s", size);
    if (digest != NULL)
        printf(" sha256:%.*s…", DIGEST_SHOWN, digest);
}

static void print_value(const json_t *change)
{
    out_safe(stdout, text(change, "key"));
    putchar('\\');
    out_safe(stdout, text(change, "name"));
    fputs("\n    ", stdout);
    out_safe(stdout, text(change, "before")[0] != '\0' ? text(change, "before") : "not there");
    fputs("  =>  ", stdout);
    out_safe(stdout, text(change, "after"));
    putchar('\n');
}

static void print_change(const json_t *change)
{
    const char *diff = sw_json_text(change, "diff");

    printf("%-8s ", text(change, "change"));
    if (json_object_get(change, "key") != NULL) {
        print_value(change);
        return;
    }
    out_safe(stdout, text(change, "path"));
    putchar('\n');
    if (diff != NULL) {
        print_diff(diff);
        return;
    }
    fputs("    ", stdout);
    print_state(json_object_get(change, "before"));
    fputs("  =>  ", stdout);
    print_state(json_object_get(change, "after"));
    putchar('\n');
}

void prepare_show_changes(const json_t *changes)
{
    const json_t *change;
    size_t i;

    if (json_array_size(changes) == 0)
        printf("no file was changed\n");
    json_array_foreach (changes, i, change)
        print_change(change);
}
