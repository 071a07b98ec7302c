/* Reading a manifest: lines of "SHA256(name)= digest", one a file. */
#include "formats/ova/manifest.h"
#include "src/base/buf.h"

#include <string.h>
#include <strings.h>

struct reader {
    struct manifest *manifest;
    const char *name;
    unsigned line;
    struct sw_err *err;
};

static int bad(const struct reader *reader, const char *what)
{
    return sw_fail(reader->err, SW_INTEGRITY, "'%s', line %u: %s", reader->name, reader->line, what);
}

bool manifest_hash(const char *name, size_t len, enum sw_hash *hash)
{
    return sw_hash_find(name, len, hash) && *hash != SW_HASH_MD5;
}

static char *skip_blanks(char *at)
{
    return at + strspn(at, " \t");
}

static int add(const struct reader *reader, const struct manifest_line *line)
{
    struct manifest *manifest = reader->manifest;

    if (manifest_find(manifest, line->name) != NULL)
        return sw_fail(reader->err, SW_INTEGRITY, "'%s', line %u: a second digest for '%s'", reader->name,
                       reader->line, line->name);
    if (manifest->n == MANIFEST_LINES_MAX)
        return bad(reader, "there are more than 1024 lines");
    if (manifest->lines == NULL)
        manifest->lines = sw_calloc(MANIFEST_LINES_MAX, sizeof(*manifest->lines), reader->err);
    if (manifest->lines == NULL)
        return -1;
    manifest->lines[manifest->n] = *line;
    manifest->lines[manifest->n].name = sw_strdup(line->name, reader->err);
    return manifest->lines[manifest->n++].name != NULL ? 0 : -1;
}

/* ALGORITHM(NAME)= HEX, where the name may hold brackets itself. */
static int take_line(const struct reader *reader, char *text)
{
    struct manifest_line line;
    char *open, *close, *hex;
    size_t len = strcspn(text, " \t(");

    open = skip_blanks(text + len);
    close = strrchr(text, ')');
    if (*open != '(' || close == NULL || close < open)
        return bad(reader, "it is not 'ALGORITHM(NAME)= DIGEST'");
    if (!manifest_hash(text, len, &line.hash))
        return sw_fail(reader->err, SW_REFUSED,
                       "'%s', line %u: the algorithm '%.*s' is not SHA1, SHA256 or SHA512", reader->name,
                       reader->line, (int)(len < 32 ? len : 32), text);
    *close = '\0';
    line.name = open + 1;
    hex = skip_blanks(close + 1);
    if (*hex++ != '=')
        return bad(reader, "there is no '=' after the name");
    hex = skip_blanks(hex);
    if (sw_unhex(hex, strcspn(hex, " \t"), line.digest, sw_hash_bytes(line.hash)) < 0 ||
        *skip_blanks(hex + strcspn(hex, " \t")) != '\0')
        return bad(reader, "the digest has not as many hex digits as its algorithm gives");
    return add(reader, &line);
}

static int take_lines(struct reader *reader, char *rest)
{
    char *line;

    while ((line = strsep(&rest, "\n")) != NULL) {
        size_t len = strlen(line);

        reader->line++;
        if (len > 0 && line[len - 1] == '\r')
            line[len - 1] = '\0';
        if (*skip_blanks(line) != '\0' && take_line(reader, line) < 0)
            return -1;
    }
    return 0;
}

int manifest_parse(const char *text, size_t len, const char *name, struct manifest *manifest,
                   struct sw_err *err)
{
    struct reader reader = {.manifest = manifest, .name = name, .err = err};
    SW_AUTO_FREE char *copy = NULL;

    *manifest = (struct manifest){.n = 0};
    if (len > MANIFEST_MAX_BYTES)
        return sw_fail(err, SW_REFUSED, "'%s' has %zu bytes, more than 1 MiB", name, len);
    if (memchr(text, '\0', len) != NULL)
        return sw_fail(err, SW_INTEGRITY, "'%s' holds a NUL: it is no manifest", name);
    copy = strndup(text, len);
    if (copy == NULL)
        return sw_fail_errno(err, "cannot keep '%s'", name);
    if (take_lines(&reader, copy) < 0) {
        manifest_free(manifest);
        return -1;
    }
    return 0;
}

void manifest_free(struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->n; i++)
        free(manifest->lines[i].name);
    free(manifest->lines);
    *manifest = (struct manifest){.n = 0};
}

const struct manifest_line *manifest_find(const struct manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->n; i++)
        if (strcmp(manifest->lines[i].name, name) == 0)
            return &manifest->lines[i];
    return NULL;
}
