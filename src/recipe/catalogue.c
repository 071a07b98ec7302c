/* Catalogues: the lists and folders that stand in for what the service would look up. */
#include "src/recipe/recipe.h"

#include "src/base/buf.h"
#include "src/base/fs.h"
#include "src/recipe/yaml_read.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char *const suffixes[] = {".yml",        ".yaml",        ".json",
                                       ".yml.sealed", ".yaml.sealed", ".json.sealed"};
/* Those of what is no document: a list is never sealed. */
enum { PLAIN_SUFFIXES = 3 };

/* The version in a file's name, "1.2.3.yml"; false when it is something else. */
static bool file_version(const char *file, char *version, size_t size, uint32_t numbers[3])
{
    size_t len = strlen(file);

    for (size_t i = 0; i < SW_ARRAY_LEN(suffixes); i++) {
        size_t tail = strlen(suffixes[i]);

        if (len <= tail || len - tail >= size || strcmp(file + len - tail, suffixes[i]) != 0)
            continue;
        memcpy(version, file, len - tail);
        version[len - tail] = '\0';
        return sw_version_parse(version, numbers);
    }
    return false;
}

/* The newest file of the folder that fits; empty when there is none. Of equal versions the first by name wins. */
static int newest(const char *folder, const char *pattern, char *best, size_t size, struct sw_err *err)
{
    SW_AUTO_DIR DIR *dir = opendir(folder);
    uint32_t best_numbers[3] = {0}, numbers[3];
    char version[48];

    best[0] = '\0';
    if (dir == NULL)
        return errno == ENOENT || errno == ENOTDIR ? 0 : sw_fail_errno(err, "cannot open '%s'", folder);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (!file_version(entry->d_name, version, sizeof(version), numbers) ||
            !sw_version_fits(pattern, version))
            continue;
        if (best[0] != '\0' && !sw_version_newer(numbers, best_numbers) &&
            (sw_version_newer(best_numbers, numbers) || strcmp(entry->d_name, best) > 0))
            continue;
        snprintf(best, size, "%s", entry->d_name);
        memcpy(best_numbers, numbers, sizeof(numbers));
    }
    return 0;
}

static const char *in_arena(struct sw_recipe_reading *r, const char *text)
{
    return text != NULL ? sw_arena_copy(r->doc->arena, text, strlen(text), r->err) : NULL;
}

/* dir/name in the arena; NULL and err when memory is out. */
static const char *join(struct sw_recipe_reading *r, const char *dir, const char *name)
{
    SW_AUTO_FREE char *joined = NULL;

    if (strcmp(dir, ".") == 0)
        return in_arena(r, name);
    joined = sw_path_join(dir, name, r->err);
    return in_arena(r, joined);
}

int sw_catalogue_newest(struct sw_recipe_reading *r, const char *folder, const char *pattern,
                        const char **path)
{
    char best[64];

    *path = NULL;
    if (newest(folder, pattern, best, sizeof(best), r->err) < 0)
        return -1;
    if (best[0] == '\0')
        return 0;
    *path = join(r, folder, best);
    return *path != NULL ? 0 : -1;
}

/* components/NAME.yml, for whoever asks for any version. */
static int unversioned(struct sw_recipe_reading *r, const char *dir, const char *name, const char **path)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(suffixes); i++) {
        SW_AUTO_FREE char *file = sw_strf(r->err, "components/%s%s", name, suffixes[i]);
        const char *candidate = file != NULL ? join(r, dir, file) : NULL;

        if (candidate == NULL)
            return -1;
        if (sw_path_exists(candidate)) {
            *path = candidate;
            return 0;
        }
    }
    return 0;
}

static int find_in_folder(struct sw_recipe_reading *r, const char *dir, const struct sw_arn *arn,
                          const char **path)
{
    SW_AUTO_FREE char *name = sw_strf(r->err, "components/%s", arn->name);
    const char *folder = name != NULL ? join(r, dir, name) : NULL;

    if (folder == NULL || sw_catalogue_newest(r, folder, arn->version, path) < 0)
        return -1;
    return *path == NULL && strcmp(arn->version, "x.x.x") == 0 ? unversioned(r, dir, arn->name, path) : 0;
}

