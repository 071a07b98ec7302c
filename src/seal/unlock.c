/* Building a header with its keys, and believing one: data key, commitment, tag. */
#include "src/seal/gcm.h"
#include "src/seal/header.h"

#include "src/seal/scheme.h"

#include <stdio.h>
#include <string.h>

static const uint8_t zero_iv[SEAL_IV_BYTES];

static int put_start(const struct seal_header_spec *spec, struct sw_buf *out, struct sw_err *err)
{
    uint8_t start[3] = {SEAL_VERSION};

    be16_put(start + 1, SEAL_SUITE);
    if (sw_buf_append(out, start, sizeof(start), err) < 0)
        return -1;
    return sw_buf_append(out, spec->message_id, SEAL_ID_BYTES, err);
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

    memcpy(op.iv, zero_iv, sizeof(op.iv));
    if (gcm == NULL || seal_gcm_encrypt(gcm, &op, tag, err) < 0)
        return -1;
    return sw_buf_append(out, tag, sizeof(tag), err);
}

int seal_header_build(const struct seal_header_spec *spec, struct sw_buf *out,
                      struct seal_secret *content_key, struct sw_err *err)
{
    uint8_t commitment[SEAL_COMMITMENT_BYTES], format[5] = {SEAL_CONTENT_FRAMED};

    if (seal_derive(spec->data_key, spec->message_id, content_key, commitment, err) < 0)
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
    memcpy(op.iv, zero_iv, sizeof(op.iv));
    if (seal_gcm_decrypt(gcm, &op, header->bytes + header->body_len, err) < 0)
        return sw_context(err, "its header was changed, or a required pair is wrong or missing");
    return 0;
}

int seal_header_verify(const struct seal_header *header, const struct seal_secret *data_key,
                       const struct seal_context *required, struct seal_secret *content_key,
                       struct sw_err *err)
{
    uint8_t commitment[SEAL_COMMITMENT_BYTES];

    if (seal_derive(data_key, header->message_id, content_key, commitment, err) < 0)
        return -1;
    if (!seal_equal(commitment, header->commitment, sizeof(commitment)))
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

/* The first key that opens an entry; else the reason of the first one that was for an entry. */
static int find_data_key(const struct seal_header *header, const struct sw_keyring *keys,
                         struct seal_unwrap *how, struct seal_secret *data_key, struct sw_err *err)
{
    struct sw_err first = {.code = SW_OK};

    for (size_t i = 0; i < header->nr_edks; i++) {
        for (size_t k = 0; k < keys->n; k++) {
            struct sw_err why = {.code = SW_OK};

            if (!seal_edk_is_for(&header->edks[i], &keys->keys[k]))
                continue;
            if (seal_edk_unwrap(&header->edks[i], &keys->keys[k], how, data_key, &why) == 0)
                return 0;
            if (first.code == SW_OK)
                first = why;
        }
    }
    if (first.code == SW_OK)
        return no_key_fits(header, err);
    *err = first;
    return -1;
}

int seal_header_unlock(const struct seal_header *header, const struct sw_keyring *keys,
                       const struct seal_context *required, struct seal_secret *content_key,
                       struct sw_err *err)
{
    SW_AUTO_SECRET struct seal_secret data_key = {.len = 0};
    SW_AUTO_CONTEXT struct seal_context full = {.n = 0};
    SW_AUTO_BUF struct sw_buf aad = {.len = 0};
    struct seal_unwrap how = {
        .context = &full, .data_key_bytes = SEAL_KEY_BYTES, .work_left = SEAL_PASS_WORK_MAX};

    if (seal_context_join(&full, &header->context, required, err) < 0 ||
        seal_context_write(&full, &aad, err) < 0)
        return -1;
    how.aad = (struct seal_view){.bytes = (const uint8_t *)aad.data, .len = aad.len};
    if (find_data_key(header, keys, &how, &data_key, err) < 0)
        return -1;
    return seal_header_verify(header, &data_key, required, content_key, err);
}
