/* PKCS#1 v1.5 as it is read: the key, or a random one, and never a word about which. */
#include "src/seal/pkey_evp.h"
#include "src/seal/rsa.h"
#include "tests/unit/testing.h"

#include <openssl/rsa.h>

enum { RSA_BYTES = 256, KEY = 32, ZERO_AT = RSA_BYTES - KEY - 1 };

static struct seal_pkey *pair;

static int make_pair(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    pair = seal_pkey_generate(SEAL_PKEY_RSA, 8 * RSA_BYTES, &err);
    return pair != NULL ? 0 : -1;
}

static int free_pair(void **state)
{
    (void)state;
    seal_pkey_free(pair);
    return 0;
}

/* 00 02, bytes that are not zero, 00, a key of 32 bytes of 0x42. */
static void good_block(uint8_t block[RSA_BYTES])
{
    memset(block, 0x99, RSA_BYTES);
    block[0] = 0;
    block[1] = 2;
    block[ZERO_AT] = 0;
    memset(block + ZERO_AT + 1, 0x42, KEY);
}

/* The block as it is, to the power of the public exponent. */
static void encrypt_block(const uint8_t block[RSA_BYTES], uint8_t wrapped[RSA_BYTES])
{
    SW_CLEANUP(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair->key, NULL);
    size_t len = RSA_BYTES;

    assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
    assert_int_equal(EVP_PKEY_encrypt(ctx, wrapped, &len, block, RSA_BYTES), 1);
    assert_int_equal(len, RSA_BYTES);
}

/* True when the key is that of good_block. */
static bool unwraps(const uint8_t *wrapped, size_t len, size_t key_bytes, struct seal_secret *key)
{
    struct sw_err err = {.code = SW_OK};
    uint8_t want[SEAL_SECRET_MAX];

    memset(want, 0x42, sizeof(want));
    *key = (struct seal_secret){.len = key_bytes};
    assert_ok(seal_rsa_unwrap_pkcs1(pair, wrapped, len, key, &err), err);
    assert_int_equal(key->len, key_bytes);
    return memcmp(key->bytes, want, key_bytes) == 0;
}

/* A random key each time, that has nothing of the block in it. */
static void assert_random(const uint8_t *wrapped, size_t len, size_t key_bytes, const char *what)
{
    struct seal_secret first, second;

    if (unwraps(wrapped, len, key_bytes, &first) || unwraps(wrapped, len, key_bytes, &second))
        fail_msg("%s: it gave the key", what);
    if (memcmp(first.bytes, second.bytes, key_bytes) == 0)
        fail_msg("%s: the same key twice", what);
    for (size_t i = 0; i + 8 <= key_bytes; i += 8) {
        if (memcmp(first.bytes + i, "\x42\x42\x42\x42\x42\x42\x42\x42", 8) == 0)
            fail_msg("%s: a part of the key", what);
    }
}

static void a_good_block_gives_its_key(void **state)
{
    uint8_t block[RSA_BYTES], wrapped[RSA_BYTES];
    struct seal_secret key;

    (void)state;
    good_block(block);
    encrypt_block(block, wrapped);
    assert_true(unwraps(wrapped, RSA_BYTES, KEY, &key));
    memmove(block + 2 + 16, block + 2, ZERO_AT + 1 - 2); /* a shorter key */
    memset(block + 2, 0x77, 16);
    encrypt_block(block, wrapped);
    assert_true(unwraps(wrapped, RSA_BYTES, KEY - 16, &key));
}

static void every_wrong_byte_of_the_padding_gives_a_random_key(void **state)
{
    uint8_t block[RSA_BYTES], wrapped[RSA_BYTES];

    (void)state;
    for (size_t at = 1; at <= ZERO_AT; at += at < 12 || at > ZERO_AT - 4 ? 1 : 29) {
        good_block(block);
        block[at] = at == 1 || at == ZERO_AT ? 1 : 0;
        encrypt_block(block, wrapped);
        assert_random(wrapped, RSA_BYTES, KEY, "a changed byte");
    }
    good_block(block);
    block[0] = 1;
    block[1] = 0x12;
    encrypt_block(block, wrapped); /* still below the modulus, whose first bit is set */
    assert_random(wrapped, RSA_BYTES, KEY, "no zero in front");
}

static void a_key_of_another_length_gives_a_random_one(void **state)
{
    uint8_t block[RSA_BYTES], wrapped[RSA_BYTES];

    (void)state;
    good_block(block);
    encrypt_block(block, wrapped);
    assert_random(wrapped, RSA_BYTES, 16, "32 bytes for 16");
    assert_random(wrapped, RSA_BYTES, 24, "32 bytes for 24");
    memset(block + 2, 0x99, RSA_BYTES - 2 - 17);
    block[RSA_BYTES - 17] = 0;
    encrypt_block(block, wrapped);
    assert_random(wrapped, RSA_BYTES, KEY, "16 bytes for 32");
}

static void what_no_key_wraps_gives_a_random_key_too(void **state)
{
    uint8_t wrapped[2 * RSA_BYTES];

    (void)state;
    memset(wrapped, 0xff, sizeof(wrapped)); /* beyond every modulus */
    assert_random(wrapped, RSA_BYTES, KEY, "larger than the modulus");
    assert_random(wrapped, 2 * RSA_BYTES, KEY, "twice as long");
    assert_random(wrapped, RSA_BYTES - 1, KEY, "a byte short");
    assert_random(wrapped, 0, KEY, "empty");
    memset(wrapped, 0, sizeof(wrapped));
    assert_random(wrapped, RSA_BYTES, KEY, "zero");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_block_gives_its_key),
        cmocka_unit_test(every_wrong_byte_of_the_padding_gives_a_random_key),
        cmocka_unit_test(a_key_of_another_length_gives_a_random_one),
        cmocka_unit_test(what_no_key_wraps_gives_a_random_key_too),
    };

    return cmocka_run_group_tests(tests, make_pair, free_pair);
}
