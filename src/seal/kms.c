/* Keys of AWS KMS, as the Encryption SDK's KMS keyring has them; who is asked is behind slipway/kms.h. */
#include "slipway/kms.h"
#include "src/seal/scheme.h"

#include <stdio.h>
#include <string.h>

#define KMS_NS "aws-kms"

struct kms_key {
    struct sw_kms *kms; /* the ring's */
    char *endpoint;     /* NULL: as configured */
};

static void reply_cleanse(struct sw_kms_reply *reply)
{
    seal_cleanse(reply, sizeof(*reply));
}

/* "arn:…:key/ID", the one name that tells a key from all others. */
static bool is_key_arn(const char *text)
{
    return strncmp(text, "arn:", strlen("arn:")) == 0 && strstr(text, ":key/") != NULL;
}

static struct sw_kms_request request_for(const struct seal_key *key, const struct seal_context *context,
                                         const uint8_t *bytes, size_t len)
{
    const struct kms_key *self = key->priv;

    return (struct sw_kms_request){.key = key->name,
                                   .endpoint = self->endpoint,
                                   .context = context->pairs,
                                   .nr_context = context->n,
                                   .bytes = bytes,
                                   .len = len};
}

/* An alias or an id becomes the ARN that KMS answers with; a key's ARN must come back as it is. */
static int check_answer(const struct seal_key *key, const struct sw_kms_reply *reply, struct sw_err *err)
{
    if (!is_key_arn(reply->key) || (is_key_arn(key->name) && strcmp(reply->key, key->name) != 0))
        return sw_fail(err, SW_INTEGRITY, "KMS was asked for '%s' and used '%.128s'", key->name, reply->key);
    return 0;
}

static int wrap(const struct seal_key *key, const struct seal_wrap *how, struct sw_buf *info,
                struct sw_buf *wrapped, struct sw_err *err)
{
    const struct kms_key *self = key->priv;
    struct sw_kms_request request = request_for(key, how->context, how->data_key->bytes, how->data_key->len);
    SW_CLEANUP(reply_cleanse) struct sw_kms_reply reply = {.len = 0};

    if (self->kms->ops->encrypt(self->kms, &request, &reply, err) < 0 || check_answer(key, &reply, err) < 0 ||
        sw_buf_puts(info, reply.key, err) < 0)
        return -1;
    return sw_buf_append(wrapped, reply.bytes, reply.len, err);
}

static int unwrap(const struct seal_key *key, const struct seal_edk *edk, struct seal_unwrap *how,
                  struct seal_secret *data_key, struct sw_err *err)
{
    const struct kms_key *self = key->priv;
    struct sw_kms_request request = request_for(key, how->context, edk->wrapped.bytes, edk->wrapped.len);
    SW_CLEANUP(reply_cleanse) struct sw_kms_reply reply = {.len = 0};

    if (edk->wrapped.len == 0 || edk->wrapped.len > SW_KMS_BYTES_MAX)
        return sw_fail(err, SW_INTEGRITY, "its data key of %zu bytes is none that KMS wrapped",
                       edk->wrapped.len);
    if (self->kms->ops->decrypt(self->kms, &request, &reply, err) < 0 || check_answer(key, &reply, err) < 0)
        return -1;
    if (reply.len > sizeof(data_key->bytes))
        return seal_no_fit(err);
    memcpy(data_key->bytes, reply.bytes, reply.len);
    data_key->len = reply.len;
    return 0;
}

/*
 * A key's ARN is that of one key for ever; who answers to an alias now is named by the answer. What is asked is to wrap
 * random bytes: another key is nobody who is to see the data key.
 */
static int made(const struct seal_key *key, const struct seal_edk *edk, const struct seal_wrap *how,
                bool *same, struct sw_err *err)
{
    SW_AUTO_SECRET struct seal_secret bytes = {.len = SEAL_KEY_BYTES};
    SW_AUTO_BUF struct sw_buf info = {.len = 0}, wrapped = {.len = 0};
    struct seal_wrap question = *how;
    int rc;

    question.data_key = &bytes;
    if (is_key_arn(key->name))
        rc = sw_buf_puts(&info, key->name, err);
    else
        rc = how->random(bytes.bytes, bytes.len, err) < 0 ? -1 : wrap(key, &question, &info, &wrapped, err);
    if (rc < 0)
        return -1;
    *same = info.len == edk->info.len && memcmp(info.data, edk->info.bytes, info.len) == 0;
    return 0;
}

static void kms_key_free(void *priv)
{
    struct kms_key *self = priv;

    free(self->endpoint);
    free(self);
}

static const struct seal_key_ops kms_key_ops = {
    .wrap = wrap, .unwrap = unwrap, .made = made, .free = kms_key_free};

/* What KMS takes as a name; it goes into messages as well. */
static int check_name(const struct sw_keyring *ring, const char *name, struct sw_err *err)
{
    if (strlen(name) > SW_KMS_KEY_MAX)
        return sw_fail(err, SW_USAGE, "the key's name is longer than %d bytes", SW_KMS_KEY_MAX);
    for (const char *at = name; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            return sw_fail(err, SW_USAGE, "the key's name has a character that no name of KMS has");
    if (ring->use == SW_KEY_OPEN && !is_key_arn(name))
        return sw_fail(
            err, SW_USAGE,
            "opening takes the key's ARN (arn:aws:kms:REGION:ACCOUNT:key/ID), so that no other key "
            "can answer for it; the message names it");
    return 0;
}

static int add(const struct sw_keyring *ring, const struct seal_key_text *text, struct seal_key *key,
               struct sw_err *err)
{
    const char *endpoint = seal_key_option(text, "endpoint", NULL);
    struct kms_key *self;

    if (ring->kms == NULL)
        return sw_fail(
            err, SW_REFUSED,
            "this command opens no connections: take another recipient here, and let slipway seal, "
            "slipway open or slipway rewrap use KMS");
    if (check_name(ring, text->target, err) < 0)
        return -1;
    self = sw_calloc(1, sizeof(*self), err);
    if (self == NULL)
        return -1;
    key->ops = &kms_key_ops;
    key->priv = self;
    self->kms = ring->kms;
    if (endpoint != NULL && (self->endpoint = sw_strdup(endpoint, err)) == NULL)
        return -1;
    return seal_key_set_names(key, KMS_NS, text->target, err);
}

static const char *const options[] = {"endpoint", NULL};

const struct seal_scheme seal_scheme_kms = {
    .prefix = "kms:",
    .form = "kms:ARN",
    .options = options,
    .add = add,
};
