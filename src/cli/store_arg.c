/* A store, and what is in it, as the command line names them. */
#include "src/cli/store_arg.h"

#include "src/base/cleanup.h"
#include "src/cli/seal_args.h"

#include <string.h>

int store_arg_open(const char *dir, const struct opt_list *keys, const struct trust_opts *trust_opts,
                   struct sw_store **store, struct sw_err *err)
{
    AUTO_TRUST_ARGS struct trust_args trust = {.trust = NULL};
    AUTO_RING struct sw_keyring *ring = NULL;

    if (seal_args_open_ring(keys, &ring, err) < 0 ||
        trust_args_open_sealed(trust_opts, keys, &trust, err) < 0 ||
        sw_store_open(dir, false, store, err) < 0)
        return -1;
    if (sw_store_unlock(*store, ring, trust_args_opener(&trust), err) == 0)
        return 0;
    sw_store_close(SW_STEAL_PTR(*store));
    return -1;
}

int store_arg_layer(struct sw_store *store, const char *what, char digest[SW_STORE_HEX], struct sw_err *err)
{
    struct sw_store_listing listing;
    const char *found = NULL;

    if (sw_store_list(store, &listing, err) < 0)
        return -1;
    for (size_t i = 0; i < listing.nr_images; i++) {
        const struct sw_store_image *image = &listing.images[i];

        if (image->ref != NULL && strcmp(image->ref, what) == 0 && image->nr_layers > 0)
            found = image->layers[image->nr_layers - 1].digest;
    }
    for (size_t i = 0; found == NULL && i < listing.nr_layers; i++)
        if (strcmp(listing.layers[i].digest, what) == 0)
            found = listing.layers[i].digest;
    if (found != NULL)
        memcpy(digest, found, SW_STORE_HEX);
    sw_store_listing_clear(&listing);
    if (found == NULL)
        return sw_fail(err, SW_USAGE,
                       "'%s' is neither a name in the store nor a layer's whole digest (store ls)", what);
    return 0;
}
