/* Documents that are sealed at rest: opened in memory, for whoever they say they are, and never quoted. */
#include "src/recipe/sealed.h"

#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/recipe/component.h"
#include "src/recipe/recipe.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const char sealed_end[] = ".sealed";

static bool ends_with(const char *text, size_t len, const char *end)
{
    size_t n = strlen(end);

    return len > n && strncmp(text + len - n, end, n) == 0;
}

/* The length of the name without ".sealed" and then without the suffix of a document. */
static size_t bare_length(const char *base, bool suffix_too)
{
    static const char *const suffixes[] = {".yml", ".yaml", ".json"};
    size_t len = strlen(base);

    if (ends_with(base, len, sealed_end))
        len -= sizeof(sealed_end) - 1;
    for (size_t i = 0; suffix_too && i < SW_ARRAY_LEN(suffixes); i++)
        if (ends_with(base, len, suffixes[i]))
            return len - strlen(suffixes[i]);
    return len;
}

/* NAME of NAME/1.2.3.yml. */
static void folder_of(const char *path, const char *base, struct sw_component_id *id)
{
    const char *end = base > path ? base - 1 : path, *begin = end;

    while (begin > path && begin[-1] != '/')
        begin--;
    snprintf(id->name, sizeof(id->name), "%.*s", (int)(end - begin), begin);
}

void sw_component_id_of(const char *path, struct sw_component_id *id)
{
    const char *base = sw_path_base(path);
    const char *dash;
    char stem[sizeof(id->file)];

    snprintf(id->file, sizeof(id->file), "%.*s", (int)bare_length(base, false), base);
    snprintf(stem, sizeof(stem), "%.*s", (int)bare_length(base, true), base);
    snprintf(id->name, sizeof(id->name), "%.127s", stem);
    id->version[0] = '\0';
    if (sw_version_parse(stem, NULL)) {
        snprintf(id->version, sizeof(id->version), "%.47s", stem);
        folder_of(path, base, id);
        return;
    }
    dash = strrchr(stem, '-');
    if (dash == NULL || dash == stem || !sw_version_parse(dash + 1, NULL))
        return;
    snprintf(id->version, sizeof(id->version), "%.47s", dash + 1);
    snprintf(id->name, sizeof(id->name), "%.*s", (int)(dash - stem), stem);
}

static bool has_magic(const char *path)
{
    SW_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    uint8_t head[SW_SEAL_PROBE_BYTES];

    return fd >= 0 && read(fd, head, sizeof(head)) == (ssize_t)sizeof(head) &&
           sw_seal_probe(head, sizeof(head));
}

bool sw_is_sealed(const char *path)
{
    return strcmp(path, "-") != 0 && (ends_with(path, strlen(path), sealed_end) || has_magic(path));
}

static const char *value_of(const struct sw_in *in, const char *key)
{
    size_t n = 0;
    const struct sw_pair *pairs = sw_seal_in_context(in, &n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(pairs[i].key, key) == 0)
            return pairs[i].value;
    return NULL;
}

static int is_other(const char *has, const char *wanted, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "its context has " SW_COMPONENT_KEY "='%s'; %s was expected",
                   sw_show(has).text, wanted);
}

/* NAME and VERSION as the reference has them; its file's name where that is all it says. */
static int check_identity(const struct sw_in *in, const char *path, const struct sw_opening *opening,
                          struct sw_err *err)
{
    const char *has = value_of(in, SW_COMPONENT_KEY), *file = value_of(in, SW_COMPONENT_FILE_KEY);
    const char *slash = has != NULL ? strrchr(has, '/') : NULL;
    const char *version = opening->version;
    struct sw_component_id id;
    char wanted[256];

    if (slash == NULL || slash == has || !sw_version_parse(slash + 1, NULL))
        return sw_fail(err, SW_INTEGRITY,
                       "its context has no " SW_COMPONENT_KEY "=NAME/VERSION: it was not "
                       "sealed as a component");
    sw_component_id_of(path, &id);
    if (opening->any)
        return 0;
    if (version == NULL)
        version = id.version[0] != '\0' ? id.version : "x.x.x";
    if (opening->name != NULL)
        snprintf(id.name, sizeof(id.name), "%s", opening->name);
    snprintf(wanted, sizeof(wanted), "'%s/%s'", id.name, version);
    if (!sw_version_fits(version, slash + 1))
        return is_other(has, wanted, err);
    if (opening->name == NULL && id.version[0] == '\0' && file != NULL)
        return strcmp(file, id.file) == 0
                   ? 0
                   : sw_fail(err, SW_INTEGRITY, "it was sealed as '%s' (%s), which is not '%s'",
                             sw_show(file).text, sw_show(has).text, id.file);
    return strlen(id.name) == (size_t)(slash - has) && strncmp(id.name, has, strlen(id.name)) == 0
               ? 0
               : is_other(has, wanted, err);
}

