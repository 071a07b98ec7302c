/* RSA, AES-GCM and ECDH on a token. */
#include "src/seal/p11_crypt.h"

#include "src/base/buf.h"
#include "src/seal/oaep.h"

#include <string.h>

enum { RSA_MAX = 2048, POINT_MAX = 1 + 2 * 66, TAG_BITS = 8 * SEAL_TAG_BYTES };

/* PKCS#11 takes no const pointers, and writes to none of these. */
static unsigned char *writable(const uint8_t *bytes)
{
    return (unsigned char *)(uintptr_t)bytes;
}

/* One reason for whatever the token decrypted and found wrong. */
static int no_fit(const struct p11_object *key, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "%s: the key does not decrypt it", key->token->name);
}

static bool is_bad_data(ck_rv_t rv)
{
    return rv == CKR_ENCRYPTED_DATA_INVALID || rv == CKR_ENCRYPTED_DATA_LEN_RANGE || rv == CKR_DATA_INVALID ||
           rv == CKR_DATA_LEN_RANGE || rv == CKR_FUNCTION_FAILED || rv == CKR_GENERAL_ERROR;
}

/* After C_…Init: keys that want the PIN before each use. */
static int authenticate(const struct p11_object *key, struct sw_err *err)
{
    return p11_flag(key, CKA_ALWAYS_AUTHENTICATE) ? p11_token_login_again(key->token, err) : 0;
}

/* ---- decrypting ---- */

struct bytes {
    uint8_t *at;
    unsigned long len; /* room, then what is there */
};

/* *rv is CKR_OK exactly when out holds the result; -1 and err only when a PIN was needed and refused. */
static int decrypt(const struct p11_object *key, struct ck_mechanism *mechanism, struct seal_view wrapped,
                   struct bytes *out, ck_rv_t *rv, struct sw_err *err)
{
    struct ck_function_list *module = key->token->module;
    unsigned long room = out->len;

    *rv = module->C_DecryptInit(key->token->session, mechanism, key->handle);
    if (*rv != CKR_OK)
        return 0;
    if (authenticate(key, err) < 0)
        return -1;
    *rv = module->C_Decrypt(key->token->session, writable(wrapped.bytes), wrapped.len, out->at, &out->len);
    if (*rv == CKR_OK && out->len > room)
        *rv = CKR_GENERAL_ERROR;
    return 0;
}

static int judge(const struct p11_object *key, ck_rv_t rv, struct sw_err *err)
{
    return is_bad_data(rv) ? no_fit(key, err) : p11_fail(key->token, "C_Decrypt", rv, err);
}

/* ---- RSA ---- */

static const struct oaep_hash {
    const char *name;
    ck_mechanism_type_t hash;
    ck_rsa_pkcs_mgf_type_t mgf;
} hashes[] = {
    {"SHA256", CKM_SHA256, CKG_MGF1_SHA256},
    {"SHA1", CKM_SHA_1, CKG_MGF1_SHA1},
    {"SHA384", CKM_SHA384, CKG_MGF1_SHA384},
    {"SHA512", CKM_SHA512, CKG_MGF1_SHA512},
};

static const struct oaep_hash *find_hash(const char *name)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(hashes); i++)
        if (strcmp(hashes[i].name, name) == 0)
            return &hashes[i];
    return NULL;
}

/* What a token says that knows OAEP, but not with this hash, or not at all. */
static bool cannot_pad(ck_rv_t rv)
{
    return rv == CKR_ARGUMENTS_BAD || rv == CKR_MECHANISM_PARAM_INVALID || rv == CKR_MECHANISM_INVALID;
}

/* The bare operation; a result that lost its leading zeros gets them back. */
static int decrypt_bare(const struct p11_object *key, const char *hash, struct seal_view wrapped,
                        struct seal_secret *out, struct sw_err *err)
{
    struct ck_mechanism mechanism = {.mechanism = CKM_RSA_X_509};
    uint8_t em[RSA_MAX];
    struct bytes result = {em, wrapped.len};
    ck_rv_t rv;
    int rc = decrypt(key, &mechanism, wrapped, &result, &rv, err);

