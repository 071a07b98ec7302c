/* A vault's inside, shared by vault.c and vault_out.c. */
#ifndef SW_SEAL_VAULT_H
#define SW_SEAL_VAULT_H

#include "src/seal/sidecar.h"

/* The object's name in the encryption context of its message. */
#define VAULT_OBJECT_KEY "slipway:object"

struct sw_vault {
    struct sw_keyring *open, *seal; /* the one key, for both uses */
    struct seal_secret *names;      /* of the HMAC that names objects; of seal_key_new */
};

/* The context of an object's message. */
SW_MUST_CHECK int vault_context(const char name[SW_VAULT_NAME], struct seal_context *context,
                                struct sw_err *err);

#endif