static int read_text(struct sw_in *in, struct sw_buf *text, struct sw_err *err)
{
    if (in->size_bytes > SW_DOC_MAX_BYTES)
        return sw_fail(err, SW_INTEGRITY, "it holds more than %zu bytes", SW_DOC_MAX_BYTES);
    if (sw_buf_reserve(text, (size_t)in->size_bytes + 1, err) < 0 ||
        sw_in_read(in, text->data, (size_t)in->size_bytes, 0, err) < 0)
        return -1;
    text->len = (size_t)in->size_bytes;
    text->data[text->len] = '\0';
    return 0;
}

/* The opened text, and *sealed "NAME/VERSION"; free it. */
static int open_text(const char *path, const struct sw_opening *opening, struct sw_buf *text, char **sealed,
                     struct sw_err *err)
{
    const struct sw_unseal_opts how = {.keys = opening->keys, .opener = opening->opener};
    struct sw_in *in = NULL;
    int rc;

    if (!has_magic(path))
        return sw_fail(err, sw_path_exists(path) ? SW_INTEGRITY : SW_FAILED, "'%s' %s", path,
                       sw_path_exists(path) ? "is no sealed message" : "is not there");
    if (opening->keys == NULL || sw_keyring_count(opening->keys) == 0)
        return sw_fail(err, SW_INTEGRITY, "'%s' is sealed: name its key with --key", path);
    if (sw_seal_open_file(path, NULL, &how, &in, err) < 0)
        return -1;
    rc = check_identity(in, path, opening, err);
    if (rc == 0)
        rc = read_text(in, text, err);
    if (rc == 0 && (*sealed = sw_strdup(value_of(in, SW_COMPONENT_KEY), err)) == NULL)
        rc = -1;
    sw_in_close(in);
    return rc < 0 ? sw_context(err, "'%s'", path) : 0;
}

/* What was found, without the words of the document. */
static void tell_places(const struct sw_diags *found, const char *path, struct sw_diags *diags)
{
    struct sw_doc doc = {.file = path, .diags = diags};

    for (size_t i = 0; diags != NULL && i < found->n; i++) {
        const struct sw_diag *diag = &found->items[i];

        doc.rule = diag->rule;
        (diag->warning ? sw_doc_warn_at : sw_doc_fault_at)(
            &doc, diag->line, diag->column,
            "the rule '%s' is not kept (the document is sealed: its words are not shown)", diag->rule);
    }
}

static void cleanse(struct sw_buf *text)
{
    if (text->data != NULL)
        explicit_bzero(text->data, text->cap);
    sw_buf_free(text);
}

static struct sw_component *open_sealed(const char *path, const struct sw_opening *opening,
                                        struct sw_diags *diags, struct sw_err *err)
{
    SW_CLEANUP(sw_diags_free) struct sw_diags found = {0};
    SW_CLEANUP(cleanse) struct sw_buf text = {0};
    SW_AUTO_FREE char *sealed = NULL;
    struct sw_component *component;
    struct sw_shown shown;

    if (open_text(path, opening, &text, &sealed, err) < 0)
        return NULL;
    component = sw_component_parse(text.data, text.len, path, &found, err);
    tell_places(&found, path, diags);
    if (component == NULL) {
        if (err->code == SW_RECIPE)
            sw_fail(err, SW_RECIPE, "%s: %zu fault%s (the document is sealed: its words are not shown)", path,
                    found.nr_errors, found.nr_errors == 1 ? "" : "s");
        return NULL;
    }
    shown = sw_show(sealed);
    component->sealed = sw_arena_copy(component->arena, shown.text, strlen(shown.text), err);
    if (component->sealed == NULL) {
        sw_component_free(component);
        return NULL;
    }
    sw_log(SW_LOG_DEBUG, "'%s' is sealed: %s", path, shown.text);
    return component;
}

struct sw_component *sw_component_open(const char *path, const struct sw_opening *opening,
                                       struct sw_diags *diags, struct sw_err *err)
{
    static const struct sw_opening none = {.keys = NULL};

    if (!sw_is_sealed(path))
        return sw_component_load(path, diags, err);
    return open_sealed(path, opening != NULL ? opening : &none, diags, err);
}
