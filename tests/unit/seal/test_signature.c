/* Signatures fit what was signed, by a key that is trusted, and nothing else. */
#include "tests/unit/testing.h"

#include "slipway/envelope.h"
#include "slipway/signature.h"
#include "src/base/fs.h"

#include <sys/stat.h>

static const char text[] = "{\"manifestVersion\":1}";

static const char *const types[] = {"sign-ec", "sign-ed25519"};

static void make_key(const char *type, const char *path)
{
    struct sw_err err = {0};

    assert_ok(sw_keygen(type, path, &err), err);
}

static struct sw_signer *signer_of(const char *path)
{
    struct sw_err err = {0};
    char spec[128];
    struct sw_signer *signer;

    snprintf(spec, sizeof(spec), "pem:%s", path);
    signer = sw_signer_open(spec, &err);
    if (signer == NULL)
        fail_msg("%s", err.text);
    return signer;
}

static struct sw_trust *trust_of(const char *path)
{
    struct sw_err err = {0};
    struct sw_trust *trust = NULL;

    assert_ok(sw_trust_open(&path, 1, &trust, &err), err);
    assert_non_null(trust);
    return trust;
}

static int trust_fails(const char *path, struct sw_err *err)
{
    struct sw_trust *trust = NULL;
    int rc = sw_trust_open(&path, 1, &trust, err);

    sw_trust_free(trust);
    return rc;
}

static void sign_and_check(const char *type)
{
    struct sw_err err = {0};
    struct sw_signature good = {.len = 0}, bad;
    struct sw_signer *signer;
    struct sw_trust *trust;
    const char *who = NULL;

    make_key(type, "key");
    signer = signer_of("key");
    trust = trust_of("key.pub");
    assert_ok(sw_signer_sign(signer, text, sizeof(text), &good, &err), err);
    assert_ok(sw_trust_check(trust, text, sizeof(text), &good, &who, &err), err);
    assert_non_null(strstr(who, sw_signer_name(signer)));
    assert_non_null(strstr(who, "key.pub"));
    assert_failed(sw_trust_check(trust, text, sizeof(text) - 1, &good, &who, &err), err, SW_INTEGRITY,
                  "no trusted key made the signature of these bytes (1 tried)");
    for (size_t bit = 0; bit < good.len * 8; bit++) {
        bad = good;
        bad.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(sw_trust_check(trust, text, sizeof(text), &bad, &who, &err), -1);
    }
    bad = good;
    bad.bytes[bad.len++] = 0;
    assert_int_equal(sw_trust_check(trust, text, sizeof(text), &bad, &who, &err), -1);
    for (bad = good; bad.len > 0;) {
        bad.len--;
        assert_int_equal(sw_trust_check(trust, text, sizeof(text), &bad, &who, &err), -1);
    }
    sw_signer_free(signer);
    sw_trust_free(trust);
    assert_int_equal(unlink("key") + unlink("key.pub"), 0);
}

static void a_signature_fits_these_bytes_this_key_and_this_length_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        sign_and_check(types[i]);
}

static void another_key_of_the_folder_may_have_signed(void **state)
{
    struct sw_err err = {0};
    struct sw_signature by_a = {.len = 0}, by_c = {.len = 0};
    struct sw_signer *a, *c;
    struct sw_trust *trust;
    const char *who = NULL;

    (void)state;
    assert_int_equal(mkdir("trust", 0755), 0);
    make_key("sign-ec", "trust/a");
    make_key("sign-ed25519", "trust/b");
    make_key("sign-ec", "c");
    a = signer_of("trust/a");
    c = signer_of("c");
    trust = trust_of("trust"); /* the private halves are there as well, and are not looked at */
    assert_ok(sw_signer_sign(a, text, sizeof(text), &by_a, &err), err);
    assert_ok(sw_signer_sign(c, text, sizeof(text), &by_c, &err), err);
    assert_ok(sw_trust_check(trust, text, sizeof(text), &by_a, &who, &err), err);
    assert_failed(sw_trust_check(trust, text, sizeof(text), &by_c, &who, &err), err, SW_INTEGRITY,
                  "(2 tried)");
    sw_signer_free(a);
    sw_signer_free(c);
    sw_trust_free(trust);
}

