/* Building a header with its keys, and believing one: data key, commitment, tag. */
#include "src/seal/header.h"
#include "src/seal/scheme.h"

#include <stdio.h>
#include <string.h>

static int put_start(const struct seal_header_spec *spec, struct sw_buf *out, struct sw_err *err)
{
    uint8_t start[3] = {spec->suite->version};

    be16_put(start + 1, spec->suite->id);
    if (sw_buf_append(out, start, sizeof(start), err) < 0)
        return -1;
    return sw_buf_append(out, spec->id->bytes, spec->id->len, err);
}

static int put_keys(const struct seal_header_spec *spec, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf aad = {.len = 0};
    const struct sw_keyring *ring = spec->recipients;
    struct seal_wrap how = {.data_key = spec->data_key, .context = spec->context, .random = spec->random};

    if (seal_context_write(spec->context, &aad, err) < 0 || seal_put_field(out, aad.data, aad.len, err) < 0 ||
        seal_put_u16(out, (uint16_t)ring->n, err) < 0)
        return -1;
    how.aad = (struct seal_view){.bytes = (const uint8_t *)aad.data, .len = aad.len};
    for (size_t i = 0; i < ring->n; i++)
        if (seal_edk_write(&ring->keys[i], &how, out, err) < 0)
            return sw_context(err, "recipient '%s'", ring->keys[i].label);
    return 0;
}

static int put_tag(const struct seal_secret *content_key, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_GCM struct seal_gcm *gcm = seal_gcm_new(content_key->bytes, content_key->len, true, err);
    struct seal_gcm_op op = {.aad = out->data, .aad_len = out->len};
    uint8_t tag[SEAL_TAG_BYTES];

    if (gcm == NULL || seal_gcm_encrypt(gcm, &op, tag, err) < 0)
        return -1;
    return sw_buf_append(out, tag, sizeof(tag), err);
}

int seal_header_build(const struct seal_header_spec *spec, struct sw_buf *out,
                      struct seal_secret *content_key, struct sw_err *err)
{
    uint8_t commitment[SEAL_COMMITMENT_BYTES], format[5] = {SEAL_CONTENT_FRAMED};

    if (!seal_suite_commits(spec->suite))
        return sw_fail(err, SW_FAILED, "suite 0x%04x is not written", (unsigned)spec->suite->id);
    if (seal_derive(spec->suite, spec->data_key, spec->id, content_key, commitment, err) < 0)
        return -1;
    be32_put(format + 1, spec->frame_bytes);
    if (put_start(spec, out, err) < 0 || put_keys(spec, out, err) < 0 ||
        sw_buf_append(out, format, sizeof(format), err) < 0 ||
        sw_buf_append(out, commitment, sizeof(commitment), err) < 0)
        return -1;
    if (out->len > SEAL_HEADER_MAX - SEAL_HEADER_TAG)
        return sw_fail(err, SW_USAGE, "recipients and context make a header of %zu bytes (at most %d)",
                       out->len, SEAL_HEADER_MAX - SEAL_HEADER_TAG);
    return put_tag(content_key, out, err);
}

static int check_tag(const struct seal_header *header, const struct seal_context *required,
                     const struct seal_secret *content_key, struct sw_err *err)
{
    SW_AUTO_GCM struct seal_gcm *gcm = seal_gcm_new(content_key->bytes, content_key->len, false, err);
    SW_AUTO_BUF struct sw_buf aad = {.len = 0};
    struct seal_gcm_op op;

    if (gcm == NULL || sw_buf_append(&aad, header->bytes, header->body_len, err) < 0 ||
        seal_context_write(required, &aad, err) < 0)
        return -1;
    op = (struct seal_gcm_op){.aad = aad.data, .aad_len = aad.len};
    memcpy(op.iv, header->iv, sizeof(op.iv));
    if (seal_gcm_decrypt(gcm, &op, header->bytes + header->len - SEAL_HEADER_TAG, err) < 0)
        return sw_context(err, "its header was changed, or a required pair is wrong or missing");
    return 0;
}

int seal_header_verify(const struct seal_header *header, const struct seal_secret *data_key,
                       const struct seal_context *required, struct seal_secret *content_key,
                       struct sw_err *err)
{
    uint8_t commitment[SEAL_COMMITMENT_BYTES];

