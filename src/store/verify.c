/* Every byte of a store against the digests that name it, and every state against its chain. */
#include "src/store/internal.h"

#include "src/base/cleanup.h"
#include "src/base/log.h"

#include <stdio.h>
#include <string.h>

struct verify_job {
    struct sw_store *store;
    struct sw_store_verify *verify;
    struct store_hashing count;
};

static void damaged(struct verify_job *job, const char *what, const struct sw_err *why)
{
    job->verify->nr_damages++;
    job->verify->damage(job->verify, what, why->text);
}

/* True when the failure is no damage but the end of the work. */
static bool is_fatal(const struct sw_err *why, struct sw_err *err)
{
    if (why->code != SW_INTERRUPTED)
        return false;
    *err = *why;
    return true;
}

static int add_size(void *arg, const char *name, struct sw_err *err)
{
    struct verify_job *job = arg;
    uint64_t size_bytes = 0;
    struct sw_err ignored = {0};

    (void)err;
    if (store_is_hex(name) && store_file_size(job->store, name, &size_bytes, &ignored) == 1)
        job->count.total_bytes += size_bytes;
    return 0;
}

/* found: the digest of the bytes behind the name. */
static int check_bytes(struct verify_job *job, const char *name, char found[SW_STORE_HEX], struct sw_err *err)
{
    char file[SW_STORE_HEX];
    struct sw_in *in = NULL;
    uint64_t size_bytes;
    int rc;

    if (!store_is_hex(name))
        return sw_fail(err, SW_INTEGRITY, "its name is not %s",
                       job->store->sealed ? "one of this store's" : "a SHA-256 digest");
    if (store_file_size(job->store, name, &size_bytes, err) < 0 ||
        store_file_open(job->store, name, &in, err) < 0)
        return -1;
    rc = store_hash(in, &job->count, found, err);
    sw_in_close(in);
    if (rc < 0 || store_blob_file(job->store, found, file, err) < 0)
        return -1;
    if (strcmp(file, name) != 0)
        return sw_fail(err, SW_INTEGRITY, "the digest of its bytes is %s", found);
    return 0;
}

static int verify_blob(void *arg, const char *name, struct sw_err *err)
{
    struct verify_job *job = arg;
    struct store_chain chain;
    struct sw_err why = {0};
    char what[sizeof(STORE_BLOBS_SEALED) + 256], hex[SW_STORE_HEX];

    job->verify->nr_blobs++;
    if (check_bytes(job, name, hex, &why) < 0 ||
        (store_is_layer(job->store, hex) && store_chain_open(job->store, hex, &chain, NULL, &why) < 0)) {
        if (is_fatal(&why, err))
            return -1;
        snprintf(what, sizeof(what), "%s/%s", store_blobs(job->store), name);
        damaged(job, what, &why);
    }
    return 0;
}

static int check_layer_sizes(struct verify_job *job, const struct sw_store_image *image, struct sw_err *err)
{
    for (size_t i = 0; i < image->nr_layers; i++) {
        const struct sw_layer *layer = &image->layers[i];
        uint64_t size_bytes = 0;
        int there = store_blob_size(job->store, layer->digest, &size_bytes, err);

        if (there < 0)
            return -1;
        if (there == 0)
            return sw_fail(err, SW_INTEGRITY, "layer %zu, blob '%s', is missing", i, layer->digest);
        if (size_bytes != layer->size_bytes)
            return sw_fail(err, SW_INTEGRITY, "layer %zu, blob '%s', has %llu bytes, the manifest says %llu",
                           i, layer->digest, (unsigned long long)size_bytes,
                           (unsigned long long)layer->size_bytes);
    }
    return 0;
}

/* The layers that the manifest lists are the chain of its last one, in that order. */
static int check_chain(struct verify_job *job, const struct sw_store_image *image, struct sw_err *err)
{
    struct store_chain chain;
    size_t n = image->nr_layers;

    if (store_chain_open(job->store, image->layers[n - 1].digest, &chain, NULL, err) < 0)
        return -1;
    if (chain.n != n)
        return sw_fail(err, SW_INTEGRITY, "the manifest lists %zu layers, the chain has %u", n, chain.n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(chain.layers[i].digest, image->layers[n - 1 - i].digest) != 0)
            return sw_fail(err, SW_INTEGRITY, "layer %zu is '%s' in the manifest and '%s' in the chain",
                           n - 1 - i, image->layers[n - 1 - i].digest, chain.layers[i].digest);
    if (chain.layers[0].virtual_bytes != image->virtual_bytes)
        return sw_fail(err, SW_INTEGRITY, "its disk has %llu bytes, the config says %llu",
                       (unsigned long long)chain.layers[0].virtual_bytes,
                       (unsigned long long)image->virtual_bytes);
    return 0;
}

static void verify_image(struct verify_job *job, const json_t *entry)
{
    struct sw_store_image image;
    struct sw_err why = {0};
    bool ours;

    job->verify->nr_images++;
    if (store_image_read(job->store, entry, &image, &why) < 0 || check_layer_sizes(job, &image, &why) < 0) {
        damaged(job, image.ref != NULL ? image.ref : STORE_INDEX, &why);
        store_image_clear(&image);
        return;
    }
    ours = image.virtual_bytes != 0; /* an image of somebody else has no config that we read */
    if (ours && check_chain(job, &image, &why) < 0)
        damaged(job, image.ref != NULL ? image.ref : image.manifest, &why);
    store_image_clear(&image);
}

static void verify_index(struct verify_job *job)
{
    struct sw_err why = {0};
    SW_AUTO_JSON json_t *index = store_index_read(job->store, &why);
    const json_t *entry;
    size_t i;

    if (index == NULL) {
        damaged(job, STORE_INDEX, &why);
        return;
    }
    json_array_foreach (json_object_get(index, "manifests"), i, entry) {
        verify_image(job, entry);
    }
}

static int verify_record(void *arg, const char *name, struct sw_err *err)
{
    struct verify_job *job = arg;
    struct sw_plan_record record;
    struct sw_err why = {0};
    char key[SW_STORE_HEX];
    char what[sizeof(STORE_KEYS) + 256];
    int found;

    (void)err;
    found = store_record_key(job->store, name, key, &why);
    if (found == 0)
        found = store_record_read(job->store, key, &record, &why);
    if (found == 1)
        sw_plan_record_clear(&record);
    snprintf(what, sizeof(what), STORE_KEYS "/%s", name);
    if (found < 0)
        damaged(job, what, &why);
    return 0;
}

int sw_store_verify(struct sw_store *store, struct sw_store_verify *verify, struct sw_err *err)
{
    struct verify_job job = {.store = store, .verify = verify, .count = {.progress = verify->progress}};

    verify->nr_blobs = verify->nr_images = verify->nr_damages = verify->bytes = 0;
    if (store_check_unlocked(store, err) < 0 ||
        store_each_name(store, store_blobs(store), add_size, &job, err) < 0 ||
        store_each_name(store, store_blobs(store), verify_blob, &job, err) < 0)
        return -1;
    verify_index(&job);
    verify->bytes = job.count.done_bytes;
    return store_each_name(store, STORE_KEYS, verify_record, &job, err);
}