/* A part of a list's key, which may say "*"; a recipe that names no ARN asks with empty parts. */
static bool part_fits(const char *key, const char *asked)
{
    return strcmp(key, "*") == 0 || asked[0] == '\0' || strcmp(key, asked) == 0;
}

/* The newest entry of a list that fits; NULL when there is none. */
static const struct sw_node *find_listed(const struct sw_node *list, const char *kind,
                                         const struct sw_arn *asked)
{
    const struct sw_node *best = NULL;
    uint32_t best_numbers[3] = {0}, numbers[3];
    struct sw_arn key;

    for (size_t i = 0; list != NULL && i < list->n; i++) {
        if (!sw_arn_parse(list->keys[i]->text, kind, &key) || strcmp(key.name, asked->name) != 0 ||
            !part_fits(key.region, asked->region) || !part_fits(key.owner, asked->owner) ||
            (key.build[0] != '\0' && !part_fits(key.build, asked->build)))
            continue;
        /* An entry for any version serves whoever asks; one with a version has to fit. */
        if (!sw_version_parse(key.version, numbers)) {
            if (best == NULL && sw_version_overlaps(key.version, asked->version))
                best = list->items[i];
            continue;
        }
        if (sw_version_fits(asked->version, key.version) &&
            (best == NULL || sw_version_newer(numbers, best_numbers))) {
            best = list->items[i];
            memcpy(best_numbers, numbers, sizeof(numbers));
        }
    }
    return best;
}

/* An entry is a file's name, or a map with it. */
static const struct sw_node *file_of(const struct sw_node *entry)
{
    return entry->kind == SW_NODE_MAP ? sw_node_get(entry, "file") : entry;
}

int sw_catalogue_find(struct sw_recipe_reading *r, const struct sw_arn *arn, const char **path)
{
    *path = NULL;
    for (size_t i = 0; i < r->nr_catalogues && *path == NULL; i++) {
        const struct sw_catalogue *catalogue = &r->catalogues[i];
        const struct sw_node *entry = find_listed(catalogue->components, "component", arn);

        if (entry != NULL) {
            *path = join(r, catalogue->file_dir, file_of(entry)->text);
            return *path != NULL ? 0 : -1;
        }
        if (catalogue->dir != NULL && find_in_folder(r, catalogue->dir, arn, path) < 0)
            return -1;
    }
    return 0;
}

static const struct sw_node *find_image(const struct sw_node *images, const char *name)
{
    const struct sw_node *entry = sw_node_get(images, name);
    struct sw_arn arn;

    if (entry == NULL && sw_arn_parse(name, "image", &arn))
        entry = find_listed(images, "image", &arn);
    return entry;
}

int sw_catalogue_image(struct sw_recipe_reading *r, const char *name, const char **path, const char **format)
{
    static const char dynamic[] = "{{resolve:ssm:";
    SW_AUTO_FREE char *plain = NULL;

    /* CloudFormation's way to say ssm:NAME, maybe with a version behind it. */
    if (strncmp(name, dynamic, strlen(dynamic)) == 0) {
        const char *from = name + strlen(dynamic);

        plain = sw_strf(r->err, "ssm:%.*s", (int)strcspn(from, ":}"), from);
        if (plain == NULL)
            return -1;
        name = plain;
    }
    for (size_t i = 0; i < r->nr_catalogues; i++) {
        const struct sw_node *entry = find_image(r->catalogues[i].images, name);
        const struct sw_node *said = sw_node_get(entry, "format");

        if (entry == NULL)
            continue;
        *path = join(r, r->catalogues[i].file_dir, file_of(entry)->text);
        *format = said != NULL ? said->text : NULL;
        return *path != NULL ? 0 : -1;
    }
    return 0;
}

/* ---- Reading them ------------------------------------------------------------------------------------------ */