    if (rc == 0 && rv != CKR_OK)
        rc = judge(key, rv, err);
    if (rc == 0) {
        memmove(em + (wrapped.len - result.len), em, result.len);
        memset(em, 0, wrapped.len - result.len);
        rc = seal_oaep_unpad(hash, em, wrapped.len, out) < 0 ? no_fit(key, err) : 0;
    }
    seal_cleanse(em, sizeof(em));
    return rc;
}

int p11_rsa_decrypt(const struct p11_object *key, const char *hash, struct seal_view wrapped,
                    struct seal_secret *out, struct sw_err *err)
{
    const struct oaep_hash *row = find_hash(hash);
    struct ck_rsa_pkcs_oaep_params params = {.source = 1 /* CKZ_DATA_SPECIFIED */};
    struct ck_mechanism mechanism = {CKM_RSA_PKCS_OAEP, &params, sizeof(params)};
    uint8_t plain[RSA_MAX];
    struct bytes result = {plain, sizeof(plain)};
    ck_rv_t rv;
    int rc;

    if (row == NULL || wrapped.len == 0 || wrapped.len > RSA_MAX)
        return no_fit(key, err);
    params.hash_alg = row->hash;
    params.mgf = row->mgf;
    if (decrypt(key, &mechanism, wrapped, &result, &rv, err) < 0)
        return -1;
    if (cannot_pad(rv))
        return decrypt_bare(key, hash, wrapped, out, err);
    rc = rv != CKR_OK ? judge(key, rv, err) : result.len > sizeof(out->bytes) ? no_fit(key, err) : 0;
    if (rc == 0) {
        memcpy(out->bytes, plain, result.len);
        out->len = result.len;
    }
    seal_cleanse(plain, sizeof(plain));
    return rc;
}

/* ---- AES-GCM ---- */

static struct ck_gcm_params gcm_params(struct p11_gcm *how)
{
    return (struct ck_gcm_params){.iv_ptr = how->iv,
                                  .iv_len = SEAL_IV_BYTES,
                                  .iv_bits = 8 * SEAL_IV_BYTES,
                                  .aad_ptr = writable(how->aad.bytes),
                                  .aad_len = how->aad.len,
                                  .tag_bits = TAG_BITS};
}

int p11_gcm_encrypt(const struct p11_object *key, struct p11_gcm *how, const struct seal_secret *plain,
                    struct sw_buf *out, struct sw_err *err)
{
    struct ck_function_list *module = key->token->module;
    struct ck_gcm_params params = gcm_params(how);
    struct ck_mechanism mechanism = {CKM_AES_GCM, &params, sizeof(params)};
    uint8_t wrapped[P11_GCM_MAX];
    unsigned long len = sizeof(wrapped);
    ck_rv_t rv = module->C_EncryptInit(key->token->session, &mechanism, key->handle);

    if (rv != CKR_OK)
        return p11_fail(key->token, "C_EncryptInit with CKM_AES_GCM", rv, err);
    if (authenticate(key, err) < 0)
        return -1;
    rv = module->C_Encrypt(key->token->session, writable(plain->bytes), plain->len, wrapped, &len);
    if (rv != CKR_OK)
        return p11_fail(key->token, "C_Encrypt with CKM_AES_GCM", rv, err);
    if (len != plain->len + SEAL_TAG_BYTES)
        return sw_fail(err, SW_INTEGRITY, "%s: it encrypted %zu bytes to %lu, not to %zu", key->token->name,
                       plain->len, len, plain->len + SEAL_TAG_BYTES);
    return sw_buf_append(out, wrapped, len, err);
}

int p11_gcm_decrypt(const struct p11_object *key, const struct p11_gcm *how, struct seal_view wrapped,
                    struct seal_secret *out, struct sw_err *err)
{
    struct p11_gcm copy = *how;
    struct ck_gcm_params params = gcm_params(&copy);
    struct ck_mechanism mechanism = {CKM_AES_GCM, &params, sizeof(params)};
    uint8_t plain[P11_GCM_MAX];
    struct bytes result = {plain, sizeof(plain)};
    ck_rv_t rv;
    int rc;

