/* Passphrases: where they come from, the key that they make, and what a hostile header may ask for. */
#include "message.h"
#include "src/base/digest.h"
#include "src/seal/phrase.h"
#include "src/seal/raw_aes.h"
#include "src/seal/scrypt.h"

#include <fcntl.h>

static const char good[] = "correct horse battery staple";

/* The cheapest that may be written. */
static struct sw_keyring *ring_to_seal(const char *phrase)
{
    (void)key_file("phrase", phrase, strlen(phrase), 0600);
    return ring_of(SW_KEY_SEAL, "pass:file:phrase,cost=15");
}

static struct sw_keyring *ring_to_open(const char *phrase)
{
    (void)key_file("phrase", phrase, strlen(phrase), 0600);
    return ring_of(SW_KEY_OPEN, "pass:file:phrase");
}

static int open_with(const struct message *message, const struct sw_keyring *with, struct sw_err *err)
{
    return open_to(message, with, "content", err);
}

static void seal_to(const struct sw_keyring *to, struct message *message)
{
    seal_bytes(&(struct sealing){.to = to, .jobs = 1, .direct = true}, "content", 7, message);
}

static void a_passphrase_opens_what_it_sealed_and_another_does_not(void **state)
{
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    SW_AUTO_KEYRING struct sw_keyring *to = ring_to_seal(good), *with = NULL, *wrong = NULL;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    seal_to(to, &message);
    with = ring_to_open("correct horse battery staple\r\n");
    assert_ok(open_with(&message, with, &err), err);
    wrong = ring_to_open("correct horse battery stable\n");
    assert_failed(open_with(&message, wrong, &err), err, SW_INTEGRITY, "another passphrase");
}

static void the_key_is_a_raw_aes_key_that_scrypt_makes_of_the_name(void **state)
{
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    SW_AUTO_KEYRING struct sw_keyring *to = ring_to_seal(good), *raw = NULL;
    const char *name = to->keys[0].name;
    struct seal_secret key = {.len = 32};
    struct seal_scrypt cost = {.log_n = 15, .r = 8, .p = 1};
    uint8_t salt[16];
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_string_equal(to->keys[0].ns, "slipway-passphrase");
    assert_int_equal(strncmp(name, "scrypt.15.8.1.", 14), 0);
    assert_int_equal(sw_unhex(name + 14, strlen(name) - 14, salt, sizeof(salt)), 0);
    seal_to(to, &message);
    assert_ok(seal_scrypt(&cost, (struct seal_view){(const uint8_t *)good, strlen(good)},
                          (struct seal_view){salt, sizeof(salt)}, &key, &err),
              err);
    raw = sw_keyring_new(SW_KEY_OPEN, &err);
    assert_non_null(raw);
    assert_ok(seal_keyring_add_aes(raw, &key, "slipway-passphrase", name, &err), err);
    assert_ok(open_with(&message, raw, &err), err);
}

static void every_seal_has_a_salt_of_its_own(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *a = ring_to_seal(good), *b = ring_to_seal(good);

    (void)state;
    assert_string_not_equal(a->keys[0].name, b->keys[0].name);
    assert_true(memcmp(((const struct seal_secret *)a->keys[0].priv)->bytes,
                       ((const struct seal_secret *)b->keys[0].priv)->bytes, 32) != 0);
}

static void passphrases_that_are_none_are_refused(void **state)
{
    char longest[SEAL_PHRASE_MAX + 2];
    SW_AUTO_KEYRING struct sw_keyring *with = NULL;

    (void)state;
    memset(longest, 'x', sizeof(longest));
    (void)key_file("empty", "", 0, 0600);
    (void)key_file("line", "\n", 1, 0600);
    (void)key_file("lines", "one\ntwo\n", 8, 0600);
    (void)key_file("nul", "one\0two\n", 8, 0600);
    (void)key_file("open", "one\n", 4, 0644);
    (void)key_file("long", longest, SEAL_PHRASE_MAX + 1, 0600);
    refuse_key(SW_KEY_SEAL, "pass:file:empty", SW_USAGE, "is empty");
    refuse_key(SW_KEY_OPEN, "pass:file:line", SW_USAGE, "is empty");
    refuse_key(SW_KEY_OPEN, "pass:file:lines", SW_INTEGRITY, "more than one line");
    refuse_key(SW_KEY_OPEN, "pass:file:nul", SW_USAGE, "NUL");
    refuse_key(SW_KEY_OPEN, "pass:file:open", SW_INTEGRITY, "chmod 600");
    refuse_key(SW_KEY_OPEN, "pass:file:long", SW_INTEGRITY, "more than 1024 bytes");
    refuse_key(SW_KEY_OPEN, "pass:file:none", SW_INTEGRITY, "cannot open");
    refuse_key(SW_KEY_OPEN, "pass:file:/dev/zero", SW_INTEGRITY, "");
    longest[SEAL_PHRASE_MAX] = '\n';
    (void)key_file("just", longest, SEAL_PHRASE_MAX + 1, 0600);
    with = ring_of(SW_KEY_OPEN, "pass:file:just");
}

