/* A key service as sealing sees it: it wraps and unwraps data keys under keys that never leave it. */
#ifndef SLIPWAY_KMS_H
#define SLIPWAY_KMS_H

#include "slipway/envelope.h"
#include "slipway/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SW_KMS_KEY_MAX = 2048,   /* bytes of a key's name, as KMS allows them */
    SW_KMS_BYTES_MAX = 6144, /* of a wrapped key; a plain one is shorter */
};

struct sw_kms_request {
    const char *key; /* the key's ARN; for encrypting also an alias ("alias/…", or its ARN) or a key's id */
    const char *endpoint;          /* the service's URL; NULL: as the AWS CLI finds it */
    const struct sw_pair *context; /* all of the encryption context: it is bound to the wrapped key */
    size_t nr_context;
    const uint8_t *bytes; /* the plain data key, or the wrapped one */
    size_t len;
};

/* Cleanse it when it holds a plain key. */
struct sw_kms_reply {
    char key[SW_KMS_KEY_MAX + 1]; /* the ARN of the key that the service used, as it says */
    uint8_t bytes[SW_KMS_BYTES_MAX];
    size_t len;
};

struct sw_kms;

/*
 * -1 and err on failure: SW_INTEGRITY for what is a matter of the key (it may not be used, is not there, is disabled,
 * did not wrap this, or not with this context), SW_REMOTE when trying later may help.
 */
struct sw_kms_ops {
    int (*encrypt)(struct sw_kms *kms, const struct sw_kms_request *request, struct sw_kms_reply *reply,
                   struct sw_err *err);
    int (*decrypt)(struct sw_kms *kms, const struct sw_kms_request *request, struct sw_kms_reply *reply,
                   struct sw_err *err);
    void (*close)(struct sw_kms *kms);
};

/* Embed as the first member. */
struct sw_kms {
    const struct sw_kms_ops *ops;
};

static inline void sw_kms_close(struct sw_kms *kms)
{
    if (kms != NULL)
        kms->ops->close(kms);
}

/*
 * Lets the ring use "kms:" keys, which it refuses without: what asks for one here opens connections. Takes kms over, also
 * on failure. Before the first sw_keyring_add.
 */
SW_MUST_CHECK int sw_keyring_use_kms(struct sw_keyring *ring, struct sw_kms *kms, struct sw_err *err);

#endif
