/* Many objects under one key: the key with its recipients, names, and objects in one piece. */
#include "src/seal/vault.h"

#include "src/base/digest.h"
#include "src/seal/frame.h"

#include <stdio.h>
#include <string.h>

static const char vault_key[] = "slipway:vault";
static const char vault_value[] = "1";

/* What X.sealed holds: the key of names. */
enum { CONTENT_BYTES = SEAL_KEY_BYTES };

SW_DEFINE_AUTO(vault, struct sw_vault, sw_vault_close)
#define AUTO_VAULT SW_CLEANUP(vault_auto)

int sw_vault_create(const char *path, const struct sw_keyring *recipients, struct sw_err *err)
{
    const struct sw_pair context = {.key = vault_key, .value = vault_value};
    const struct sw_seal_opts opts = {.recipients = recipients,
                                      .context = &context,
                                      .nr_context = 1,
                                      .plain_bytes = CONTENT_BYTES,
                                      .jobs = 1};
    SW_AUTO_SECRET struct seal_secret names = {.len = SEAL_KEY_BYTES};
    SW_AUTO_OUT struct sw_out *out = NULL;

    if (sw_random(names.bytes, names.len, err) < 0 || sw_seal_create_file(&opts, path, &out, err) < 0 ||
        sw_out_write(out, names.bytes, names.len, err) < 0)
        return -1;
    return sw_out_commit(out, err);
}

static int read_artifact(const char *path, const struct sw_keyring *keys, struct seal_artifact *artifact,
                         struct sw_err *err)
{
    const struct sw_unseal_opts how = {.keys = keys};
    SW_AUTO_FREE char *sidecar_path = sw_seal_sidecar_path(path, err);
    SW_AUTO_IN struct sw_in *opened = NULL;
    struct sw_in *sidecar = NULL;

    if (sidecar_path == NULL || sw_in_open_file(sidecar_path, &sidecar, err) < 0)
        return -1;
    opened = sw_seal_in(sidecar, NULL, &how, err);
    return opened != NULL ? seal_sidecar_read(opened, artifact, err) : -1;
}

static int read_names(const char *path, const struct sw_opener *opener, struct sw_vault *vault,
                      struct sw_err *err)
{
    const struct sw_pair expect = {.key = vault_key, .value = vault_value};
    const struct sw_unseal_opts how = {.keys = vault->open, .expect = &expect, .nr_expect = 1};
    SW_AUTO_IN struct sw_in *opened = NULL;
    struct sw_in *sealed = NULL;

    if (sw_in_open_by(opener, path, &sealed, err) < 0)
        return -1;
    opened = sw_seal_in(sealed, NULL, &how, err);
    if (opened == NULL)
        return -1;
    if (opened->size_bytes != CONTENT_BYTES)
        return sw_fail(err, SW_INTEGRITY, "'%s' holds no key of names", path);
    vault->names->len = SEAL_KEY_BYTES;
    return sw_in_read(opened, vault->names->bytes, SEAL_KEY_BYTES, 0, err);
}

int sw_vault_open(const char *path, const struct sw_unseal_opts *opts, struct sw_vault **out,
                  struct sw_err *err)
{
    SW_AUTO_ARTIFACT struct seal_artifact artifact = {.key = {.len = 0}};
    AUTO_VAULT struct sw_vault *vault = sw_calloc(1, sizeof(*vault), err);

    if (vault == NULL || read_artifact(path, opts->keys, &artifact, err) < 0)
        return -1;
    vault->names = seal_key_new(sizeof(*vault->names));
    if (vault->names == NULL)
        return sw_fail_errno(err, "cannot get memory for a key");
    vault->open = seal_artifact_ring(&artifact, SW_KEY_OPEN, err);
    vault->seal = seal_artifact_ring(&artifact, SW_KEY_SEAL, err);
    if (vault->open == NULL || vault->seal == NULL || read_names(path, opts->opener, vault, err) < 0)
        return -1;
    *out = SW_STEAL_PTR(vault);
    return 0;
}

void sw_vault_close(struct sw_vault *vault)
{
    if (vault == NULL)
        return;
    sw_keyring_free(vault->open);
    sw_keyring_free(vault->seal);
    seal_key_free(vault->names, sizeof(*vault->names));
    free(vault);
}

int sw_vault_name(const struct sw_vault *vault, const char *kind, const char *text, char name[SW_VAULT_NAME],
                  struct sw_err *err)
{
    SW_AUTO_FREE char *both = sw_strf(err, "%s:%s", kind, text);
    uint8_t digest[SW_SHA256_BYTES];

    if (both == NULL ||
        sw_hmac_sha256(vault->names->bytes, vault->names->len, both, strlen(both), digest, err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), name);
    return 0;
}

int vault_context(const char name[SW_VAULT_NAME], struct seal_context *context, struct sw_err *err)
{
    const struct sw_pair pairs[] = {{SEAL_FORMAT_KEY, SEAL_FORMAT_VALUE}, {VAULT_OBJECT_KEY, name}};

    return seal_context_set(context, pairs, SW_ARRAY_LEN(pairs), err);
}

/* Lends an output to one that takes it over: closing it does nothing. */
struct lent_out {
    struct sw_out base;
    struct sw_out *to;
};

static int lent_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    return sw_out_write(((struct lent_out *)out)->to, buf, len, err);
}

static int lent_commit(struct sw_out *out, struct sw_err *err)
{
    (void)out;
    (void)err;
    return 0;
}

static void lent_close(struct sw_out *out)
{
    free(out);
}

static const struct sw_out_ops lent_ops = {.write = lent_write, .commit = lent_commit, .close = lent_close};

int sw_vault_put(const struct sw_vault *vault, const char name[SW_VAULT_NAME], const void *bytes, size_t len,
                 struct sw_out *sealed, struct sw_err *err)
{
    const struct sw_pair context = {.key = VAULT_OBJECT_KEY, .value = name};
    const struct sw_seal_opts opts = {.recipients = vault->seal,
                                      .context = &context,
                                      .nr_context = 1,
                                      .direct = true,
                                      .plain_bytes = len,
                                      .jobs = 1};
    SW_AUTO_OUT struct sw_out *out = NULL;
    struct lent_out *lent = sw_calloc(1, sizeof(*lent), err);

    if (lent == NULL)
        return -1;
    *lent = (struct lent_out){.base = {.ops = &lent_ops, .fd = -1, .name = sealed->name}, .to = sealed};
    out = sw_seal_out(&opts, &lent->base, NULL, err);
    if (out == NULL || sw_out_write(out, bytes, len, err) < 0)
        return -1;
    return sw_out_commit(out, err);
}

struct sw_in *sw_vault_in(const struct sw_vault *vault, const char name[SW_VAULT_NAME], struct sw_in *sealed,
                          struct sw_err *err)
{
    const struct sw_pair expect = {.key = VAULT_OBJECT_KEY, .value = name};
    const struct sw_unseal_opts how = {.keys = vault->open, .expect = &expect, .nr_expect = 1};

    return sw_seal_in(sealed, NULL, &how, err);
}

int sw_vault_plain_bytes(struct sw_in *sealed, uint64_t *plain_bytes, struct sw_err *err)
{
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    struct seal_layout layout;

    if (seal_header_read(&header, sealed, err) < 0 ||
        seal_layout_of(&header, sealed->size_bytes, &layout, err) < 0)
        return -1;
    *plain_bytes = layout.plain_bytes;
    return 0;
}
