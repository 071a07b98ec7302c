/* Messages of every suite, good and bad ones: slipway itself writes two of the eleven, and no bad ones. */
#ifndef TESTS_LIB_FORGE_H
#define TESTS_LIB_FORGE_H

#include "src/base/buf.h"
#include "src/base/endian.h"
#include "src/seal/header.h"
#include "src/seal/scheme.h"

#include <stdlib.h>
#include <string.h>

enum { FORGE_MARKS = 96, FORGE_PLAIN_MAX = 4096 };

/* How a message is made. Zero-initialise but for the suite. */
struct forge {
    uint16_t suite;
    uint32_t frame_bytes; /* 0: a single block */
    const struct sw_pair *context;
    size_t nr_context;
    const void *plain;
    size_t len;
    bool empty_final;      /* a plaintext that fills its frames is followed by an empty one */
    bool odd_ivs;          /* IVs that are no sequence numbers */
    bool no_public_key;    /* though it signs */
    bool alien_public_key; /* though it does not sign, or of another key than the one that signs */
    bool no_footer;        /* though it signs */
    size_t footer_more;    /* bytes that the footer's length says and the signature has not */
};

/* What came of it: where its numbers lie, and where its parts end. */
struct forged {
    struct sw_buf bytes;
    size_t header_len;
    struct {
        size_t at;
        unsigned width;
    } marks[FORGE_MARKS];
    size_t nr_marks;
    size_t edges[FORGE_MARKS];
    size_t nr_edges;
};

static inline void forged_free(struct forged *forged)
{
    sw_buf_free(&forged->bytes);
}
#define AUTO_FORGED SW_CLEANUP(forged_free)

static inline const uint8_t *forged_bytes(const struct forged *forged)
{
    return (const uint8_t *)forged->bytes.data;
}

static inline void forge_check(bool good)
{
    if (!good)
        abort();
}

static inline void forge_put(struct forged *forged, const void *bytes, size_t len)
{
    struct sw_err err = {.code = SW_OK};

    forge_check(sw_buf_append(&forged->bytes, bytes, len, &err) == 0);
}

static inline void forge_mark(struct forged *forged, size_t at, unsigned width)
{
    forge_check(forged->nr_marks < FORGE_MARKS);
    forged->marks[forged->nr_marks].at = at;
    forged->marks[forged->nr_marks++].width = width;
}

static inline void forge_num(struct forged *forged, uint64_t value, unsigned width)
{
    uint8_t bytes[8];

    be64_put(bytes, value);
    forge_mark(forged, forged->bytes.len, width);
    forge_put(forged, bytes + 8 - width, width);
}

static inline void forge_edge(struct forged *forged)
{
    forge_check(forged->nr_edges < FORGE_MARKS);
    forged->edges[forged->nr_edges++] = forged->bytes.len;
}

/* Fields behind u16 lengths, from at on. */
static inline size_t forge_mark_fields(struct forged *forged, size_t at, size_t n)
{
    for (; n > 0; n--) {
        forge_mark(forged, at, 2);
        at += 2 + (size_t)be16_get(forged_bytes(forged) + at);
    }
    return at;
}

static inline int forge_random(void *buf, size_t len, struct sw_err *err)
{
    (void)err;
    memset(buf, 0x5a, len);
    return 0;
}

/* The key that everything is wrapped for: 32 bytes of 1, "fuzz/key". */
static inline struct sw_keyring *forge_ring(enum sw_key_use use)
{
    struct seal_secret key = {.len = SEAL_KEY_BYTES};
    struct sw_err err = {.code = SW_OK};
    struct sw_keyring *ring = sw_keyring_new(use, &err);

    memset(key.bytes, 1, key.len);
    forge_check(ring != NULL && seal_keyring_add_aes(ring, &key, "fuzz", "key", &err) == 0);
    return ring;
}

static inline void forge_gcm(struct seal_gcm *gcm, const struct seal_gcm_op *op, struct forged *forged)
{
    struct sw_err err = {.code = SW_OK};
    uint8_t tag[SEAL_TAG_BYTES];

    forge_check(seal_gcm_encrypt(gcm, op, tag, &err) == 0);
    if (op->len > 0)
        forge_put(forged, op->out, op->len);
    forge_put(forged, tag, sizeof(tag));
}

