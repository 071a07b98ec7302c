/* Raw ECDH, as the Encryption SDK's raw ECDH keyring has it. */
#include "src/seal/raw_ecdh.h"

#include "src/base/digest.h"
#include "src/seal/gcm.h"
#include "src/seal/kbkdf.h"

#include <string.h>

enum { VERSION = 1, SALT_BYTES = 32, COMMITMENT_BYTES = 32, HEAD_BYTES = SALT_BYTES + COMMITMENT_BYTES };

int seal_ec_name(struct seal_view point, char out[SEAL_EC_NAME], struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];

    if (sw_sha256(point.bytes, point.len, digest, err) < 0)
        return -1;
    memcpy(out, "ec-", 3);
    sw_hex(digest, 8, out + 3);
    return 0;
}

bool seal_ecdh_parse(const struct seal_edk *edk, struct seal_ecdh_info *info)
{
    struct seal_wire wire = {.bytes = edk->info.bytes, .len = edk->info.len};

    if (seal_wire_u8(&wire) != VERSION)
        return false;
    info->recipient = seal_wire_take(&wire, seal_wire_u32(&wire));
    info->sender = seal_wire_take(&wire, seal_wire_u32(&wire));
    return !wire.ended && wire.at == wire.len;
}

static struct seal_view view_of(const struct seal_point *point)
{
    return (struct seal_view){.bytes = point->bytes, .len = point->len};
}

