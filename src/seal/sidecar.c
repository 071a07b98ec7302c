/* Writing and reading the message that carries the artifact key. */
#include "src/seal/sidecar.h"

#include "src/seal/frame.h"

#include <string.h>

static const char key_artifact[] = "artifact";
static const char key_purpose[] = "purpose";
static const char purpose[] = "artifact-key";

/* What one message is encrypted with. */
struct fresh {
    struct seal_id id;
    struct seal_secret data_key;
    struct seal_secret content_key;
};

static void fresh_cleanse(struct fresh *fresh)
{
    seal_cleanse(fresh, sizeof(*fresh));
}

static int append_frame(const struct fresh *fresh, const struct seal_secret *plain, struct sw_buf *out,
                        struct sw_err *err)
{
    SW_AUTO_GCM struct seal_gcm *gcm =
        seal_gcm_new(fresh->content_key.bytes, fresh->content_key.len, true, err);
    struct seal_frame frame = {.seq = 1, .len = (uint32_t)plain->len, .final = true};
    uint8_t bytes[SEAL_FINAL_OVER + SEAL_SECRET_MAX];

    if (gcm == NULL)
        return -1;
    memcpy(bytes + seal_frame_head(&frame), plain->bytes, plain->len);
    if (seal_frame_encrypt(gcm, &fresh->id, &frame, bytes, err) < 0) {
        seal_cleanse(bytes, sizeof(bytes));
        return -1;
    }
    return sw_buf_append(out, bytes, seal_frame_stored(&frame), err);
}

int seal_secret_message(const struct seal_context *context, const struct seal_secret *plain,
                        const struct seal_small *how, struct sw_buf *out, struct sw_err *err)
{
    SW_CLEANUP(fresh_cleanse)
    struct fresh fresh = {.id = {.len = SEAL_ID_BYTES}, .data_key = {.len = SEAL_KEY_BYTES}};
    struct seal_header_spec spec = {
        .suite = seal_suite_find(SW_SEAL_SUITE),
        .id = &fresh.id,
        .data_key = &fresh.data_key,
        .context = context,
        .recipients = how->recipients,
        .frame_bytes = SW_SEAL_FRAME_BYTES,
        .random = how->random,
    };

    if (how->random(fresh.id.bytes, fresh.id.len, err) < 0 ||
        how->random(fresh.data_key.bytes, fresh.data_key.len, err) < 0)
        return -1;
    if (seal_header_build(&spec, out, &fresh.content_key, err) < 0)
        return -1;
    return append_frame(&fresh, plain, out, err);
}

int seal_sidecar_write(const struct seal_artifact *artifact, const struct sw_keyring *recipients,
                       seal_random_fn *random, struct sw_out *out, struct sw_err *err)
{
    const struct sw_pair pairs[] = {{key_artifact, artifact->id}, {key_purpose, purpose}};
    const struct seal_small how = {.recipients = recipients, .random = random};
    SW_AUTO_CONTEXT struct seal_context context = {.n = 0};
    SW_AUTO_BUF struct sw_buf message = {.len = 0};

    if (seal_context_set(&context, pairs, SW_ARRAY_LEN(pairs), err) < 0 ||
        seal_secret_message(&context, &artifact->key, &how, &message, err) < 0)
        return -1;
    return sw_out_write(out, message.data, message.len, err);
}

/* NULL where the pairs are not those of a sidecar. */
static const char *id_of(const struct sw_pair *pairs, size_t n)
{
    const char *id = seal_pairs_get(pairs, n, key_artifact), *what = seal_pairs_get(pairs, n, key_purpose);
    bool fits =
        id != NULL && strlen(id) == SEAL_ARTIFACT_TEXT - 1 && what != NULL && strcmp(what, purpose) == 0;

    return fits ? id : NULL;
}

const char *seal_sidecar_id(const struct seal_header *header)
{
    return id_of(header->context.pairs, header->context.n);
}

int seal_sidecar_read(struct sw_in *opened, struct seal_artifact *artifact, struct sw_err *err)
{
    size_t n = 0;
    const struct sw_pair *pairs = sw_seal_in_context(opened, &n);
    const char *id = id_of(pairs, n);

    if (id == NULL || opened->size_bytes != SEAL_KEY_BYTES)
        return sw_fail(err, SW_INTEGRITY, "'%s' carries no artifact key", opened->name);
    memcpy(artifact->id, id, SEAL_ARTIFACT_TEXT);
    artifact->key.len = SEAL_KEY_BYTES;
    return sw_in_read(opened, artifact->key.bytes, SEAL_KEY_BYTES, 0, err);
}

int seal_sidecar_open(struct sw_in *sidecar, const struct sw_keyring *keys, struct seal_artifact *artifact,
                      struct sw_err *err)
{
    const struct sw_unseal_opts plain = {.keys = keys};
    struct sw_in *opened = sw_seal_in(sidecar, NULL, &plain, err);
    int rc;

    if (opened == NULL)
        return -1;
    rc = seal_sidecar_read(opened, artifact, err);
    sw_in_close(opened);
    return rc;
}

bool seal_wants_artifact(const struct seal_header *header, const char *id)
{
    for (size_t i = 0; i < header->nr_edks; i++) {
        struct seal_view name = seal_edk_name(&header->edks[i]);

        if (seal_edk_has_ns(&header->edks[i], SEAL_ARTIFACT_NS) &&
            (id == NULL || (name.len == strlen(id) && memcmp(name.bytes, id, name.len) == 0)))
            return true;
    }
    return false;
}

struct sw_keyring *seal_artifact_ring(const struct seal_artifact *artifact, enum sw_key_use use,
                                      struct sw_err *err)
{
    SW_AUTO_KEYRING struct sw_keyring *ring = sw_keyring_new(use, err);

    if (ring == NULL || seal_keyring_add_aes(ring, &artifact->key, SEAL_ARTIFACT_NS, artifact->id, err) < 0)
        return NULL;
    return SW_STEAL_PTR(ring);
}
