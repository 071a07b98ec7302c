/* What a store holds: states with a name, layers, and the keys that made them. */
#include "src/store/internal.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/log.h"

#include <errno.h>
#include <string.h>

/* Every name that a folder holds, sorted; those that begin with a dot are somebody's scratch. */
struct names {
    char **items;
    size_t n;
};

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->items[i]);
    free(names->items);
}

/* Makes room for one more; the array doubles. */
static int grow(void **items, size_t n, size_t item_bytes, struct sw_err *err)
{
    void *bigger;

    if (n != 0 && (n < 8 || (n & (n - 1)) != 0))
        return 0;
    bigger = reallocarray(*items, n < 8 ? 8 : 2 * n, item_bytes);
    if (bigger == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    *items = bigger;
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_read(const struct sw_store *store, const char *relative, struct names *out,
                      struct sw_err *err)
{
    SW_AUTO_FREE char *path = store_path(store, relative, err);
    SW_AUTO_DIR DIR *dir = path != NULL ? opendir(path) : NULL;
    const struct dirent *entry;

    if (path == NULL)
        return -1;
    if (dir == NULL)
        return errno == ENOENT ? 0 : sw_fail_errno(err, "cannot open the folder '%s'", path);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (grow((void **)&out->items, out->n, sizeof(*out->items), err) < 0)
            return -1;
        out->items[out->n] = sw_strdup(entry->d_name, err);
        if (out->items[out->n] == NULL)
            return -1;
        out->n++;
    }
    if (out->n > 0)
        qsort(out->items, out->n, sizeof(*out->items), by_text);
    return 0;
}

int store_each_name(const struct sw_store *store, const char *relative,
                    int (*visit)(void *arg, const char *name, struct sw_err *err), void *arg,
                    struct sw_err *err)
{
    SW_CLEANUP(names_free) struct names names = {0};

    if (names_read(store, relative, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.n; i++)
        if (sw_check_interrupt(err) < 0 || visit(arg, names.items[i], err) < 0)
            return -1;
    return 0;
}

bool store_is_layer(const struct sw_store *store, const char *hex)
{
    struct sw_err ignored = {0};
    struct sw_in *in = NULL;
    char magic[4] = {0};
    bool is;

    if (store_blob_open(store, hex, &in, &ignored) < 0)
        return false;
    is = sw_in_read(in, magic, sizeof(magic), 0, &ignored) == 0 && memcmp(magic, "QFI\xfb", 4) == 0;
    sw_in_close(in);
    return is;
}

struct list_job {
    struct sw_store *store;
    struct sw_store_listing *out;
};

static int list_blob(void *arg, const char *name, struct sw_err *err)
{
    struct list_job *job = arg;
    struct sw_store_listing *out = job->out;
    struct sw_err why = {0};

    for (size_t i = 0; job->store->sealed && i < out->nr_layers; i++)
        if (strcmp(out->layers[i].digest, name) == 0)
            return 0;
    if (!store_is_hex(name) || !store_is_layer(job->store, name))
        return 0;
    if (grow((void **)&out->layers, out->nr_layers, sizeof(*out->layers), err) < 0)
        return -1;
    if (sw_store_layer(job->store, name, &out->layers[out->nr_layers], &why) < 0)
        sw_log(SW_LOG_WARNING, "%s (see slipway store verify)", why.text);
    else
        out->nr_layers++;
    return 0;
}

int store_key_of(const char *name, char key[SW_STORE_HEX])
{
    if (strlen(name) != SW_STORE_HEX - 1 + strlen(".json") || strcmp(name + SW_STORE_HEX - 1, ".json") != 0)
        return -1;
    memcpy(key, name, SW_STORE_HEX - 1);
    key[SW_STORE_HEX - 1] = '\0';
    return store_is_hex(key) ? 0 : -1;
}

static int list_record(void *arg, const char *name, struct sw_err *err)
{
    struct list_job *job = arg;
    struct sw_store_listing *out = job->out;
    struct sw_err why = {0};
    char key[SW_STORE_HEX];
    int found;

    if (store_record_key(job->store, name, key, &why) < 0)
        return 0;
    if (grow((void **)&out->records, out->nr_records, sizeof(*out->records), err) < 0)
        return -1;
    found = sw_store_find_key(job->store, key, &out->records[out->nr_records], err);
    if (found == 1)
        out->nr_records++;
    return found < 0 ? -1 : 0;
}

static int by_digest(const void *a, const void *b)
{
    return strcmp(((const struct sw_layer *)a)->digest, ((const struct sw_layer *)b)->digest);
}

/* Names of files tell no digests: the layers are those that images and records speak of. */
static int list_sealed_layers(struct list_job *job, struct sw_err *err)
{
    struct sw_store_listing *out = job->out;

    for (size_t i = 0; i < out->nr_images; i++)
        for (size_t k = 0; k < out->images[i].nr_layers; k++)
            if (list_blob(job, out->images[i].layers[k].digest, err) < 0)
                return -1;
    for (size_t i = 0; i < out->nr_records; i++)
        if (list_blob(job, out->records[i].layer.digest, err) < 0)
            return -1;
    if (out->nr_layers > 0)
        qsort(out->layers, out->nr_layers, sizeof(*out->layers), by_digest);
    return 0;
}

static int by_recipe(const void *a, const void *b)
{
    const struct sw_plan_record *x = a, *y = b;
    int order = strcmp(x->recipe, y->recipe);

    if (order == 0 && x->position != y->position)
        order = x->position < y->position ? -1 : 1;
    return order != 0 ? order : strcmp(x->key, y->key);
}

static int list_images(struct list_job *job, struct sw_err *err)
{
    SW_AUTO_JSON json_t *index = store_index_read(job->store, err);
    const json_t *entry;
    size_t i;

    if (index == NULL)
        return -1;
    json_array_foreach (json_object_get(index, "manifests"), i, entry) {
        struct sw_store_image *image;
        struct sw_err why = {0};

        if (grow((void **)&job->out->images, job->out->nr_images, sizeof(*image), err) < 0)
            return -1;
        image = &job->out->images[job->out->nr_images++];
        if (store_image_read(job->store, entry, image, &why) < 0) {
            image->fault = sw_strdup(why.text, err);
            if (image->fault == NULL)
                return -1;
        }
    }
    return 0;
}

int sw_store_list(struct sw_store *store, struct sw_store_listing *out, struct sw_err *err)
{
    struct list_job job = {.store = store, .out = out};

    memset(out, 0, sizeof(*out));
    if (store_check_unlocked(store, err) < 0 || list_images(&job, err) < 0 ||
        store_each_name(store, STORE_KEYS, list_record, &job, err) < 0 ||
        (store->sealed ? list_sealed_layers(&job, err)
                       : store_each_name(store, STORE_BLOBS, list_blob, &job, err)) < 0) {
        sw_store_listing_clear(out);
        return -1;
    }
    if (out->nr_records > 0)
        qsort(out->records, out->nr_records, sizeof(*out->records), by_recipe);
    return 0;
}

int sw_store_listing_find(const struct sw_store_listing *listing, const char *begin, size_t min_digits,
                          const struct sw_layer **out, struct sw_err *err)
{
    const char *digits =
        strncmp(begin, "sha256:", strlen("sha256:")) == 0 ? begin + strlen("sha256:") : begin;
    size_t len = strlen(digits), n = 0;

    *out = NULL;
    if (len < min_digits || strspn(digits, "0123456789abcdef") != len)
        return 0;
    for (size_t i = 0; i < listing->nr_layers; i++)
        if (strncmp(listing->layers[i].digest, digits, len) == 0 && n++ == 0)
            *out = &listing->layers[i];
    if (n < 2)
        return 0;
    *out = NULL;
    sw_fail(err, SW_USAGE, "%zu layers have digests that begin with '%s'", n, digits);
    err->sys = ENOTUNIQ;
    return -1;
}

void sw_store_listing_clear(struct sw_store_listing *listing)
{
    for (size_t i = 0; i < listing->nr_images; i++)
        store_image_clear(&listing->images[i]);
    for (size_t i = 0; i < listing->nr_records; i++)
        sw_plan_record_clear(&listing->records[i]);
    free(listing->images);
    free(listing->layers);
    free(listing->records);
    memset(listing, 0, sizeof(*listing));
}
