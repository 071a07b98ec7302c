/* Keyrings that may ask tokens and key services. */
#include "src/cli/key_opts.h"

#include "slipway/cloud.h"
#include "src/base/cleanup.h"
#include "src/cli/seal_args.h"

static int let_ask(const struct key_opts *opts, struct sw_keyring *ring, struct sw_err *err)
{
    const struct sw_cloud_config config = {
        .profile = opts->profile, .region = opts->region, .endpoint_url = opts->endpoint_url};
    struct sw_kms *kms = sw_kms_open_aws(&config, NULL, err);

    if (kms == NULL || sw_keyring_use_kms(ring, kms, err) < 0)
        return -1;
    return opts->pkcs11_module != NULL ? sw_keyring_use_pkcs11_module(ring, opts->pkcs11_module, err) : 0;
}

struct sw_keyring *key_opts_ring(const struct key_opts *opts, enum sw_key_use use,
                                 const struct opt_list *texts, struct sw_err *err)
{
    AUTO_RING struct sw_keyring *ring = NULL;

    if (sw_seal_harden(err) < 0 || (ring = sw_keyring_new(use, err)) == NULL || let_ask(opts, ring, err) < 0)
        return NULL;
    for (size_t i = 0; i < texts->n; i++)
        if (sw_keyring_add(ring, texts->items[i], err) < 0)
            return NULL;
    return SW_STEAL_PTR(ring);
}
