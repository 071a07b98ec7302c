/* Chains of layers: each names its parent by digest, and only blobs of this store are followed. */
#include "src/store/internal.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"

#include <string.h>

struct blob_parents {
    struct sw_parent_resolver base;
    struct sw_store *store;
    struct store_chain *chain; /* grows from top to base as the driver asks */
    struct sw_err why;         /* the failure of the lowest layer that was reached; code SW_OK: none */
};

static int open_layer(struct blob_parents *parents, const char *hex, struct sw_image **out,
                      struct sw_err *err);

static int check_name(const struct blob_parents *parents, const char *name, const char *format,
                      struct sw_err *err)
{
    if (format == NULL || strcmp(format, "qcow2") != 0)
        return sw_fail(err, SW_INTEGRITY, "backing format '%s' of a layer is not 'qcow2'",
                       format != NULL ? format : "(none)");
    if (!store_is_hex(name))
        return sw_fail(err, SW_INTEGRITY, "backing file '%s' is not the digest of a layer in the store '%s'",
                       name, parents->store->dir);
    return 0;
}

static int open_parent(struct sw_parent_resolver *self, const char *name, const char *format,
                       struct sw_image **out, struct sw_err *err)
{
    struct blob_parents *parents = (struct blob_parents *)self;

    if (check_name(parents, name, format, err) < 0)
        return -1;
    return open_layer(parents, name, out, err);
}

static int add_layer(struct store_chain *chain, const char *hex, struct sw_err *err)
{
    for (unsigned i = 0; i < chain->n; i++)
        if (strcmp(chain->layers[i].digest, hex) == 0)
            return sw_fail(err, SW_INTEGRITY, "layer '%s' is its own ancestor", hex);
    if (chain->n == SW_STORE_LAYERS_MAX)
        return sw_fail(err, SW_INTEGRITY, "a chain of more than %d layers", SW_STORE_LAYERS_MAX);
    memcpy(chain->layers[chain->n].digest, hex, SW_STORE_HEX);
    if (chain->n > 0)
        memcpy(chain->layers[chain->n - 1].parent, hex, SW_STORE_HEX);
    chain->n++;
    return 0;
}

static int open_blob(struct blob_parents *parents, const char *hex, struct sw_image **out, struct sw_err *err)
{
    struct sw_open_opts opts = {.parents = &parents->base};
    struct sw_in *in = NULL;
    struct sw_layer *layer;

    if (add_layer(parents->chain, hex, err) < 0)
        return -1;
    layer = &parents->chain->layers[parents->chain->n - 1];
    if (store_blob_open(parents->store, hex, &in, err) < 0)
        return -1;
    layer->size_bytes = in->size_bytes;
    if (sw_image_open(in, "qcow2", &opts, out, err) < 0)
        return -1;
    layer->virtual_bytes = (*out)->size_bytes;
    return 0;
}

static int open_layer(struct blob_parents *parents, const char *hex, struct sw_image **out,
                      struct sw_err *err)
{
    if (open_blob(parents, hex, out, err) == 0)
        return 0;
    if (parents->why.code == SW_OK) {
        sw_context(err, "layer '%.12s…'", hex);
        parents->why = *err;
    }
    return -1;
}

/* In a deep chain every layer above would put its context before the cause, until the cause is cut off. */
static int keep_cause(const struct blob_parents *parents, struct sw_err *err)
{
    if (parents->why.code != SW_OK)
        *err = parents->why;
    return -1;
}

int store_chain_open(struct sw_store *store, const char *hex, struct store_chain *chain,
                     struct sw_image **image, struct sw_err *err)
{
    struct blob_parents parents = {.base = {.open = open_parent}, .store = store, .chain = chain};
    struct sw_image *opened = NULL;

    memset(chain, 0, sizeof(*chain));
    if (!store_is_hex(hex))
        return sw_fail(err, SW_INTEGRITY, "'%s' is not a layer's digest", hex);
    if (open_layer(&parents, hex, &opened, err) < 0)
        return keep_cause(&parents, err);
    if (image != NULL)
        *image = opened;
    else
        sw_image_close(opened);
    return 0;
}

int sw_store_open_chain(struct sw_store *store, const char *digest, struct sw_image **out, struct sw_err *err)
{
    struct store_chain chain;

    return store_chain_open(store, digest, &chain, out, err);
}

int sw_store_layer(struct sw_store *store, const char *digest, struct sw_layer *out, struct sw_err *err)
{
    struct store_chain chain;

    if (store_chain_open(store, digest, &chain, NULL, err) < 0)
        return -1;
    *out = chain.layers[0];
    return 0;
}

char *sw_store_blob_path(struct sw_store *store, const char *digest, struct sw_err *err)
{
    uint64_t size_bytes;
    int there = store->sealed ? sw_fail(err, SW_FAILED, "a sealed store's layers are no files for others")
                              : store_blob_size(store, digest, &size_bytes, err);

    if (there == 0)
        sw_fail(err, SW_INTEGRITY, "blob '%s' is missing in the store '%s'", digest, store->dir);
    return there == 1 ? sw_strf(err, "%s/" STORE_BLOBS "/%s", store->dir, digest) : NULL;
}
