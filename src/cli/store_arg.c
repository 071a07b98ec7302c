/* A store, and what is in it, as the command line names them. */
#include "src/cli/store_arg.h"

#include "src/base/cleanup.h"
#include "src/cli/seal_args.h"

#include <string.h>

enum { DIGEST_MIN = 12 }; /* as many as store ls and plan show */

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

/* NULL: it is no name, or of an image without layers. */
static const struct sw_layer *top_of_name(const struct sw_store_listing *listing, const char *name)
{
    const struct sw_layer *found = NULL;

    for (size_t i = 0; i < listing->nr_images; i++) {
        const struct sw_store_image *image = &listing->images[i];

        if (image->ref != NULL && strcmp(image->ref, name) == 0 && image->nr_layers > 0)
            found = &image->layers[image->nr_layers - 1];
    }
    return found;
}

int store_arg_layer(struct sw_store *store, const char *what, char digest[SW_STORE_HEX], struct sw_err *err)
{
    struct sw_store_listing listing;
    const struct sw_layer *found;
    int rc = 0;

    if (sw_store_list(store, &listing, err) < 0)
        return -1;
    found = top_of_name(&listing, what);
    if (found == NULL)
        rc = sw_store_listing_find(&listing, what, DIGEST_MIN, &found, err);
    if (found != NULL)
        memcpy(digest, found->digest, SW_STORE_HEX);
    sw_store_listing_clear(&listing);
    if (rc == 0 && found == NULL)
        return sw_fail(err, SW_USAGE,
                       "'%s' is neither a name in the store nor the begin of a layer's digest, of %d hex "
                       "digits or more (store ls)",
                       what, DIGEST_MIN);
    return rc;
}