/* Where the passphrase itself was taken for the key, the error does not spread it. */
static void a_passphrase_on_the_command_line_is_not_repeated(void **state)
{
    static const char *const texts[] = {"pass:hunter2", "pass:hunter2,cost=15", "pass:my,hunter2",
                                        "pass:prompt,hunter2", "pass:hunter2,x=hunter2"};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++) {
        struct sw_err err = {.code = SW_OK};
        SW_AUTO_KEYRING struct sw_keyring *ring = sw_keyring_new(SW_KEY_SEAL, &err);

        assert_non_null(ring);
        assert_failed(sw_keyring_add(ring, texts[i], &err), err, SW_USAGE, "key 'pass:…'");
        if (strstr(err.text, "hunter2") != NULL)
            fail_msg("'%s': '%s'", texts[i], err.text);
    }
}

static void texts_of_the_wrong_form_are_refused(void **state)
{
    (void)state;
    refuse_key(SW_KEY_SEAL, "pass:", SW_USAGE, "names nothing");
    refuse_key(SW_KEY_SEAL, "pass:hunter2", SW_USAGE, "never a part of the command line");
    refuse_key(SW_KEY_SEAL, "pass:fd:", SW_USAGE, "no descriptor");
    refuse_key(SW_KEY_SEAL, "pass:fd:-1", SW_USAGE, "no descriptor");
    refuse_key(SW_KEY_SEAL, "pass:fd:99999999999", SW_USAGE, "no descriptor");
    refuse_key(SW_KEY_SEAL, "pass:fd:777", SW_INTEGRITY, "descriptor 777");
    refuse_key(SW_KEY_SEAL, "pass:file:phrase,cost=14", SW_USAGE, "15 to 20");
    refuse_key(SW_KEY_SEAL, "pass:file:phrase,cost=21", SW_USAGE, "15 to 20");
    refuse_key(SW_KEY_SEAL, "pass:file:phrase,cost=x", SW_USAGE, "15 to 20");
    refuse_key(SW_KEY_OPEN, "pass:file:phrase,cost=15", SW_USAGE, "for sealing");
    refuse_key(SW_KEY_OPEN, "pass:file:phrase,ns=x", SW_USAGE, "no option of a key");
}

/* Puts text into a pipe and gives "pass:fd:N" of its other end. */
static int pipe_of(const char *text, char key[32])
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    close(ends[1]);
    snprintf(key, 32, "pass:fd:%d", ends[0]);
    return ends[0];
}

static void a_descriptor_gives_one_line_after_the_other(void **state)
{
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    SW_AUTO_KEYRING struct sw_keyring *to = ring_to_seal("second"), *with = NULL;
    struct sw_err err = {.code = SW_OK};
    char key[32];
    int fd = pipe_of("first\nsecond\n", key);

    (void)state;
    seal_to(to, &message);
    with = ring_of(SW_KEY_OPEN, key);
    assert_failed(open_with(&message, with, &err), err, SW_INTEGRITY, "another passphrase");
    err = (struct sw_err){.code = SW_OK};
    assert_ok(sw_keyring_add(with, key, &err), err);
    assert_ok(open_with(&message, with, &err), err);
    assert_failed(sw_keyring_add(with, key, &err), err, SW_USAGE, "is empty");
    close(fd);
}

static void a_descriptor_that_never_ends_its_line_is_left(void **state)
{
    char key[32];
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

    (void)state;
    snprintf(key, sizeof(key), "pass:fd:%d", fd);
    refuse_key(SW_KEY_OPEN, key, SW_USAGE, "more than 1024 bytes");
    close(fd);
}

/* An entry of this name, offered to a key that has work left. */
static int unwrap_named(const struct sw_keyring *with, const char *name, uint64_t *work, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf info = {.len = 0};
    uint8_t iv[SEAL_IV_BYTES] = {0}, wrapped[48] = {0};
    struct seal_unwrap how = {.data_key_bytes = 32, .work_left = *work};
    struct seal_edk edk = {.provider = {(const uint8_t *)"slipway-passphrase", 18}, .wrapped = {wrapped, 48}};
    struct seal_secret data_key;
    int rc;

    assert_ok(seal_raw_aes_info(name, iv, &info, err), *err);
    edk.info = (struct seal_view){(const uint8_t *)info.data, info.len};
    if (!seal_edk_is_for(&edk, &with->keys[0]))
        return sw_fail(err, SW_USAGE, "not for it");
    rc = seal_edk_unwrap(&edk, &with->keys[0], &how, &data_key, err);
    *work = how.work_left;
    return rc;
}