    if (wrapped.len <= SEAL_TAG_BYTES || wrapped.len > P11_GCM_MAX)
        return no_fit(key, err);
    rc = decrypt(key, &mechanism, wrapped, &result, &rv, err);
    if (rc == 0 && rv != CKR_OK)
        rc = judge(key, rv, err);
    if (rc == 0 && result.len != wrapped.len - SEAL_TAG_BYTES)
        rc = no_fit(key, err);
    if (rc == 0) {
        memcpy(out->bytes, plain, result.len);
        out->len = result.len;
    }
    seal_cleanse(plain, sizeof(plain));
    return rc;
}

/* ---- ECDH ---- */

static ck_rv_t derive(const struct p11_object *key, struct seal_view point, size_t field_bytes,
                      ck_object_handle_t *handle)
{
    ck_object_class_t class = CKO_SECRET_KEY;
    ck_key_type_t type = CKK_GENERIC_SECRET;
    unsigned char yes = 1, no = 0;
    unsigned long len = field_bytes;
    struct ck_attribute template[] = {
        {CKA_CLASS, &class, sizeof(class)},   {CKA_KEY_TYPE, &type, sizeof(type)},
        {CKA_TOKEN, &no, sizeof(no)},         {CKA_SENSITIVE, &no, sizeof(no)},
        {CKA_EXTRACTABLE, &yes, sizeof(yes)}, {CKA_VALUE_LEN, &len, sizeof(len)},
    };
    struct ck_ecdh1_derive_params params = {
        .kdf = CKD_NULL, .public_data_len = point.len, .public_data = writable(point.bytes)};
    struct ck_mechanism mechanism = {CKM_ECDH1_DERIVE, &params, sizeof(params)};

    return key->token->module->C_DeriveKey(key->token->session, &mechanism, key->handle, template,
                                           SW_ARRAY_LEN(template), handle);
}

/* Some tokens want the point bare, as the standard says now, and some in an OCTET STRING, as it said once. */
static ck_rv_t derive_either_way(const struct p11_object *key, struct seal_view point, size_t field_bytes,
                                 ck_object_handle_t *handle)
{
    ck_rv_t rv = derive(key, point, field_bytes, handle);
    uint8_t wrapped[POINT_MAX + 3] = {4, (uint8_t)point.len};
    size_t head = 2;

    if (!cannot_pad(rv) && rv != CKR_DATA_INVALID && rv != CKR_DATA_LEN_RANGE)
        return rv;
    if (point.len >= 0x80) {
        wrapped[1] = 0x81;
        wrapped[head++] = (uint8_t)point.len;
    }
    memcpy(wrapped + head, point.bytes, point.len);
    return derive(key, (struct seal_view){wrapped, head + point.len}, field_bytes, handle);
}

/* The derived value goes straight into the secret. */
static int take_value(const struct p11_object *derived, size_t field_bytes, struct seal_secret *z,
                      struct sw_err *err)
{
    struct ck_function_list *module = derived->token->module;
    struct ck_attribute value = {CKA_VALUE, z->bytes, sizeof(z->bytes)};
    ck_rv_t rv = module->C_GetAttributeValue(derived->token->session, derived->handle, &value, 1);

    if (rv == CKR_OK && value.value_len == field_bytes) {
        z->len = field_bytes;
        return 0;
    }
    seal_secret_cleanse(z);
    if (rv != CKR_OK)
        return p11_fail(derived->token, "C_GetAttributeValue of what ECDH gave", rv, err);
    return sw_fail(err, SW_INTEGRITY, "%s: ECDH gave %lu bytes, not %zu", derived->token->name,
                   value.value_len, field_bytes);
}

int p11_ecdh(const struct p11_object *key, struct seal_view point, size_t field_bytes, struct seal_secret *z,
             struct sw_err *err)
{
    struct p11_object derived = {.token = key->token};
    ck_rv_t rv;
    int rc;

    if (point.len > POINT_MAX || field_bytes > sizeof(z->bytes))
        return no_fit(key, err);
    rv = derive_either_way(key, point, field_bytes, &derived.handle);
    if (rv != CKR_OK)
        return p11_fail(key->token, "C_DeriveKey with CKM_ECDH1_DERIVE", rv, err);
    rc = take_value(&derived, field_bytes, z, err);
    (void)key->token->module->C_DestroyObject(key->token->session, derived.handle);
    return rc;
}
