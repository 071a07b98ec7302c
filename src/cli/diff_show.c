/* What differs between two disks, as a table. */
#include "src/cli/diff_show.h"

#include "slipway/recipe.h"
#include "src/base/buf.h"
#include "src/base/json.h"
#include "src/cli/output.h"
#include "src/recipe/doc.h"

#include <stdio.h>
#include <string.h>

enum { SHORT_HEX = 12, HEX = 64 };

static const struct {
    const char *list, *name;
} sections[] = {{"partitions", "partition"}, {"files", "path"},  {"packages", "package"}, {"units", "unit"},
                {"users", "name"},           {"groups", "name"}, {"registry", "key"}};

static const char *text(const json_t *object, const char *key)
{
    const char *value = sw_json_text(object, key);

    return value != NULL ? value : "";
}

static char letter_of(const json_t *row)
{
    const char *change = text(row, "change");

    if (strcmp(change, "added") == 0)
        return '+';
    if (strcmp(change, "removed") == 0)
        return '-';
    return strcmp(change, "renamed") == 0 ? '>' : '~';
}

/* ---- One line --------------------------------------------------------------------------------------------- */

static bool is_digest(const char *value)
{
    return strlen(value) == HEX && strspn(value, "0123456789abcdef") == HEX;
}

static int put_value(struct sw_buf *line, const json_t *value, struct sw_err *err)
{
    const char *string = json_string_value(value);

    if (string != NULL)
        return sw_buf_printf(line, err, "%.*s", is_digest(string) ? SHORT_HEX : (int)strlen(string), string);
    if (json_is_integer(value))
        return sw_buf_printf(line, err, "%lld", (long long)json_integer_value(value));
    if (json_is_boolean(value))
        return sw_buf_puts(line, json_is_true(value) ? "yes" : "no", err);
    return sw_buf_puts(line, "(none)", err);
}

/* What is new is told without what was not there before. */
static int put_change(struct sw_buf *line, char letter, const char *what, const json_t *pair,
                      struct sw_err *err)
{
    const json_t *from = json_object_get(pair, "from"), *to = json_object_get(pair, "to");

    if (sw_buf_printf(line, err, "%s ", what) < 0)
        return -1;
    if (letter == '+' || letter == '-')
        return put_value(line, letter == '+' ? to : from, err);
    if (json_is_null(from) && json_is_null(to))
        return sw_buf_puts(line, "differs", err);
    if (put_value(line, from, err) < 0 || sw_buf_puts(line, " -> ", err) < 0)
        return -1;
    return put_value(line, to, err);
}

static int put_changes(struct sw_buf *line, const json_t *row, struct sw_err *err)
{
    json_t *changes = json_object_get(row, "changes"), *pair;
    const char *what, *comma = "  ";

    json_object_foreach (changes, what, pair) {
        if (sw_buf_puts(line, comma, err) < 0 || put_change(line, letter_of(row), what, pair, err) < 0)
            return -1;
        comma = ", ";
    }
    return 0;
}

/* What a file is that one side alone has. */
static int put_file(struct sw_buf *line, const json_t *row, struct sw_err *err)
{
    const json_t *size = json_object_get(row, "size");

    if (letter_of(row) == '>')
        return sw_buf_printf(line, err, "  from %s", text(row, "from"));
    if (letter_of(row) == '~')
        return 0;
    if (sw_buf_printf(line, err, "  %s", text(row, "type")) < 0)
        return -1;
    if (text(row, "target")[0] != '\0')
        return sw_buf_printf(line, err, " to %s", text(row, "target"));
    return size == NULL ? 0 : sw_buf_printf(line, err, ", %lld bytes", (long long)json_integer_value(size));
}

/* Cut to so many characters; what leads a terminal astray takes more of them, and is cut by what it takes. */
static void print_cut(char *line, unsigned width)
{
    size_t len = strlen(line);

    if (width > 1 && sw_utf8_chars(line, len) > width) {
        while (len > 0 && sw_utf8_chars(line, len) > width - 1)
            len--;
        line[len] = '\0';
        out_safe(stdout, line);
        puts("…");
        return;
    }
    out_safe(stdout, line);
    putchar('\n');
}

static void print_lines(const char *lines)
{
    while (*lines != '\0') {
        size_t len = strcspn(lines, "\n");
        SW_AUTO_FREE char *line = strndup(lines, len);

        if (line != NULL) {
            fputs("      ", stdout);
            out_safe(stdout, line);
            putchar('\n');
        }
        lines += len + (lines[len] == '\n');
    }
}

static void print_row(const json_t *row, const char *name, unsigned width)
{
    SW_AUTO_BUF struct sw_buf line = {0};
    struct sw_err err = {.code = SW_OK};

    if (sw_buf_printf(&line, &err, "  %c %s", letter_of(row), text(row, name)) < 0 ||
        (strcmp(name, "path") == 0 && put_file(&line, row, &err) < 0) || put_changes(&line, row, &err) < 0)
        return;
    print_cut(line.data, width);
    print_lines(text(row, "unified"));
}

/* ---- The whole -------------------------------------------------------------------------------------------- */

static void print_counts(const json_t *result)
{
    static const char *const changes[] = {"added", "removed", "changed", "renamed"};
    const json_t *counts = json_object_get(result, "counts");
    const char *comma = "";
    size_t n = json_array_size(json_object_get(result, "files"));

    printf("%zu file%s differ%s", n, n == 1 ? "" : "s", n == 1 ? "s" : "");
    for (size_t i = 0; i < SW_ARRAY_LEN(changes); i++) {
        long long count = (long long)json_integer_value(json_object_get(counts, changes[i]));

        if (count == 0)
            continue;
        printf("%s%lld %s", comma[0] == '\0' ? ": " : comma, count, changes[i]);
        comma = ", ";
    }
    putchar('\n');
}

static void print_not_compared(const json_t *result, unsigned width)
{
    const json_t *list = json_object_get(result, "not_compared"), *row;
    size_t i;

    if (json_array_size(list) > 0)
        puts("not compared");
    json_array_foreach (list, i, row) {
        struct sw_err err = {.code = SW_OK};
        SW_AUTO_FREE char *line = sw_strf(&err, "  ? %s: %s", text(row, "where"), text(row, "why"));

        if (line != NULL)
            print_cut(line, width);
    }
}

static void print_section(const json_t *result, size_t which, enum diff_shape shape, unsigned width)
{
    const json_t *rows = json_object_get(result, sections[which].list), *row;
    size_t i, n = json_array_size(rows);

    if (n == 0)
        return;
    if (shape == DIFF_STAT) {
        if (strcmp(sections[which].list, "files") != 0)
            printf("%s: %zu\n", sections[which].list, n);
        return;
    }
    puts(sections[which].list);
    json_array_foreach (rows, i, row) {
        print_row(row, sections[which].name, width);
    }
}

static void print_names(const json_t *result)
{
    const json_t *row;
    size_t i;

    json_array_foreach (json_object_get(result, "files"), i, row) {
        printf("%c ", letter_of(row));
        out_safe(stdout, text(row, "path"));
        putchar('\n');
    }
}

void diff_show(const json_t *result, enum diff_shape shape, unsigned width)
{
    if (shape == DIFF_NAMES) {
        print_names(result);
        return;
    }
    for (size_t i = 0; i < SW_ARRAY_LEN(sections); i++)
        print_section(result, i, shape, width);
    print_not_compared(result, width);
    if (strcmp(text(result, "looked_at"), "sectors") == 0)
        puts("the disks are the same, sector for sector");
    else
        print_counts(result);
}