#define SALT "000102030405060708090a0b0c0d0e0f"

static void costs_beyond_the_limit_are_refused_before_any_work(void **state)
{
    static const char *const names[] = {
        "scrypt.21.8.1." SALT, "scrypt.20.9.1." SALT, "scrypt.20.8.2." SALT, "scrypt.99.99.99." SALT,
        "scrypt.63.1.1." SALT, "scrypt.64.1.1." SALT, "scrypt.21.1.1." SALT,
    };
    SW_AUTO_KEYRING struct sw_keyring *with = ring_to_open(good);

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++) {
        struct sw_err err = {.code = SW_OK};
        uint64_t work = SEAL_PASS_WORK_MAX;

        assert_failed(unwrap_named(with, names[i], &work, &err), err, SW_INTEGRITY, "more than is allowed");
        assert_true(work == SEAL_PASS_WORK_MAX);
    }
}

static void many_passphrases_of_one_message_share_a_limit(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *with = ring_to_open(good);
    struct sw_err err = {.code = SW_OK};
    uint64_t work = UINT64_C(3) << 17; /* N = 2^14, r = 8: three times */

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_failed(unwrap_named(with, "scrypt.14.8.1." SALT, &work, &err), err, SW_INTEGRITY,
                      "another passphrase");
    assert_true(work == 0);
    assert_failed(unwrap_named(with, "scrypt.14.8.1." SALT, &work, &err), err, SW_INTEGRITY,
                  "cost more than is allowed");
}

static void more_passphrases_than_a_reader_tries_are_not_written(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = NULL;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    (void)key_file("phrase", good, strlen(good), 0600);
    to = sw_keyring_new(SW_KEY_SEAL, &err);
    assert_non_null(to);
    for (int i = 0; i < 3; i++)
        assert_ok(sw_keyring_add(to, "pass:file:phrase,cost=15", &err), err);
    /* One that costs all there is alone does not fit beside them, and costs nothing to refuse. */
    assert_failed(sw_keyring_add(to, "pass:file:phrase,cost=20", &err), err, SW_USAGE, "take fewer");
    assert_int_equal(sw_keyring_count(to), 3);
}

static void names_of_another_form_are_for_no_passphrase(void **state)
{
    static const char *const names[] = {
        "",
        "scrypt",
        "scrypt.",
        "scrypt.15",
        "scrypt.15.8.1",
        "scrypt.15.8.1.",
        "scrypt.015.8.1." SALT,
        "scrypt.15.8.01." SALT,
        "scrypt.0.8.1." SALT,
        "scrypt.15.0.1." SALT,
        "scrypt.100.8.1." SALT,
        "scrypt.+5.8.1." SALT,
        "scrypt. 5.8.1." SALT,
        "scrypt.1K.8.1." SALT,
        "scrypt.15.8.1." SALT "00",
        "scrypt.15.8.1.0001",
        "scrypt.15.8.1.zz0102030405060708090a0b0c0d0e0f",
        "Scrypt.15.8.1." SALT,
        "argon2.15.8.1." SALT,
    };
    SW_AUTO_KEYRING struct sw_keyring *with = ring_to_open(good);

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++) {
        struct sw_err err = {.code = SW_OK};
        uint64_t work = SEAL_PASS_WORK_MAX;

        if (unwrap_named(with, names[i], &work, &err) == 0 || err.code != SW_USAGE)
            fail_msg("'%s': code %d, '%s'", names[i], err.code, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_passphrase_opens_what_it_sealed_and_another_does_not),
        cmocka_unit_test(the_key_is_a_raw_aes_key_that_scrypt_makes_of_the_name),
        cmocka_unit_test(every_seal_has_a_salt_of_its_own),
        cmocka_unit_test(passphrases_that_are_none_are_refused),
        cmocka_unit_test(a_passphrase_on_the_command_line_is_not_repeated),
        cmocka_unit_test(texts_of_the_wrong_form_are_refused),
        cmocka_unit_test(a_descriptor_gives_one_line_after_the_other),
        cmocka_unit_test(a_descriptor_that_never_ends_its_line_is_left),
        cmocka_unit_test(costs_beyond_the_limit_are_refused_before_any_work),
        cmocka_unit_test(many_passphrases_of_one_message_share_a_limit),
        cmocka_unit_test(more_passphrases_than_a_reader_tries_are_not_written),
        cmocka_unit_test(names_of_another_form_are_for_no_passphrase),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
