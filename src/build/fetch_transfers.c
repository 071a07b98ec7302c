/* What was found, for those who need it: plan keys, bundles, and the steps that run. */
#include "src/build/fetch_private.h"

#include "src/base/buf.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <string.h>

static bool is_of(const struct fetch_want *want, size_t use, bool test)
{
    return want->use == use && want->test == test;
}

bool fetch_known(const struct fetch *fetch, size_t use, bool test)
{
    for (size_t i = 0; i < fetch->nr_wants; i++)
        if (is_of(&fetch->wants[i], use, test) && fetch->wants[i].set->n == 0)
            return false;
    return true;
}

static json_t *describe_set(const struct fetch_set *set, struct sw_err *err)
{
    SW_AUTO_JSON json_t *names = NULL;

    if (!fetch_is_prefix(set->uri))
        return json_string(set->files[0].sha256);
    names = json_object();
    for (size_t i = 0; i < set->n; i++)
        if (sw_json_set(names, set->files[i].name, json_string(set->files[i].sha256), err) < 0)
            return NULL;
    return SW_STEAL_PTR(names);
}

int fetch_describe(const struct fetch *fetch, size_t use, bool test, json_t **out, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();

    *out = NULL;
    for (size_t i = 0; i < fetch->nr_wants; i++) {
        const struct fetch_set *set = fetch->wants[i].set;

        if (is_of(&fetch->wants[i], use, test) && set->n > 0 &&
            sw_json_set(json, set->uri, describe_set(set, err), err) < 0)
            return -1;
    }
    if (json_object_size(json) > 0)
        *out = SW_STEAL_PTR(json);
    return 0;
}

json_t *fetch_unknown(const struct fetch *fetch, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < fetch->nr_sets; i++)
        if (fetch->sets[i]->n == 0 && sw_json_append(list, json_string(fetch_shown(fetch->sets[i])), err) < 0)
            return NULL;
    if (list == NULL)
        sw_fail(err, SW_FAILED, "out of memory");
    return SW_STEAL_PTR(list);
}

struct sw_bundle_file *fetch_bundled(const struct fetch *fetch, size_t *n, struct sw_err *err)
{
    struct sw_bundle_file *files;
    size_t count = 0;

    for (size_t i = 0; i < fetch->nr_sets; i++)
        count += fetch->sets[i]->n;
    files = sw_calloc(count + 1, sizeof(*files), err);
    *n = 0;
    for (size_t i = 0; files != NULL && i < fetch->nr_sets; i++) {
        const struct fetch_set *set = fetch->sets[i];

        for (size_t k = 0; k < set->n; k++) {
            struct sw_bundle_file *file = &files[(*n)++];

            *file = (struct sw_bundle_file){.source = set->uri,
                                            .name = fetch_is_prefix(set->uri) ? set->files[k].name : NULL,
                                            .size_bytes = set->files[k].size_bytes,
                                            .insecure = set->insecure,
                                            .path = set->files[k].path};
            memcpy(file->sha256, set->files[k].sha256, sizeof(file->sha256));
        }
    }
    return files;
}

/* ---- While steps run --------------------------------------------------------------------------------------------- */

struct sw_transfers *fetch_transfers(struct fetch *fetch)
{
    return &fetch->transfers;
}

/* A source that nobody knew before is looked for now; the network's leave was checked when the build began. */
static int seek_source(struct sw_transfers *transfers, const struct sw_remote *source,
                       const struct sw_remote_file **files, size_t *n, struct sw_err *err)
{
    struct fetch *fetch = (struct fetch *)transfers;
    struct fetch_set *set;

    if (!sw_is_web_uri(source->uri) && !sw_is_s3_uri(source->uri))
        return sw_fail(err, SW_GUEST, "'%.300s' is no URI of http, https or s3", source->uri);
    set = fetch_set_of(fetch, source, err);
    if (set == NULL)
        return -1;
    if (set->n == 0 && fetch_seek(fetch, set, fetch->opts.network, err) < 0) {
        /* The server's answer is the step's failure, as it would be in a booted machine. */
        if (err->code == SW_REMOTE || err->code == SW_FAILED || err->code == SW_USAGE)
            err->code = SW_GUEST;
        return sw_context(err, "'%.300s'", source->uri);
    }
    if (set->n == 0)
        return sw_fail(err, SW_OFFLINE, "'%.300s' is not here, and the network is denied", source->uri);
    if (set->files[0].path == NULL)
        return sw_fail(err, SW_OFFLINE, "'%.300s' was not unpacked before the build", source->uri);
    if (fetch_check(set, source->checksum, source->algorithm, err) < 0) {
        if (err->code == SW_INTEGRITY)
            err->code = SW_GUEST;
        return sw_context(err, "'%.300s'", source->uri);
    }
    *files = set->files;
    *n = set->n;
    return 0;
}

static int find_source(struct sw_transfers *transfers, const struct sw_remote *source,
                       const struct sw_remote_file **files, size_t *n, struct sw_err *err)
{
    if (seek_source(transfers, source, files, n, err) == 0)
        return 0;
    if (source->sealed && err->code != SW_INTERRUPTED)
        sw_fail(err, err->code, "'(sealed)': %s", fetch_plain_reason(err->code));
    return -1;
}

static int open_deposit(const struct sw_recipe_upload *upload, const char *rest, struct sw_out **out,
                        struct sw_err *err)
{
    SW_AUTO_FREE char *path = NULL;
    SW_AUTO_FREE char *dir = NULL;

    if (!sw_is_relative_path(rest))
        return sw_fail(err, SW_GUEST, "'%.300s' is no path beneath '%s'", rest, upload->destination);
    path = sw_path_join(upload->folder, rest, err);
    dir = path != NULL ? sw_path_dir(path, err) : NULL;
    if (dir == NULL || sw_mkdir_p(dir, 0777, err) < 0)
        return -1;
    return sw_out_create_file(path, 0666, out, err);
}

static int open_upload(struct sw_transfers *transfers, const char *uri, struct sw_out **out,
                       struct sw_err *err)
{
    const struct sw_recipe *recipe = ((struct fetch *)transfers)->recipe;

    for (size_t i = 0; i < recipe->nr_uploads; i++) {
        size_t len = strlen(recipe->uploads[i].destination);

        if (strncmp(uri, recipe->uploads[i].destination, len) == 0)
            return open_deposit(&recipe->uploads[i], uri + len, out, err);
    }
    return sw_fail(err, SW_REFUSED,
                   "'%.300s' has nowhere to go: name a folder for it in the recipe's uploads", uri);
}

void fetch_transfers_init(struct fetch *fetch)
{
    fetch->transfers = (struct sw_transfers){.find = find_source, .deposit = open_upload};
}
