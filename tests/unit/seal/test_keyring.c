/* Keys from texts: both halves match, the wrong ones are refused. */
#include "memory.h"
#include "src/seal/keyring.h"
#include "src/seal/secret.h"

static const char rsa_path[] = "rsa", rsa_public_path[] = "rsa.pub";

static int make_keys(void **state)
{
    struct sw_err err = {.code = SW_OK};

    if (enter_empty_folder(state) < 0)
        return -1;
    return sw_keygen("rsa", rsa_path, &err);
}

static const struct seal_secret *aes_key(const struct sw_keyring *ring)
{
    return ring->keys[0].priv;
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void both_halves_of_an_rsa_key_have_the_same_name(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = NULL, *with = NULL;

    (void)state;
    to = ring_of(SW_KEY_SEAL, "pem:rsa.pub");
    with = ring_of(SW_KEY_OPEN, "pem:rsa");
    assert_string_equal(sw_keyring_name(to, 0), sw_keyring_name(with, 0));
    assert_int_equal(strncmp(sw_keyring_name(to, 0), "slipway/rsa-", 12), 0);
    assert_int_equal(strlen(sw_keyring_name(to, 0)), 12 + 16);
}

static void an_aes_key_is_the_same_in_bytes_and_in_hex(void **state)
{
    static const char hex[] = "4242424242424242424242424242424242424242424242424242424242424242\n";
    SW_AUTO_KEYRING struct sw_keyring *raw = aes_ring(SW_KEY_SEAL, 0x42), *text = NULL;

    (void)state;
    (void)key_file("hex.key", hex, sizeof(hex) - 1, 0600);
    text = ring_of(SW_KEY_OPEN, "aes:hex.key");
    assert_string_equal(sw_keyring_name(raw, 0), sw_keyring_name(text, 0));
    assert_int_equal(aes_key(raw)->len, 32);
    assert_int_equal(aes_key(text)->len, 32);
    assert_memory_equal(aes_key(raw)->bytes, aes_key(text)->bytes, 32);
}

static void thirty_two_bytes_are_always_a_256_bit_key(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *raw = NULL, *hex = NULL;
    static const char digits[] = "42424242424242424242424242424242\n";

    (void)state;
    (void)key_file("32.key", digits, 32, 0600);
    (void)key_file("33.key", digits, 33, 0600);
    raw = ring_of(SW_KEY_OPEN, "aes:32.key");
    hex = ring_of(SW_KEY_OPEN, "aes:33.key");
    assert_int_equal(aes_key(raw)->len, 32);
    assert_int_equal(aes_key(hex)->len, 16);
}

static void names_can_be_given_and_a_comma_in_a_path_is_doubled(void **state)
{
    uint8_t key[32] = {1};
    SW_AUTO_KEYRING struct sw_keyring *ring = NULL;

    (void)state;
    (void)key_file("a,b.key", key, sizeof(key), 0600);
    ring = ring_of(SW_KEY_SEAL, "aes:a,,b.key,ns=lab,name=key one");
    assert_string_equal(sw_keyring_name(ring, 0), "lab/key one");
}

static void refuse_file(enum sw_key_use use, const char *fmt, const char *path, enum sw_code code,
                        const char *why)
{
    char text[400];
    const char *hole = strstr(fmt, "%s");

    assert_non_null(hole);
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(hole - fmt), fmt, path, hole + 2);
    refuse_key(use, text, code, why);
}