static bool check_entry(struct sw_doc *doc, const struct sw_node *entry, bool image)
{
    static const char *const keys[] = {"file", "format", NULL};
    const struct sw_node *format;

    if (entry->kind == SW_NODE_SCALAR && entry->len > 0)
        return true;
    if (entry->kind != SW_NODE_MAP) {
        sw_doc_fault(doc, entry, "an entry of a catalogue is a file, or a map of file and format");
        return false;
    }
    sw_doc_keys(doc, entry, keys, "an entry of a catalogue");
    format = sw_doc_field(doc, entry, "format", SW_NODE_SCALAR, false);
    if (format != NULL && (!image || !sw_recipe_format(format->text)))
        sw_doc_fault(doc, format, "the format '%s' is not known: raw, vmdk, vhd, qcow2 and ova are",
                     sw_show(format->text).text);
    return sw_doc_text(doc, entry, "file", true) != NULL;
}

/* A map of names and files; NULL when it is missing or has faults. */
static const struct sw_node *read_list(struct sw_doc *doc, const struct sw_node *root, const char *name)
{
    const struct sw_node *map = sw_doc_field(doc, root, name, SW_NODE_MAP, false);
    bool image = strcmp(name, "images") == 0, good = true;
    struct sw_arn arn;

    for (size_t i = 0; map != NULL && i < map->n; i++) {
        const char *key = map->keys[i]->text;

        good = check_entry(doc, map->items[i], image) && good;
        if ((!image || strncmp(key, "arn:", 4) == 0) &&
            !sw_arn_parse(key, image ? "image" : "component", &arn)) {
            sw_doc_fault(doc, map->keys[i], "'%s' is no ARN of %s", sw_show(key).text,
                         image ? "an image" : "a component");
            good = false;
        }
    }
    return good ? map : NULL;
}

static int read_file(struct sw_recipe_reading *r, const char *path, struct sw_catalogue *out)
{
    static const char *const keys[] = {"components", "images", NULL};
    struct sw_doc doc = {.file = path, .diags = r->doc->diags, .arena = r->doc->arena, .rule = "catalogue"};
    SW_AUTO_BUF struct sw_buf text = {0};
    SW_AUTO_FREE char *dir = sw_path_dir(path, r->err);
    const struct sw_node *root = NULL;

    out->file_dir = in_arena(r, dir);
    if (out->file_dir == NULL || sw_read_file(path, SW_DOC_MAX_BYTES, &text, r->err) < 0 ||
        sw_yaml_read(&doc, text.data != NULL ? text.data : "", text.len, &root, r->err) < 0)
        return -1;
    if (root == NULL)
        return 0;
    if (root->kind != SW_NODE_MAP) {
        sw_doc_fault(&doc, root, "a catalogue is a map of 'components' and 'images'");
        return 0;
    }
    sw_doc_keys(&doc, root, keys, "a catalogue");
    out->components = read_list(&doc, root, "components");
    out->images = read_list(&doc, root, "images");
    return 0;
}

static int read_folder(struct sw_recipe_reading *r, const char *dir, struct sw_catalogue *out)
{
    out->dir = dir;
    for (size_t i = 0; i < PLAIN_SUFFIXES; i++) {
        char name[32];
        const char *file;

        snprintf(name, sizeof(name), "catalogue%s", suffixes[i]);
        file = join(r, dir, name);
        if (file == NULL)
            return -1;
        if (sw_path_exists(file))
            return read_file(r, file, out);
    }
    return 0;
}

static int read_given(struct sw_recipe_reading *r, const char *path, struct sw_catalogue *out)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return sw_fail_errno(r->err, "catalogue '%s'", path);
    path = in_arena(r, path);
    if (path == NULL)
        return -1;
    return S_ISDIR(st.st_mode) ? read_folder(r, path, out) : read_file(r, path, out);
}

int sw_catalogues_load(struct sw_recipe_reading *r)
{
    size_t n = r->overrides->nr_catalogues;
    struct sw_catalogue *list = sw_arena_alloc(r->doc->arena, n + 1, sizeof(*list), r->err);

    if (list == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (read_given(r, r->overrides->catalogues[i], &list[i]) < 0)
            return -1;
    if (read_folder(r, r->recipe->dir, &list[n]) < 0)
        return -1;
    r->catalogues = list;
    r->nr_catalogues = n + 1;
    return 0;
}
