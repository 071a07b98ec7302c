/* Digests give the published answers. */
#include "tests/unit/testing.h"

#include "src/base/digest.h"
#include "src/base/fs.h"

static void assert_hex(const uint8_t *bytes, size_t len, const char *want)
{
    char text[129];

    sw_hex(bytes, len, text);
    assert_string_equal(text, want);
}

static void sha256_of_abc_is_the_published_one(void **state)
{
    struct sw_err err = {0};
    uint8_t out[SW_SHA256_BYTES];

    (void)state;
    assert_ok(sw_sha256("abc", 3, out, &err), err);
    assert_hex(out, sizeof(out), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_ok(sw_write_file("abc", "abc", 3, 0600, &err), err);
    assert_ok(sw_sha256_file("abc", out, &err), err);
    assert_hex(out, sizeof(out), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* Even and odd numbers of pieces, few and many of them, of lengths that are hashed side by side and of others. */
static void each_piece_has_the_digest_that_it_has_alone(void **state)
{
    enum { MOST = 37, LONGEST = 4096 };
    static const size_t lengths[] = {0, 1, 63, 64, 65, 128, 4032, LONGEST};
    static uint8_t bytes[MOST * LONGEST];
    struct sw_err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (size_t n = 0; n <= MOST; n++) {
            uint8_t got[(MOST + 1) * SW_SHA256_BYTES], want[SW_SHA256_BYTES];

            memset(got, 0xa5, sizeof(got));
            assert_ok(sw_sha256_each(bytes, lengths[i], n, got, &err), err);
            for (size_t k = 0; k < n; k++) {
                assert_ok(sw_sha256(bytes + k * lengths[i], lengths[i], want, &err), err);
                assert_memory_equal(got + k * SW_SHA256_BYTES, want, sizeof(want));
            }
            for (size_t k = n * SW_SHA256_BYTES; k < sizeof(got); k++)
                assert_int_equal(got[k], 0xa5);
        }
    }
}

static void a_digest_begins_anew_after_its_end(void **state)
{
    struct sw_err err = {0};
    struct sw_digest *digest = sw_digest_new(&err);
    uint8_t first[SW_SHA256_BYTES], second[SW_SHA256_BYTES];

    (void)state;
    assert_non_null(digest);
    assert_ok(sw_digest_update(digest, "a", 1, &err), err);
    assert_ok(sw_digest_update(digest, "bc", 2, &err), err);
    assert_ok(sw_digest_final(digest, first, &err), err);
    assert_ok(sw_digest_update(digest, "abc", 3, &err), err);
    assert_ok(sw_digest_final(digest, second, &err), err);
    assert_memory_equal(first, second, sizeof(first));
    sw_digest_free(digest);
}

static void the_other_hashes_of_abc_are_the_published_ones(void **state)
{
    static const struct {
        enum sw_hash hash;
        const char *name, *hex;
    } cases[] = {
        {SW_HASH_MD5, "MD5", "900150983cd24fb0d6963f7d28e17f72"},
        {SW_HASH_SHA1, "SHA1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {SW_HASH_SHA256, "SHA256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {SW_HASH_SHA512, "SHA512",
         "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
         "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_err err = {0};
        struct sw_digest *digest = sw_digest_new_of(cases[i].hash, &err);
        uint8_t out[SW_HASH_BYTES_MAX];
        enum sw_hash found = SW_HASH_COUNT;

        assert_non_null(digest);
        assert_true(sw_hash_find(cases[i].name, strlen(cases[i].name), &found));
        assert_int_equal(found, cases[i].hash);
        assert_false(sw_hash_find(cases[i].name, strlen(cases[i].name) - 1, &found));
        for (int again = 0; again < 2; again++) {
            assert_ok(sw_digest_update(digest, "abc", 3, &err), err);
            assert_ok(sw_digest_final(digest, out, &err), err);
            assert_hex(out, sw_hash_bytes(cases[i].hash), cases[i].hex);
        }
        assert_string_equal(sw_hash_name(cases[i].hash), cases[i].name);
        sw_digest_free(digest);
    }
}

static void hmac_is_that_of_rfc_4231_case_2(void **state)
{
    struct sw_err err = {0};
    uint8_t out[SW_SHA256_BYTES];

    (void)state;
    assert_ok(sw_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out, &err), err);
    assert_hex(out, sizeof(out), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void hex_with_a_wrong_digit_or_length_is_refused(void **state)
{
    uint8_t out[2];

    (void)state;
    assert_int_equal(sw_unhex("aBcD", 4, out, 2), 0);
    assert_int_equal(out[0], 0xab);
    assert_int_equal(sw_unhex("abc", 3, out, 2), -1);
    assert_int_equal(sw_unhex("abcg", 4, out, 2), -1);
    assert_int_equal(sw_unhex("abcd00", 6, out, 2), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_abc_is_the_published_one),
        cmocka_unit_test(each_piece_has_the_digest_that_it_has_alone),
        cmocka_unit_test(a_digest_begins_anew_after_its_end),
        cmocka_unit_test(the_other_hashes_of_abc_are_the_published_ones),
        cmocka_unit_test(hmac_is_that_of_rfc_4231_case_2),
        cmocka_unit_test(hex_with_a_wrong_digit_or_length_is_refused),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