static void texts_of_the_wrong_form_are_refused(void **state)
{
    uint8_t key[32] = {1};
    const char *path;

    (void)state;
    path = key_file("good.key", key, sizeof(key), 0600);
    refuse_key(SW_KEY_SEAL, "good.key", SW_USAGE, "is no key");
    refuse_key(SW_KEY_SEAL, "gpg:good.key", SW_USAGE, "is no key");
    refuse_key(SW_KEY_SEAL, "gpg:good.key", SW_USAGE, "'gpg:…'");
    refuse_key(SW_KEY_SEAL, "aes:", SW_USAGE, "names nothing");
    refuse_key(SW_KEY_SEAL, "aes:,ns=x", SW_USAGE, "names nothing");
    refuse_file(SW_KEY_SEAL, "aes:%s,colour=red", path, SW_USAGE, "no option of a key");
    refuse_file(SW_KEY_SEAL, "aes:%s,name=", path, SW_USAGE, "has no value");
    refuse_file(SW_KEY_SEAL, "aes:%s,name", path, SW_USAGE, "no option of a key");
    refuse_file(SW_KEY_SEAL, "aes:%s,name=a,name=b", path, SW_USAGE, "given twice");
    refuse_file(SW_KEY_SEAL, "aes:%s,padding=oaep-sha256", path, SW_USAGE,
                "'padding' is no option of a key aes:FILE (ns=, name=)");
    refuse_file(SW_KEY_SEAL, "aes:%s,ns=aws-kms", path, SW_USAGE, "belongs to AWS KMS");
    refuse_file(SW_KEY_SEAL, "aes:%s,ns=slipway-artifact", path, SW_USAGE, "artifact keys");
    refuse_file(SW_KEY_SEAL, "pem:%s,padding=pkcs1", rsa_public_path, SW_USAGE, "is for opening");
    refuse_file(SW_KEY_OPEN, "pem:%s,padding=pkcs", rsa_path, SW_USAGE, "is no padding");
}

/* Where a secret was written into a text of the wrong form, the error does not spread it. */
static void secrets_in_texts_of_no_scheme_are_not_repeated(void **state)
{
    static const char *const texts[] = {"passphrase:hunter2",
                                        "PKCS11:token=lab?pin-value=hunter2",
                                        "hunter2",
                                        "?pin-value=hunter2:x",
                                        "Pass:hunter2",
                                        ":hunter2"};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++) {
        struct sw_err err = {.code = SW_OK};
        SW_AUTO_KEYRING struct sw_keyring *ring = sw_keyring_new(SW_KEY_SEAL, &err);

        assert_non_null(ring);
        assert_failed(sw_keyring_add(ring, texts[i], &err), err, SW_USAGE, "is no key");
        assert_null(strstr(err.text, "hunter2"));
    }
}

static void keys_that_others_may_read_are_refused(void **state)
{
    uint8_t key[32] = {1};

    (void)state;
    refuse_file(SW_KEY_OPEN, "aes:%s", key_file("group.key", key, sizeof(key), 0640), SW_INTEGRITY,
                "chmod 600");
    refuse_file(SW_KEY_SEAL, "aes:%s", key_file("other.key", key, sizeof(key), 0604), SW_INTEGRITY,
                "chmod 600");
    assert_int_equal(chmod(rsa_path, 0644), 0);
    refuse_file(SW_KEY_OPEN, "pem:%s", rsa_path, SW_INTEGRITY, "chmod 600");
    assert_int_equal(chmod(rsa_path, 0600), 0);
}

