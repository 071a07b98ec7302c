/* Sources that the recipe's inputs: has local files for. */
#include "src/build/fetch_set.h"

#include "src/base/buf.h"
#include "src/base/fs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 64 };

/* The folder's path of what lies beneath an entry, or NULL when that would not stay beneath it. */
static char *beneath(const struct sw_recipe_input *input, const char *rest, size_t len, struct sw_err *err)
{
    SW_AUTO_FREE char *inner = NULL;

    while (len > 0 && rest[len - 1] == '/')
        len--;
    if (len == 0)
        return sw_strdup(input->path, err);
    inner = sw_strf(err, "%.*s", (int)len, rest);
    if (inner == NULL)
        return NULL;
    if (!sw_is_relative_path(inner)) {
        sw_fail(err, SW_RECIPE, "'%s' is no path beneath '%s'", inner, input->source);
        return NULL;
    }
    return sw_path_join(input->path, inner, err);
}

/* The entry that a source falls under; the longest comes first. */
static const struct sw_recipe_input *covering(const struct sw_recipe *recipe, const char *uri)
{
    for (size_t i = 0; i < recipe->nr_inputs; i++) {
        const struct sw_recipe_input *input = &recipe->inputs[i];
        size_t len = strlen(input->source);

        if (input->path != NULL && input->source[len - 1] == '/' && strncmp(uri, input->source, len) == 0)
            return input;
    }
    return NULL;
}

static int add_file(struct fetch_set *set, const char *path, const char *name, struct sw_err *err)
{
    struct sw_remote_file file = {.name = name, .path = path};

    if (fetch_hash_file(path, SW_HASH_SHA256, file.sha256, &file.size_bytes, err) < 0)
        return -1;
    return fetch_set_add(set, &file, err);
}

static int add_single(struct fetch_set *set, const char *path, struct sw_err *err)
{
    SW_AUTO_FREE char *name = NULL;

    return fetch_base_name(set->uri, &name, err) == 0 ? add_file(set, path, name, err) : -1;
}

static int add_folder(struct fetch_set *set, const char *path, const char *name, unsigned depth,
                      struct sw_err *err);

/* A link counts as the file that it leads to; folders are entered by their own names only. */
static int add_entry(struct fetch_set *set, const char *path, const char *name, unsigned depth,
                     struct sw_err *err)
{
    struct stat own, st;

    if (lstat(path, &own) < 0 || stat(path, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", path);
    if (S_ISDIR(st.st_mode))
        return S_ISDIR(own.st_mode) ? add_folder(set, path, name, depth + 1, err) : 0;
    if (!S_ISREG(st.st_mode))
        return 0;
    if (!sw_is_relative_path(name))
        return sw_fail(err, SW_FAILED, "'%s' has a name that cannot be used", path);
    return add_file(set, path, name, err);
}

static int add_folder(struct fetch_set *set, const char *path, const char *name, unsigned depth,
                      struct sw_err *err)
{
    SW_AUTO_DIR DIR *dir = opendir(path);

    if (dir == NULL)
        return sw_fail_errno(err, "cannot open the folder '%s'", path);
    if (depth > DEPTH_MAX)
        return sw_fail(err, SW_FAILED, "'%s': folders within folders, more than %d deep", path,
                       (int)DEPTH_MAX);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        SW_AUTO_FREE char *inner = NULL;
        SW_AUTO_FREE char *full = NULL;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        inner = sw_strf(err, "%s%s%s", name, name[0] != '\0' ? "/" : "", entry->d_name);
        full = sw_path_join(path, entry->d_name, err);
        if (inner == NULL || full == NULL || add_entry(set, full, inner, depth, err) < 0)
            return -1;
    }
    return 0;
}

/* Remembers that the file that the recipe names is not there. */
static int not_there(struct fetch_set *set, const char *path, struct sw_err *err)
{
    free(set->why);
    set->why = sw_strf(err, "'%s' of the recipe's inputs is not there", path);
    return set->why != NULL ? 0 : -1;
}

static int from_path(struct fetch_set *set, const char *path, struct sw_err *err)
{
    bool many = fetch_is_prefix(set->uri);
    struct stat st;
    int rc;

    if (stat(path, &st) < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return not_there(set, path, err);
        return sw_fail_errno(err, "cannot look at '%s'", path);
    }
    if (S_ISDIR(st.st_mode) != many)
        return sw_fail(err, SW_RECIPE, "'%s' is %s, and stands for '%s'", path,
                       many ? "no folder" : "a folder", set->uri);
    rc = many ? add_folder(set, path, "", 0, err) : add_single(set, path, err);
    if (rc == 0 && set->n == 0)
        rc = sw_fail(err, SW_RECIPE, "the folder '%s', which stands for '%s', is empty", path, set->uri);
    if (rc < 0)
        return -1;
    fetch_set_sort(set);
    set->origin = FETCH_INPUTS;
    return 1;
}

int fetch_from_inputs(const struct sw_recipe *recipe, struct fetch_set *set, struct sw_err *err)
{
    const struct sw_recipe_input *input =
        fetch_is_prefix(set->uri) ? NULL : sw_recipe_find_input(recipe, set->uri);
    SW_AUTO_FREE char *path = NULL;

    if (input != NULL && input->path != NULL)
        return from_path(set, input->path, err);
    input = covering(recipe, set->uri);
    if (input == NULL)
        return 0;
    path = beneath(input, set->uri + strlen(input->source),
                   strlen(set->uri) - strlen(input->source) - (fetch_is_prefix(set->uri) ? 1 : 0), err);
    return path != NULL ? from_path(set, path, err) : -1;
}