static void a_folder_without_keys_trusts_nobody(void **state)
{
    struct sw_err err = {0};

    (void)state;
    assert_int_equal(mkdir("empty", 0755), 0);
    assert_failed(trust_fails("empty", &err), err, SW_INTEGRITY, "nothing is trusted");
    assert_failed(trust_fails("nowhere", &err), err, SW_INTEGRITY, "cannot open 'nowhere'");
    /* Something of that name that is no file is not passed over. */
    assert_int_equal(mkfifo("empty/x.pub", 0644), 0);
    assert_failed(trust_fails("empty", &err), err, SW_INTEGRITY, "neither a file nor a folder");
    assert_int_equal(unlink("empty/x.pub") + mkdir("empty/y.pub", 0755), 0);
    assert_failed(trust_fails("empty", &err), err, SW_INTEGRITY, "is no file");
}

static void keys_that_everybody_may_replace_are_refused(void **state)
{
    struct sw_err err = {0};

    (void)state;
    make_key("sign-ec", "open");
    assert_int_equal(chmod("open.pub", 0666), 0);
    assert_failed(trust_fails("open.pub", &err), err, SW_INTEGRITY, "may be written by everybody");
    assert_int_equal(mkdir("wide", 0755) + chmod("wide", 0777), 0);
    assert_failed(trust_fails("wide", &err), err, SW_INTEGRITY, "may be written by everybody");
    assert_int_equal(chmod("open", 0640), 0);
    assert_null(sw_signer_open("pem:open", &err));
    assert_non_null(strstr(err.text, "chmod 600"));
}

static void only_p256_and_ed25519_sign(void **state)
{
    static const char *const others[] = {"rsa:2048", "ec:secp384r1", "ec:secp256k1", "ed448"};
    static const char *const others_say[] = {"P-256 and Ed25519 keys sign", "P-256 and Ed25519 keys sign",
                                             "on the curve secp256k1", "neither RSA nor EC nor Ed25519"};
    struct sw_err err = {0};
    char command[256];

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const char *colon = strchr(others[i], ':');

        snprintf(
            command, sizeof(command),
            "umask 077; openssl genpkey -algorithm %.*s %s%s -out o 2>/dev/null && openssl pkey -in o -pubout -out o.pub",
            colon != NULL ? (int)(colon - others[i]) : (int)strlen(others[i]), others[i],
            colon == NULL                       ? ""
            : strncmp(others[i], "rsa", 3) == 0 ? "-pkeyopt rsa_keygen_bits:"
                                                : "-pkeyopt ec_paramgen_curve:",
            colon != NULL ? colon + 1 : "");
        assert_int_equal(system(command), 0);
        assert_failed(trust_fails("o.pub", &err), err, SW_INTEGRITY, others_say[i]);
        assert_null(sw_signer_open("pem:o", &err));
        assert_int_equal(err.code, SW_INTEGRITY);
    }
}

static void a_pin_in_the_text_of_a_signing_key_is_not_repeated(void **state)
{
    static const char *const texts[] = {"pkcs11:token=lab;object=sign?pin-value=hunter2",
                                        "pkcs11:object=sign?module-name=x&PIN-VALUE=hunter2",
                                        "PKCS11:object=sign?pin-value=hunter2", "passphrase:hunter2"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sw_err err = {0};

        assert_null(sw_signer_open(texts[i], &err));
        assert_int_equal(err.code, SW_USAGE);
        assert_null(strstr(err.text, "hunter2"));
        assert_non_null(strstr(err.text, "the signing key '"));
    }
}