static void files_that_hold_no_such_key_are_refused(void **state)
{
    static const uint8_t bytes[100] = {1};
    static const char pem[] = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";

    (void)state;
    refuse_file(SW_KEY_OPEN, "aes:%s", key_file("none.key", "", 0, 0600), SW_INTEGRITY, "no AES key");
    refuse_file(SW_KEY_OPEN, "aes:%s", key_file("31.key", bytes, 31, 0600), SW_INTEGRITY,
                "32 bytes (24 or 16 for opening)");
    refuse_file(SW_KEY_OPEN, "aes:%s", key_file("33.key", bytes, 33, 0600), SW_INTEGRITY, "no AES key");
    refuse_file(SW_KEY_SEAL, "aes:%s", key_file("16.key", bytes, 16, 0600), SW_INTEGRITY, "128 bits");
    refuse_file(SW_KEY_SEAL, "pem:%s", key_file("pem", pem, sizeof(pem) - 1, 0644), SW_INTEGRITY,
                "no public key");
    refuse_file(SW_KEY_SEAL, "pem:%s", rsa_path, SW_INTEGRITY, "public half");
    refuse_file(SW_KEY_OPEN, "pem:%s", key_file("pem600", pem, sizeof(pem) - 1, 0600), SW_INTEGRITY,
                "opening takes the private one");
    refuse_key(SW_KEY_OPEN, "aes:/nonexistent/key", SW_INTEGRITY, "cannot open");
    refuse_key(SW_KEY_OPEN, "aes:/", SW_INTEGRITY, "");
    refuse_file(SW_KEY_OPEN, "aes:%s", "/dev/zero", SW_INTEGRITY, "");
}

static const char small_rsa[] = /* 1024 bits */
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDEfMr6+M9ekIquLNjA/SDOJCLL\n"
    "M+JqFJoEUVdjzbXTJiK7ymuvIulZRkf6EGAYJFXXlz/VWiA52uwu+kjzqFaXH3+X\n"
    "57CLsRoF7eZyqTq5KhtYraIdLDH+fFUd3mo/807YqMr5gG22EE+AxWBvIWv7vOoP\n"
    "3NvCt0DklyzVhzyFIwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

static void rsa_keys_below_2048_bits_are_refused(void **state)
{
    (void)state;
    refuse_file(SW_KEY_SEAL, "pem:%s", key_file("small.pub", small_rsa, sizeof(small_rsa) - 1, 0644),
                SW_INTEGRITY, "1024 bits");
}

static void a_recipient_is_not_named_twice(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *ring = aes_ring(SW_KEY_SEAL, 7);
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_failed(sw_keyring_add(ring, "aes:aes.key", &err), err, SW_USAGE, "named twice");
    assert_int_equal(sw_keyring_count(ring), 1);
}

static void made_keys_are_private_and_never_overwrite(void **state)
{
    static const char *const types[] = {"aes", "rsa", "ec", "passphrase"};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_int_equal(mode_of(rsa_path), 0600);
    assert_int_equal(mode_of(rsa_public_path) & 0400, 0400);
    assert_ok(sw_keygen("aes", "made", &err), err);
    assert_int_equal(mode_of("made"), 0600);
    for (size_t i = 0; i < SW_ARRAY_LEN(types); i++)
        assert_failed(sw_keygen(types[i], "made", &err), err, SW_FAILED, "exists");
    /* Only the public half is in the way: neither half is made. */
    (void)key_file("half.pub", "x", 1, 0644);
    assert_failed(sw_keygen("rsa", "half", &err), err, SW_FAILED, "cannot create 'half.pub'");
    assert_false(sw_path_exists("half"));
    assert_failed(sw_keygen("dsa", "other", &err), err, SW_USAGE, "no type of key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_halves_of_an_rsa_key_have_the_same_name),
        cmocka_unit_test(an_aes_key_is_the_same_in_bytes_and_in_hex),
        cmocka_unit_test(thirty_two_bytes_are_always_a_256_bit_key),
        cmocka_unit_test(names_can_be_given_and_a_comma_in_a_path_is_doubled),
        cmocka_unit_test(texts_of_the_wrong_form_are_refused),
        cmocka_unit_test(secrets_in_texts_of_no_scheme_are_not_repeated),
        cmocka_unit_test(keys_that_others_may_read_are_refused),
        cmocka_unit_test(files_that_hold_no_such_key_are_refused),
        cmocka_unit_test(rsa_keys_below_2048_bits_are_refused),
        cmocka_unit_test(a_recipient_is_not_named_twice),
        cmocka_unit_test(made_keys_are_private_and_never_overwrite),
    };

    return cmocka_run_group_tests(tests, make_keys, leave_folder);
}