static bool views_equal(struct seal_view a, struct seal_view b)
{
    return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

static const char *curve_name(enum seal_pkey_type curve)
{
    switch (curve) {
    case SEAL_PKEY_P256:
        return "p256";
    case SEAL_PKEY_P384:
        return "p384";
    default:
        return "p521";
    }
}

/* Both points, and what else is known to both sides and bound to the key. */
static int fixed_info(enum seal_pkey_type curve, const struct seal_ecdh_info *points, struct seal_view aad,
                      struct sw_buf *out, struct sw_err *err)
{
    static const char protocol[] = "ecdh-key-derivation", scheme[] = "HMAC_SHA384";
    static const uint8_t version[] = {0, VERSION, 0};
    const char *name = curve_name(curve);
    const struct seal_view parts[] = {
        {(const uint8_t *)protocol, sizeof(protocol)}, /* the texts with their NULs */
        {(const uint8_t *)name, strlen(name) + 1},
        {(const uint8_t *)scheme, sizeof(scheme)},
        points->sender,
        points->recipient,
        {version, sizeof(version)},
        aad,
    };

    for (size_t i = 0; i < SW_ARRAY_LEN(parts); i++)
        if (parts[i].len > 0 && sw_buf_append(out, parts[i].bytes, parts[i].len, err) < 0)
            return -1;
    return 0;
}

/* The commitment's 32 bytes, then the wrapping key's. */
static int keying(const struct seal_secret *z, const struct sw_buf *fixed, const uint8_t salt[SALT_BYTES],
                  struct seal_secret *out, struct sw_err *err)
{
    struct seal_view label = {.bytes = (const uint8_t *)fixed->data, .len = fixed->len};

    out->len = COMMITMENT_BYTES + SEAL_KEY_BYTES;
    return seal_kbkdf(z, label, (struct seal_view){.bytes = salt, .len = SALT_BYTES}, out, err);
}

static int encrypt(const struct seal_secret *material, const struct sw_buf *fixed,
                   const struct seal_secret *data_key, struct sw_buf *wrapped, struct sw_err *err)
{
    SW_AUTO_GCM struct seal_gcm *gcm =
        seal_gcm_new(material->bytes + COMMITMENT_BYTES, SEAL_KEY_BYTES, true, err);
    uint8_t out[SEAL_SECRET_MAX + SEAL_TAG_BYTES];
    struct seal_gcm_op op = {
        .aad = fixed->data, .aad_len = fixed->len, .in = data_key->bytes, .out = out, .len = data_key->len};

    if (gcm == NULL || seal_gcm_encrypt(gcm, &op, out + data_key->len, err) < 0)
        return -1;
    return sw_buf_append(wrapped, out, data_key->len + SEAL_TAG_BYTES, err);
}

static int put_info(const struct seal_ecdh_info *points, struct sw_buf *info, struct sw_err *err)
{
    const struct seal_view both[] = {points->recipient, points->sender};
    const uint8_t version = VERSION;

    if (sw_buf_append(info, &version, 1, err) < 0)
        return -1;
    for (size_t i = 0; i < SW_ARRAY_LEN(both); i++) {
        uint8_t len[4];

        be32_put(len, (uint32_t)both[i].len);
        if (sw_buf_append(info, len, sizeof(len), err) < 0 ||
            sw_buf_append(info, both[i].bytes, both[i].len, err) < 0)
            return -1;
    }
    return 0;
}

/* Everything behind the agreement. */
static int wrap_under(const struct seal_secret *z, const struct sw_buf *fixed, const struct seal_wrap *how,
                      struct sw_buf *wrapped, struct sw_err *err)
{
    SW_AUTO_SECRET struct seal_secret material = {.len = 0};
    uint8_t salt[SALT_BYTES];

    if (how->random(salt, sizeof(salt), err) < 0 || keying(z, fixed, salt, &material, err) < 0)
        return -1;
    if (sw_buf_append(wrapped, salt, sizeof(salt), err) < 0 ||
        sw_buf_append(wrapped, material.bytes, COMMITMENT_BYTES, err) < 0)
        return -1;
    return encrypt(&material, fixed, how->data_key, wrapped, err);
}

int seal_ecdh_wrap(const struct seal_pkey *recipient, const struct seal_wrap *how, struct sw_buf *info,
                   struct sw_buf *wrapped, struct sw_err *err)
{
    enum seal_pkey_type curve = seal_pkey_type(recipient);
    SW_AUTO_PKEY struct seal_pkey *ephemeral = seal_pkey_generate(curve, 0, err);
    SW_AUTO_SECRET struct seal_secret z = {.len = 0};
    SW_AUTO_BUF struct sw_buf fixed = {.len = 0};
    struct seal_point to, from;
    struct seal_ecdh_info points;

    if (ephemeral == NULL || seal_ec_point(recipient, &to, err) < 0 ||
        seal_ec_point(ephemeral, &from, err) < 0)
        return -1;
    points = (struct seal_ecdh_info){.recipient = view_of(&to), .sender = view_of(&from)};
    if (put_info(&points, info, err) < 0 || fixed_info(curve, &points, how->aad, &fixed, err) < 0 ||
        seal_ec_agree(ephemeral, recipient, &z, err) < 0)
        return -1;
    return wrap_under(&z, &fixed, how, wrapped, err);
}

/* The other side's point, or no bytes when own is none of the two. */
static struct seal_view peer_of(const struct seal_pkey *own, const struct seal_ecdh_info *info)
{
    struct sw_err ignored = {.code = SW_OK};
    struct seal_point point;

    if (seal_ec_point(own, &point, &ignored) == 0) {
        if (views_equal(info->recipient, view_of(&point)))
            return info->sender;
        if (views_equal(info->sender, view_of(&point)))
            return info->recipient;
    }
    return (struct seal_view){.len = 0};
}

bool seal_ecdh_is_for(const struct seal_pkey *own, const struct seal_edk *edk)
{
    struct seal_ecdh_info info;

    return seal_ecdh_parse(edk, &info) && peer_of(own, &info).len > 0;
}

static int decrypt(const struct seal_secret *material, const struct sw_buf *fixed, const struct seal_edk *edk,
                   struct seal_secret *data_key, struct sw_err *err)
{
    SW_AUTO_GCM struct seal_gcm *gcm = NULL;
    struct seal_gcm_op op = {.aad = fixed->data,
                             .aad_len = fixed->len,
                             .in = edk->wrapped.bytes + HEAD_BYTES,
                             .out = data_key->bytes,
                             .len = edk->wrapped.len - HEAD_BYTES - SEAL_TAG_BYTES};

    if (!seal_equal(material->bytes, edk->wrapped.bytes + SALT_BYTES, COMMITMENT_BYTES))
        return seal_no_fit(err);
    gcm = seal_gcm_new(material->bytes + COMMITMENT_BYTES, SEAL_KEY_BYTES, false, err);
    if (gcm == NULL)
        return -1;
    if (seal_gcm_decrypt(gcm, &op, op.in + op.len, err) < 0)
        return seal_no_fit(err);
    data_key->len = op.len;
    return 0;
}

int seal_ecdh_unwrap(const struct seal_ecdh_own *own, const struct seal_edk *edk, struct seal_view aad,
                     struct seal_secret *data_key, struct sw_err *err)
{
    enum seal_pkey_type curve = seal_pkey_type(own->public);
    SW_AUTO_SECRET struct seal_secret z = {.len = 0}, material = {.len = 0};
    SW_AUTO_BUF struct sw_buf fixed = {.len = 0};
    SW_AUTO_PKEY struct seal_pkey *peer = NULL;
    struct seal_ecdh_info info;

    if (!seal_ecdh_parse(edk, &info) || edk->wrapped.len < HEAD_BYTES + SEAL_TAG_BYTES ||
        edk->wrapped.len - HEAD_BYTES - SEAL_TAG_BYTES > sizeof(data_key->bytes))
        return seal_no_fit(err);
    peer = seal_ec_from_point(curve, peer_of(own->public, &info), err);
    if (peer == NULL || own->agree(own->self, peer, &z, err) < 0 ||
        fixed_info(curve, &info, aad, &fixed, err) < 0 ||
        keying(&z, &fixed, edk->wrapped.bytes, &material, err) < 0)
        return -1;
    return decrypt(&material, &fixed, edk, data_key, err);
}
