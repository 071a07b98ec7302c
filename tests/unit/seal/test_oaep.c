/* OAEP unpadding against OpenSSL's padding, and each way in which an encoded message can be wrong. */
#include "tests/unit/testing.h"

#include "src/base/cleanup.h"
#include "src/seal/oaep.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

enum { EM_BYTES = 256, HASH_MAX = 64 };

static const char *const hashes[] = {"SHA1", "SHA256", "SHA384", "SHA512"};

/* An encoded message before it is masked; what is in it is the test's business. */
struct encoding {
    const char *hash;
    uint8_t first;
    uint8_t seed[HASH_MAX];
    uint8_t block[EM_BYTES];
    size_t hash_len, block_len;
};

static size_t hash_into(const char *hash, const void *bytes, size_t len, uint8_t *out)
{
    unsigned int n = 0;

    assert_int_equal(EVP_Digest(bytes, len, out, &n, EVP_get_digestbyname(hash), NULL), 1);
    return n;
}

static void encoding_new(struct encoding *e, const char *hash, const void *message, size_t len)
{
    *e = (struct encoding){.hash = hash};
    e->hash_len = hash_into(hash, "", 0, e->block);
    e->block_len = EM_BYTES - 1 - e->hash_len;
    memset(e->seed, 0x5a, e->hash_len);
    memcpy(e->block + e->block_len - len, message, len);
    e->block[e->block_len - len - 1] = 1;
}

/* RFC 8017 B.2.1, by copying seed and counter together. */
static void mask(const char *hash, const uint8_t *seed, size_t seed_len, uint8_t *target, size_t len)
{
    uint8_t input[EM_BYTES + 4], block[HASH_MAX];

    memcpy(input, seed, seed_len);
    for (size_t at = 0; at < len;) {
        size_t n, counter = 0;

        memset(input + seed_len, 0, 4);
        counter = at / hash_into(hash, "", 0, block);
        input[seed_len + 3] = (uint8_t)counter;
        n = hash_into(hash, input, seed_len + 4, block);
        for (size_t i = 0; i < n && at < len; i++, at++)
            target[at] ^= block[i];
    }
}

static int unpad(const struct encoding *e, struct seal_secret *out)
{
    uint8_t em[EM_BYTES] = {e->first};

    memcpy(em + 1, e->seed, e->hash_len);
    memcpy(em + 1 + e->hash_len, e->block, e->block_len);
    mask(e->hash, em + 1, e->hash_len, em + 1 + e->hash_len, e->block_len);
    mask(e->hash, em + 1 + e->hash_len, e->block_len, em + 1, e->hash_len);
    return seal_oaep_unpad(e->hash, em, sizeof(em), out);
}

static void messages_of_every_length_come_out(void **state)
{
    uint8_t message[SEAL_SECRET_MAX];

    (void)state;
    memset(message, 0xa7, sizeof(message));
    message[0] = 0;
    message[1] = 1;
    for (size_t h = 0; h < SW_ARRAY_LEN(hashes); h++) {
        for (size_t len = 1; len <= sizeof(message); len++) {
            struct seal_secret out;
            struct encoding e;

            encoding_new(&e, hashes[h], message, len);
            assert_int_equal(unpad(&e, &out), 0);
            assert_int_equal(out.len, len);
            assert_memory_equal(out.bytes, message, len);
        }
    }
}

static void refused(const struct encoding *e, const char *what)
{
    static const struct seal_secret nothing;
    struct seal_secret out;

    memset(&out, 0xff, sizeof(out));
    if (unpad(e, &out) == 0)
        fail_msg("%s with %s was taken", what, e->hash);
    assert_memory_equal(&out, &nothing, sizeof(out));
}

static void every_wrong_padding_is_refused_alike(void **state)
{
    static const uint8_t message[32] = {7};

    (void)state;
    for (size_t h = 0; h < SW_ARRAY_LEN(hashes); h++) {
        struct encoding good, e;

        encoding_new(&good, hashes[h], message, sizeof(message));
        e = good;
        e.first = 1;
        refused(&e, "a first byte of 1");
        e.first = 0x80;
        refused(&e, "a first byte of 80");
        for (size_t i = 0; i < good.hash_len; i++) {
            e = good;
            e.block[i] ^= 0x80;
            refused(&e, "another label");
        }
        for (size_t i = good.hash_len; i + sizeof(message) + 1 < good.block_len; i++) {
            e = good;
            e.block[i] = 2;
            refused(&e, "a byte of 2 in the zeros");
            e.block[i] = 0xff;
            refused(&e, "a byte of ff in the zeros");
        }
        e = good;
        memset(e.block + e.hash_len, 0, e.block_len - e.hash_len);
        refused(&e, "no 1 at all");
        e.block[e.block_len - 1] = 1;
        refused(&e, "an empty message");
        e = good;
        e.block[e.block_len - SEAL_SECRET_MAX - 2] = 1;
        refused(&e, "a message too long by one");
        e = good;
        e.block[e.hash_len] = 1;
        refused(&e, "a message as long as there is room");
    }
}

static void what_is_no_length_or_hash_is_refused(void **state)
{
    uint8_t em[4096] = {0};
    struct seal_secret out;

    (void)state;
    assert_int_equal(seal_oaep_unpad("SHA256", em, 0, &out), -1);
    assert_int_equal(seal_oaep_unpad("SHA256", em, 65, &out), -1);
    assert_int_equal(seal_oaep_unpad("SHA256", em, 66, &out), -1);
    assert_int_equal(seal_oaep_unpad("SHA256", em, sizeof(em), &out), -1);
    assert_int_equal(seal_oaep_unpad("NONE", em, 256, &out), -1);
}

/* OpenSSL pads and encrypts; the bare private operation leaves its encoded message. */
static void what_openssl_padded_comes_out(void **state)
{
    static const uint8_t message[32] = "thirty-two bytes of a data key!";
    EVP_PKEY *key = EVP_RSA_gen(8 * EM_BYTES);

    (void)state;
    assert_non_null(key);
    for (size_t h = 0; h < SW_ARRAY_LEN(hashes); h++) {
        EVP_PKEY_CTX *to = EVP_PKEY_CTX_new(key, NULL), *from = EVP_PKEY_CTX_new(key, NULL);
        const EVP_MD *md = EVP_get_digestbyname(hashes[h]);
        uint8_t wrapped[EM_BYTES], em[EM_BYTES];
        size_t wrapped_len = sizeof(wrapped), em_len = sizeof(em);
        struct seal_secret out;

        assert_int_equal(EVP_PKEY_encrypt_init(to), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(to, RSA_PKCS1_OAEP_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(to, md), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(to, md), 1);
        assert_int_equal(EVP_PKEY_encrypt(to, wrapped, &wrapped_len, message, sizeof(message)), 1);
        assert_int_equal(EVP_PKEY_decrypt_init(from), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(from, RSA_NO_PADDING), 1);
        assert_int_equal(EVP_PKEY_decrypt(from, em, &em_len, wrapped, wrapped_len), 1);
        assert_int_equal(em_len, EM_BYTES);
        assert_int_equal(seal_oaep_unpad(hashes[h], em, em_len, &out), 0);
        assert_int_equal(out.len, sizeof(message));
        assert_memory_equal(out.bytes, message, sizeof(message));
        EVP_PKEY_CTX_free(to);
        EVP_PKEY_CTX_free(from);
    }
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_every_length_come_out),
        cmocka_unit_test(every_wrong_padding_is_refused_alike),
        cmocka_unit_test(what_is_no_length_or_hash_is_refused),
        cmocka_unit_test(what_openssl_padded_comes_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
