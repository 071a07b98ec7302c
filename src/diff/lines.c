/* The lines in which two small texts differ, by their longest common subsequence. */
#include "src/base/cleanup.h"
#include "src/diff/diff_private.h"

#include <stdint.h>
#include <string.h>

enum { LINES_MAX = 2000, CONTEXT = 3 };

struct line {
    const char *at;
    size_t len; /* with its end, where it has one */
};

struct text {
    struct line *lines;
    size_t n;
};

/* Lines of both, and for each pair of places how many are common behind it. */
struct table {
    struct text a, b;
    uint16_t *common;
    size_t width;
};

static int split(const char *bytes, size_t len, struct text *out, struct sw_err *err)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += bytes[i] == '\n' || i + 1 == len;
    out->lines = sw_calloc(n + 1, sizeof(*out->lines), err);
    if (out->lines == NULL)
        return -1;
    while (len > 0) {
        const char *end = memchr(bytes, '\n', len);
        size_t line = end != NULL ? (size_t)(end - bytes) + 1 : len;

        out->lines[out->n++] = (struct line){.at = bytes, .len = line};
        bytes += line;
        len -= line;
    }
    return 0;
}

static bool is_same(const struct table *t, size_t i, size_t j)
{
    return t->a.lines[i].len == t->b.lines[j].len &&
           memcmp(t->a.lines[i].at, t->b.lines[j].at, t->a.lines[i].len) == 0;
}

static void fill(struct table *t)
{
    for (size_t i = t->a.n; i-- > 0;)
        for (size_t j = t->b.n; j-- > 0;) {
            uint16_t down = t->common[(i + 1) * t->width + j], right = t->common[i * t->width + j + 1];

            if (is_same(t, i, j))
                t->common[i * t->width + j] = (uint16_t)(t->common[(i + 1) * t->width + j + 1] + 1);
            else
                t->common[i * t->width + j] = down >= right ? down : right;
        }
}

static int put(struct sw_buf *out, char sign, const struct line *line, struct sw_err *err)
{
    if (sw_buf_append(out, &sign, 1, err) < 0 || sw_buf_append(out, line->at, line->len, err) < 0)
        return -1;
    if (line->len > 0 && line->at[line->len - 1] == '\n')
        return 0;
    return sw_buf_puts(out, "\n\\ No newline at end of file\n", err);
}

/* One step of the way through both: a line that is common, gone or new. */
struct step {
    char sign;
    size_t i, j; /* places before it */
};

static size_t find_steps(const struct table *t, struct step *steps)
{
    size_t i = 0, j = 0, n = 0;

    while (i < t->a.n || j < t->b.n) {
        struct step *step = &steps[n++];

        *step = (struct step){.sign = ' ', .i = i, .j = j};
        if (i < t->a.n && j < t->b.n && is_same(t, i, j)) {
            i++, j++;
        } else if (i < t->a.n &&
                   (j == t->b.n || t->common[(i + 1) * t->width + j] >= t->common[i * t->width + j + 1])) {
            step->sign = '-';
            i++;
        } else {
            step->sign = '+';
            j++;
        }
    }
    return n;
}

/* Where the hunk that begins with the change at first ends: behind what follows its last change. */
static size_t hunk_end(const struct step *steps, size_t n, size_t first)
{
    size_t last = first;

    for (size_t k = first; k < n && k <= last + 2 * (size_t)CONTEXT; k++)
        if (steps[k].sign != ' ')
            last = k;
    return last + 1 + CONTEXT < n ? last + 1 + CONTEXT : n;
}

static int put_hunk(const struct table *t, const struct step *steps, size_t from, size_t to,
                    struct sw_buf *out, struct sw_err *err)
{
    size_t gone = 0, come = 0;

    for (size_t k = from; k < to; k++) {
        gone += steps[k].sign != '+';
        come += steps[k].sign != '-';
    }
    if (sw_buf_printf(out, err, "@@ -%zu,%zu +%zu,%zu @@\n", steps[from].i + (gone > 0), gone,
                      steps[from].j + (come > 0), come) < 0)
        return -1;
    for (size_t k = from; k < to; k++)
        if (put(out, steps[k].sign, steps[k].sign == '+' ? &t->b.lines[steps[k].j] : &t->a.lines[steps[k].i],
                err) < 0)
            return -1;
    return 0;
}

static int put_hunks(const struct table *t, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_FREE struct step *steps = sw_calloc(t->a.n + t->b.n + 1, sizeof(*steps), err);
    size_t n, done = 0;

    if (steps == NULL)
        return -1;
    n = find_steps(t, steps);
    for (size_t k = 0; k < n; k++) {
        size_t from, to;

        if (steps[k].sign == ' ')
            continue;
        from = k > done + CONTEXT ? k - CONTEXT : done;
        to = hunk_end(steps, n, k);
        if (put_hunk(t, steps, from, to, out, err) < 0)
            return -1;
        done = to;
        k = to - 1;
    }
    return 0;
}

static char *compare(struct table *t, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf out = {0};

    t->width = t->b.n + 1;
    t->common = sw_calloc((t->a.n + 1) * t->width, sizeof(*t->common), err);
    if (t->common == NULL)
        return NULL;
    fill(t);
    if (sw_buf_puts(&out, "", err) < 0 || put_hunks(t, &out, err) < 0)
        return NULL;
    return sw_buf_steal(&out);
}

char *diff_lines(const char *from, size_t from_len, const char *to, size_t to_len, struct sw_err *err)
{
    struct table t = {.common = NULL};
    char *out = NULL;

    if (split(from, from_len, &t.a, err) == 0 && split(to, to_len, &t.b, err) == 0 && t.a.n <= LINES_MAX &&
        t.b.n <= LINES_MAX)
        out = compare(&t, err);
    free(t.a.lines);
    free(t.b.lines);
    free(t.common);
    return out;
}
