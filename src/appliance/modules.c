/* Which modules of a kernel are loaded for others, by modules.dep. */
#include "src/appliance/modules.h"

#include "src/base/fs.h"

#include <string.h>

size_t modules_name(const char *path, size_t path_len, const char **name)
{
    const char *slash = memrchr(path, '/', path_len), *dot;
    size_t len;

    *name = slash != NULL ? slash + 1 : path;
    len = path_len - (size_t)(*name - path);
    dot = memchr(*name, '.', len);
    return dot != NULL ? (size_t)(dot - *name) : len;
}

static char plain(char c)
{
    return c == '-' ? '_' : c;
}

static bool same_name(const char *a, size_t len, const char *b)
{
    for (size_t i = 0; i < len; i++)
        if (b[i] == '\0' || plain(a[i]) != plain(b[i]))
            return false;
    return b[len] == '\0';
}

/* The line whose module has this name: its begin and its end; NULL: there is none. */
static const char *find_line(const char *text, const char *name, const char **end)
{
    for (const char *line = text; *line != '\0'; line = **end != '\0' ? *end + 1 : *end) {
        const char *colon, *base;
        size_t len;

        *end = line + strcspn(line, "\n");
        colon = memchr(line, ':', (size_t)(*end - line));
        if (colon == NULL)
            continue;
        len = modules_name(line, (size_t)(colon - line), &base);
        if (same_name(base, len, name))
            return line;
    }
    return NULL;
}

static int add(struct modules *out, const char *path, size_t len, struct sw_err *err)
{
    SW_AUTO_FREE char *copy = sw_strf(err, "%.*s", (int)len, path);

    if (copy == NULL)
        return -1;
    if (!sw_is_relative_path(copy))
        return sw_fail(err, SW_FAILED, "modules.dep names '%s'", copy);
    for (size_t i = 0; i < out->n; i++)
        if (strcmp(out->paths[i], copy) == 0)
            return 0;
    if (out->n == MODULES_MAX)
        return sw_fail(err, SW_FAILED, "the appliance's modules need more than %d others", MODULES_MAX);
    out->paths[out->n++] = SW_STEAL_PTR(copy);
    return 0;
}

/* depmod writes what a module needs with the last needed first. */
static int choose(const char *line, const char *end, struct modules *out, struct sw_err *err)
{
    const char *colon = memchr(line, ':', (size_t)(end - line));

    while (end > colon + 1) {
        const char *blank = memrchr(colon + 1, ' ', (size_t)(end - colon - 1));
        const char *word = blank != NULL ? blank + 1 : colon + 1;

        if (end > word && add(out, word, (size_t)(end - word), err) < 0)
            return -1;
        end = blank != NULL ? blank : colon + 1;
    }
    return add(out, line, (size_t)(colon - line), err);
}

int modules_choose(const char *text, const char *const *names, struct modules *out, struct sw_err *err)
{
    for (; *names != NULL; names++) {
        const char *end, *line = find_line(text, *names, &end);

        if (line != NULL && choose(line, end, out, err) < 0)
            return -1;
    }
    return 0;
}

void modules_clear(struct modules *modules)
{
    for (size_t i = 0; i < modules->n; i++)
        free(modules->paths[i]);
    *modules = (struct modules){.n = 0};
}