    if (seal_derive(header->suite, data_key, &header->id, content_key, commitment, err) < 0)
        return -1;
    if (seal_suite_commits(header->suite) && !seal_equal(commitment, header->commitment, sizeof(commitment)))
        return sw_fail(err, SW_INTEGRITY, "its key commitment does not fit the data key");
    return check_tag(header, required, content_key, err);
}

/* Who it is for, for the message: the first few names. */
static int no_key_fits(const struct seal_header *header, struct sw_err *err)
{
    enum { SHOWN = 4 };
    char names[SHOWN * (SEAL_EDK_LABEL + 4)] = "";
    size_t len = 0;

    for (size_t i = 0; i < header->nr_edks && i < SHOWN; i++) {
        char label[SEAL_EDK_LABEL];

        seal_edk_label(&header->edks[i], label);
        len += (size_t)snprintf(names + len, sizeof(names) - len, "%s'%s'", i > 0 ? ", " : "", label);
    }
    return sw_fail(err, SW_INTEGRITY, "no key was given that it is sealed to (it is sealed to %s%s)", names,
                   header->nr_edks > SHOWN ? ", …" : "");
}

struct unlocking {
    const struct seal_header *header;
    const struct seal_context *required;
    struct seal_unwrap how;
    uint64_t work_left[SW_SEAL_KEYS_MAX]; /* of each key */
    struct seal_secret *content_key;
    struct sw_err first; /* the reason of the first key that was for an entry and did not open it */
};

static int note_reason(struct unlocking *self, const struct sw_err *why)
{
    if (self->first.code == SW_OK)
        self->first = *why;
    return 0;
}

/*
 * 1 when this key opens the header, 0 when it does not, -1 when it opens its entry and the header is wrong. A blind
 * key opens its entry in any case: whatever is wrong then, it must look like a key that does not.
 */
static int try_key(struct unlocking *self, const struct seal_edk *edk, const struct seal_key *key,
                   struct sw_err *err)
{
    SW_AUTO_SECRET struct seal_secret data_key = {.len = 0};
    struct sw_err why = {.code = SW_OK};

    self->how.blind = false;
    if (seal_edk_unwrap(edk, key, &self->how, &data_key, &why) < 0)
        return note_reason(self, &why);
    if (seal_header_verify(self->header, &data_key, self->required, self->content_key, err) == 0)
        return 1;
    if (!self->how.blind || err->code != SW_INTEGRITY)
        return -1;
    (void)seal_no_fit(&why);
    (void)sw_context(&why, "the key '%s'", key->label);
    return note_reason(self, &why);
}

static int try_keys(struct unlocking *self, const struct sw_keyring *keys, struct sw_err *err)
{
    for (size_t i = 0; i < self->header->nr_edks; i++) {
        for (size_t k = 0; k < keys->n; k++) {
            const struct seal_edk *edk = &self->header->edks[i];
            int rc = 0;

            if (!seal_edk_is_for(edk, &keys->keys[k]))
                continue;
            self->how.work_left = self->work_left[k];
            rc = try_key(self, edk, &keys->keys[k], err);
            self->work_left[k] = self->how.work_left;
            if (rc != 0)
                return rc > 0 ? 0 : -1;
        }
    }
    if (self->first.code == SW_OK)
        return no_key_fits(self->header, err);
    *err = self->first;
    return -1;
}

int seal_header_unlock(const struct seal_header *header, const struct sw_keyring *keys,
                       const struct seal_context *required, struct seal_secret *content_key,
                       struct sw_err *err)
{
    SW_AUTO_CONTEXT struct seal_context full = {.n = 0};
    SW_AUTO_BUF struct sw_buf aad = {.len = 0};
    struct unlocking self = {
        .header = header,
        .required = required,
        .how = {.context = &full, .data_key_bytes = header->suite->key_bytes},
        .content_key = content_key,
    };

    for (size_t k = 0; k < keys->n; k++)
        self.work_left[k] = SEAL_PASS_WORK_MAX;
    if (seal_context_join(&full, &header->context, required, err) < 0 ||
        seal_context_write(&full, &aad, err) < 0)
        return -1;
    self.how.aad = (struct seal_view){.bytes = (const uint8_t *)aad.data, .len = aad.len};
    return try_keys(&self, keys, err);
}