static void files_that_are_no_public_key_say_what_they_are(void **state)
{
    struct sw_err err = {0};

    (void)state;
    make_key("sign-ec", "p");
    assert_failed(trust_fails("p", &err), err, SW_INTEGRITY, "it is a private key");
    assert_int_equal(system("cat p.pub p.pub >two.pub"), 0);
    assert_failed(trust_fails("two.pub", &err), err, SW_INTEGRITY, "more than one key");
    assert_ok(sw_write_file("not.pub", "ssh-ed25519 AAAA", 16, 0644, &err), err);
    assert_failed(trust_fails("not.pub", &err), err, SW_INTEGRITY, "no public key in PEM");
    assert_int_equal(system("head -c 20000 /dev/zero >big.pub"), 0);
    assert_failed(trust_fails("big.pub", &err), err, SW_INTEGRITY, "too large");
    assert_null(sw_signer_open("pem:p.pub", &err)); /* 0644, so that it is the mode that is told first */
    assert_null(sw_signer_open("p", &err));
    assert_int_equal(err.code, SW_USAGE);
    assert_null(sw_signer_open("pem:", &err));
    assert_int_equal(err.code, SW_USAGE);
    assert_int_equal(system("umask 077; openssl genpkey -algorithm ed25519 -aes256 -pass pass:x -out e"), 0);
    assert_null(sw_signer_open("pem:e", &err));
    assert_non_null(strstr(err.text, "protected by a passphrase"));
}

static void without_a_word_the_usual_folder_counts_when_it_is_there(void **state)
{
    struct sw_err err = {0};
    struct sw_trust *trust = NULL;
    char here[256], path[512];

    (void)state;
    assert_non_null(getcwd(here, sizeof(here)));
    setenv("XDG_CONFIG_HOME", here, 1);
    unsetenv("SLIPWAY_TRUST");
    assert_ok(sw_trust_open(NULL, 0, &trust, &err), err);
    assert_null(trust);
    snprintf(path, sizeof(path), "%s/slipway/trust", here);
    assert_ok(sw_mkdir_p(path, 0755, &err), err);
    assert_failed(sw_trust_open(NULL, 0, &trust, &err), err, SW_INTEGRITY, "nothing is trusted");
    make_key("sign-ec", "slipway/trust/k");
    assert_ok(sw_trust_open(NULL, 0, &trust, &err), err);
    assert_non_null(trust);
    sw_trust_free(trust);
    setenv("SLIPWAY_TRUST", "elsewhere", 1);
    assert_failed(sw_trust_open(NULL, 0, &trust, &err), err, SW_INTEGRITY, "cannot open 'elsewhere'");
    setenv("SLIPWAY_TRUST", "", 1);
    assert_ok(sw_trust_open(NULL, 0, &trust, &err), err);
    assert_non_null(trust);
    sw_trust_free(trust);
}

static void an_output_does_not_take_the_place_of_the_key(void **state)
{
    struct sw_err err = {0};
    struct sw_signer *signer;

    (void)state;
    make_key("sign-ed25519", "mine");
    signer = signer_of("mine");
    assert_failed(sw_signer_spare_file(signer, "./mine", &err), err, SW_USAGE, "would be lost");
    assert_ok(sw_signer_spare_file(signer, "mine.pub", &err), err);
    sw_signer_free(signer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_fits_these_bytes_this_key_and_this_length_only),
        cmocka_unit_test(another_key_of_the_folder_may_have_signed),
        cmocka_unit_test(a_folder_without_keys_trusts_nobody),
        cmocka_unit_test(keys_that_everybody_may_replace_are_refused),
        cmocka_unit_test(only_p256_and_ed25519_sign),
        cmocka_unit_test(files_that_are_no_public_key_say_what_they_are),
        cmocka_unit_test(a_pin_in_the_text_of_a_signing_key_is_not_repeated),
        cmocka_unit_test(without_a_word_the_usual_folder_counts_when_it_is_there),
        cmocka_unit_test(an_output_does_not_take_the_place_of_the_key),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