/* The context with the key that signs, or does not. */
static inline struct seal_signature *forge_context(const struct forge *how, const struct seal_suite *suite,
                                                   struct sw_buf *aad)
{
    SW_AUTO_CONTEXT struct seal_context base = {.n = 0}, full = {.n = 0};
    SW_AUTO_SIGNATURE struct seal_signature *alien = NULL;
    struct seal_signature *signer = NULL;
    struct sw_err err = {.code = SW_OK};
    char text[SEAL_PUBLIC_TEXT];
    struct sw_pair pair = {SEAL_PUBLIC_KEY, text};
    const struct seal_context added = {.pairs = &pair, .n = 1}, none = {.n = 0};
    bool with = how->alien_public_key || (seal_suite_signs(suite) && !how->no_public_key);

    if (seal_suite_signs(suite))
        signer = seal_signer_new(suite->curve, text, &err);
    if (how->alien_public_key)
        alien = seal_signer_new(seal_suite_signs(suite) ? suite->curve : SEAL_CURVE_P384, text, &err);
    forge_check(seal_context_set(&base, how->context, how->nr_context, &err) == 0);
    forge_check(seal_context_join(&full, &base, with ? &added : &none, &err) == 0);
    forge_check(seal_context_write(&full, aad, &err) == 0);
    return signer;
}

static inline void forge_edk(struct forged *forged, const struct seal_secret *data_key,
                             const struct sw_buf *aad)
{
    SW_AUTO_KEYRING struct sw_keyring *ring = forge_ring(SW_KEY_SEAL);
    const struct seal_wrap how = {.data_key = data_key,
                                  .aad = {.bytes = (const uint8_t *)aad->data, .len = aad->len},
                                  .random = forge_random};
    struct sw_err err = {.code = SW_OK};
    size_t at;

    forge_num(forged, 1, 2);
    at = forged->bytes.len;
    forge_check(seal_edk_write(&ring->keys[0], &how, &forged->bytes, &err) == 0);
    (void)forge_mark_fields(forged, at, 3);
}

static inline void forge_start(struct forged *forged, const struct seal_suite *suite,
                               const struct seal_id *id)
{
    forge_num(forged, suite->version, 1);
    if (suite->version == SEAL_VERSION_1)
        forge_num(forged, 0x80, 1);
    forge_num(forged, suite->id, 2);
    forge_put(forged, id->bytes, id->len);
}

static inline void forge_aad(struct forged *forged, const struct sw_buf *aad)
{
    size_t at;

    forge_num(forged, aad->len, 2);
    at = forged->bytes.len;
    if (aad->len == 0)
        return;
    forge_put(forged, aad->data, aad->len);
    forge_mark(forged, at, 2);
    (void)forge_mark_fields(forged, at + 2, 2 * (size_t)be16_get(forged_bytes(forged) + at));
}

static inline void forge_format(struct forged *forged, const struct forge *how,
                                const struct seal_suite *suite, const uint8_t *commitment)
{
    forge_num(forged, how->frame_bytes > 0 ? SEAL_CONTENT_FRAMED : SEAL_CONTENT_SINGLE, 1);
    if (suite->version == SEAL_VERSION_1) {
        forge_num(forged, 0, 4);
        forge_num(forged, SEAL_IV_BYTES, 1);
    }
    forge_num(forged, how->frame_bytes, 4);
    if (seal_suite_commits(suite))
        forge_put(forged, commitment, SEAL_COMMITMENT_BYTES);
}

static inline void forge_auth(struct forged *forged, const struct forge *how, const struct seal_suite *suite,
                              struct seal_gcm *gcm)
{
    SW_AUTO_BUF struct sw_buf body = {.len = 0};
    struct sw_err err = {.code = SW_OK};
    struct seal_gcm_op op = {.aad_len = forged->bytes.len};

    forge_check(sw_buf_append(&body, forged->bytes.data, forged->bytes.len, &err) == 0);
    op.aad = body.data;
    if (suite->version == SEAL_VERSION_1) {
        memset(op.iv, how->odd_ivs ? 0xa5 : 0, sizeof(op.iv));
        forge_put(forged, op.iv, sizeof(op.iv));
    }
    forge_gcm(gcm, &op, forged);
    forged->header_len = forged->bytes.len;
}

struct forge_frame {
    const char *text; /* what its authenticated data says of it */
    uint32_t seq;
    size_t at, len; /* of the plaintext */
    bool final, single;
};

static inline size_t forge_frame_aad(const struct seal_id *id, const struct forge_frame *frame, uint8_t *aad)
{
    size_t text_len = strlen(frame->text), at = id->len;

    memcpy(aad, id->bytes, id->len);
    memcpy(aad + at, frame->text, text_len);
    be32_put(aad + at + text_len, frame->seq);
    be64_put(aad + at + text_len + 4, frame->len);
    return at + text_len + 12;
}

