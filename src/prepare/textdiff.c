/* Two texts as a unified diff: the longest common subsequence of what lies between common ends. */
#include "src/prepare/textdiff.h"

#include <stdbool.h>
#include <string.h>

enum { AROUND = 3, TABLE_MAX = 4 << 20 };

struct lines {
    struct text_span *items;
    size_t n;
};

/* op[i] is ' ', '-' or '+' for each line of the diff, in order. */
struct script {
    const struct lines *a, *b;
    char *ops;
    size_t n;
};

static void lines_free(struct lines *lines)
{
    free(lines->items);
}

static void script_free(struct script *script)
{
    free(script->ops);
}

/* A line has its line end with it, but for a last one that has none. */
static int split(struct text_span text, struct lines *out, struct sw_err *err)
{
    size_t n = 1;

    for (size_t i = 0; i < text.len; i++)
        n += text.text[i] == '\n';
    out->items = sw_calloc(n, sizeof(*out->items), err);
    if (out->items == NULL)
        return -1;
    while (text.len > 0) {
        const char *end = memchr(text.text, '\n', text.len);
        size_t len = end != NULL ? (size_t)(end - text.text) + 1 : text.len;

        out->items[out->n++] = (struct text_span){text.text, len};
        text.text += len;
        text.len -= len;
    }
    return 0;
}

static bool same(struct text_span a, struct text_span b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static void add(struct script *script, char op, size_t n)
{
    memset(script->ops + script->n, op, n);
    script->n += n;
}

/* a and b have no common ends. */
static int compare(const struct lines *a, const struct lines *b, struct script *script, struct sw_err *err)
{
    size_t wide = b->n + 1, i = 0, j = 0;
    SW_AUTO_FREE uint32_t *table = NULL;

    if (a->n == 0 || b->n == 0 || a->n + 1 > (size_t)TABLE_MAX / wide) {
        add(script, '-', a->n);
        add(script, '+', b->n);
        return 0;
    }
    table = sw_calloc((a->n + 1) * wide, sizeof(*table), err);
    if (table == NULL)
        return -1;
    for (size_t y = a->n; y-- > 0;)
        for (size_t x = b->n; x-- > 0;) {
            uint32_t down = table[(y + 1) * wide + x], right = table[y * wide + x + 1];

            table[y * wide + x] = same(a->items[y], b->items[x]) ? table[(y + 1) * wide + x + 1] + 1
                                  : down > right                 ? down
                                                                 : right;
        }
    while (i < a->n || j < b->n) {
        if (i < a->n && j < b->n && same(a->items[i], b->items[j])) {
            add(script, ' ', 1);
            i++;
            j++;
        } else if (i < a->n && (j == b->n || table[(i + 1) * wide + j] >= table[i * wide + j + 1])) {
            add(script, '-', 1);
            i++;
        } else {
            add(script, '+', 1);
            j++;
        }
    }
    return 0;
}

static int make_script(const struct lines *a, const struct lines *b, struct script *script,
                       struct sw_err *err)
{
    size_t head = 0, tail = 0;
    struct lines middle_a, middle_b;

    script->a = a;
    script->b = b;
    script->ops = sw_calloc(a->n + b->n + 1, 1, err);
    if (script->ops == NULL)
        return -1;
    while (head < a->n && head < b->n && same(a->items[head], b->items[head]))
        head++;
    while (tail < a->n - head && tail < b->n - head &&
           same(a->items[a->n - 1 - tail], b->items[b->n - 1 - tail]))
        tail++;
    middle_a = (struct lines){a->items + head, a->n - head - tail};
    middle_b = (struct lines){b->items + head, b->n - head - tail};
    add(script, ' ', head);
    if (compare(&middle_a, &middle_b, script, err) < 0)
        return -1;
    add(script, ' ', tail);
    return 0;
}

static int put_line(struct sw_buf *out, char op, struct text_span line, struct sw_err *err)
{
    if (sw_buf_append(out, &op, 1, err) < 0 || sw_buf_append(out, line.text, line.len, err) < 0)
        return -1;
    return line.text[line.len - 1] == '\n' ? 0 : sw_buf_puts(out, "\n\\ No newline at end of file\n", err);
}

/* Where a walk over the script is: at an op, a line of a and one of b. */
struct place {
    size_t op, a, b;
};

static void step(struct place *at, char op)
{
    at->op++;
    at->a += op != '+';
    at->b += op != '-';
}

/* The end of the hunk that has its first change at `first`: changes less than twice the context apart are one. */
static size_t hunk_end(const struct script *script, size_t first)
{
    size_t last = first;

    for (size_t i = first; i < script->n && i <= last + (size_t)2 * AROUND + 1; i++)
        if (script->ops[i] != ' ')
            last = i;
    return last + 1 + AROUND < script->n ? last + 1 + AROUND : script->n;
}

/* A range that is empty is named by the line before it, and one of a single line by that alone. */
static int put_range(struct sw_buf *out, char sign, size_t start, size_t n, struct sw_err *err)
{
    if (n == 1)
        return sw_buf_printf(out, err, "%c%zu", sign, start + 1);
    return sw_buf_printf(out, err, "%c%zu,%zu", sign, n > 0 ? start + 1 : start, n);
}

static int put_hunk(const struct script *script, struct place *at, size_t end, struct sw_buf *out,
                    struct sw_err *err)
{
    struct place last = *at;

    while (last.op < end)
        step(&last, script->ops[last.op]);
    if (sw_buf_puts(out, "@@ ", err) < 0 || put_range(out, '-', at->a, last.a - at->a, err) < 0 ||
        sw_buf_puts(out, " ", err) < 0 || put_range(out, '+', at->b, last.b - at->b, err) < 0 ||
        sw_buf_puts(out, " @@\n", err) < 0)
        return -1;
    while (at->op < end) {
        char op = script->ops[at->op];

        if (put_line(out, op, op == '+' ? script->b->items[at->b] : script->a->items[at->a], err) < 0)
            return -1;
        step(at, op);
    }
    return 0;
}

static int put_hunks(const struct script *script, struct sw_buf *out, struct sw_err *err)
{
    struct place at = {0, 0, 0};
    size_t next = 0;

    while (next < script->n) {
        size_t start;

        while (next < script->n && script->ops[next] == ' ')
            next++;
        if (next == script->n)
            break;
        start = next > (size_t)AROUND ? next - AROUND : 0;
        while (at.op < start)
            step(&at, script->ops[at.op]);
        next = hunk_end(script, next);
        if (put_hunk(script, &at, next, out, err) < 0)
            return -1;
    }
    return 0;
}

int textdiff(struct text_span before, struct text_span after, struct sw_buf *out, struct sw_err *err)
{
    SW_CLEANUP(lines_free) struct lines a = {.items = NULL};
    SW_CLEANUP(lines_free) struct lines b = {.items = NULL};
    SW_CLEANUP(script_free) struct script script = {.ops = NULL};

    if (split(before, &a, err) < 0 || split(after, &b, err) < 0 || make_script(&a, &b, &script, err) < 0)
        return -1;
    return put_hunks(&script, out, err);
}