/* By its layout in the specification: this shares nothing with frame.c. */
static inline void forge_put_frame(struct forged *forged, const struct forge *how, struct seal_gcm *gcm,
                                   const struct seal_id *id, const struct forge_frame *frame)
{
    static uint8_t cipher[FORGE_PLAIN_MAX];
    uint8_t aad[96];
    struct seal_gcm_op op = {.aad = aad,
                             .aad_len = forge_frame_aad(id, frame, aad),
                             .in = (const uint8_t *)how->plain + frame->at,
                             .out = cipher,
                             .len = frame->len};

    memset(op.iv, how->odd_ivs ? 0x77 : 0, sizeof(op.iv));
    be32_put(op.iv + 8, how->odd_ivs ? ~frame->seq : frame->seq);
    forge_edge(forged);
    if (frame->final && !frame->single)
        forge_num(forged, 0xffffffff, 4);
    if (!frame->single)
        forge_num(forged, frame->seq, 4);
    forge_put(forged, op.iv, sizeof(op.iv));
    if (frame->final)
        forge_num(forged, frame->len, frame->single ? 8 : 4);
    forge_gcm(gcm, &op, forged);
}

static inline void forge_frames(struct forged *forged, const struct forge *how, struct seal_gcm *gcm,
                                const struct seal_id *id)
{
    struct forge_frame frame = {.text = "AWSKMSEncryptionClient Single Block", .seq = 1};
    size_t left = how->len, full = how->frame_bytes;

    if (full == 0) {
        frame.final = frame.single = true;
        frame.len = left;
        forge_put_frame(forged, how, gcm, id, &frame);
        return;
    }
    frame.text = "AWSKMSEncryptionClient Frame";
    frame.len = full;
    for (; left > full || (left == full && how->empty_final); left -= full) {
        forge_put_frame(forged, how, gcm, id, &frame);
        frame.at += full;
        frame.seq++;
    }
    frame.text = "AWSKMSEncryptionClient Final Frame";
    frame.len = left;
    frame.final = true;
    forge_put_frame(forged, how, gcm, id, &frame);
}

static inline void forge_footer(struct forged *forged, const struct forge *how, struct seal_signature *signer)
{
    uint8_t der[SEAL_SIGNATURE_MAX];
    struct sw_err err = {.code = SW_OK};
    size_t len = 0;

    forge_check(seal_signature_update(signer, forged->bytes.data, forged->bytes.len, &err) == 0);
    forge_check(seal_signature_make(signer, der, &len, &err) == 0);
    forge_edge(forged);
    forge_num(forged, len + how->footer_more, 2);
    forge_put(forged, der, len);
}

/* Makes the message. All keys and ids are the same every time, but for the key that signs. */
static inline void forge_message(const struct forge *how, struct forged *forged)
{
    const struct seal_suite *suite = seal_suite_find(how->suite);
    SW_AUTO_SIGNATURE struct seal_signature *signer = NULL;
    SW_AUTO_GCM struct seal_gcm *gcm = NULL;
    SW_AUTO_BUF struct sw_buf aad = {.len = 0};
    struct sw_err err = {.code = SW_OK};
    struct seal_secret data_key, content_key;
    uint8_t commitment[SEAL_COMMITMENT_BYTES];
    struct seal_id id;

    forge_check(suite != NULL && how->len <= FORGE_PLAIN_MAX);
    *forged = (struct forged){.nr_marks = 0};
    data_key.len = suite->key_bytes;
    memset(data_key.bytes, 3, sizeof(data_key.bytes));
    id.len = seal_suite_id_bytes(suite);
    memset(id.bytes, 4, sizeof(id.bytes));
    forge_check(seal_derive(suite, &data_key, &id, &content_key, commitment, &err) == 0);
    gcm = seal_gcm_new(content_key.bytes, content_key.len, true, &err);
    signer = forge_context(how, suite, &aad);
    forge_start(forged, suite, &id);
    forge_aad(forged, &aad);
    forge_edk(forged, &data_key, &aad);
    forge_format(forged, how, suite, commitment);
    forge_auth(forged, how, suite, gcm);
    forge_frames(forged, how, gcm, &id);
    if (signer != NULL && !how->no_footer)
        forge_footer(forged, how, signer);
    forge_edge(forged);
}

#endif
