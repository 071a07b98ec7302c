/* Keys of a key service that is a twin in memory: what it is asked, and what becomes of its answers. */
#include "message.h"
#include "slipway/kms.h"

#define ARN   "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
#define OTHER "arn:aws:kms:eu-west-1:111122223333:key/ffffffff-12ab-34cd-56ef-1234567890ab"

/* It "wraps" by turning every bit over. */
struct twin {
    struct sw_kms base;
    const char *answers; /* the key that it says it used */
    enum sw_code fails;
    unsigned encrypted, decrypted, closed;
    size_t nr_context;
    char key[256], endpoint[64], purpose[64];
    size_t extra; /* bytes more than there should be */
};

static void note(struct twin *twin, const struct sw_kms_request *request)
{
    snprintf(twin->key, sizeof(twin->key), "%s", request->key);
    snprintf(twin->endpoint, sizeof(twin->endpoint), "%s",
             request->endpoint != NULL ? request->endpoint : "");
    twin->nr_context = request->nr_context;
    for (size_t i = 0; i < request->nr_context; i++)
        if (strcmp(request->context[i].key, "purpose") == 0)
            snprintf(twin->purpose, sizeof(twin->purpose), "%s", request->context[i].value);
}

static int turn(struct twin *twin, const struct sw_kms_request *request, struct sw_kms_reply *reply,
                struct sw_err *err)
{
    note(twin, request);
    if (twin->fails != SW_OK)
        return sw_fail(err, twin->fails, "as the twin was told");
    snprintf(reply->key, sizeof(reply->key), "%s", twin->answers);
    for (size_t i = 0; i < request->len; i++)
        reply->bytes[i] = request->bytes[i] ^ 0xff;
    reply->len = request->len + twin->extra;
    return 0;
}

static int twin_encrypt(struct sw_kms *kms, const struct sw_kms_request *request, struct sw_kms_reply *reply,
                        struct sw_err *err)
{
    ((struct twin *)kms)->encrypted++;
    return turn((struct twin *)kms, request, reply, err);
}

static int twin_decrypt(struct sw_kms *kms, const struct sw_kms_request *request, struct sw_kms_reply *reply,
                        struct sw_err *err)
{
    ((struct twin *)kms)->decrypted++;
    return turn((struct twin *)kms, request, reply, err);
}

static void twin_close(struct sw_kms *kms)
{
    ((struct twin *)kms)->closed++;
}

static const struct sw_kms_ops twin_ops = {twin_encrypt, twin_decrypt, twin_close};

static struct sw_keyring *kms_ring(enum sw_key_use use, struct twin *twin, const char *text)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_keyring *ring = sw_keyring_new(use, &err);

    assert_non_null(ring);
    *twin = (struct twin){.base.ops = &twin_ops, .answers = ARN};
    assert_ok(sw_keyring_use_kms(ring, &twin->base, &err), err);
    assert_ok(sw_keyring_add(ring, text, &err), err);
    return ring;
}

/* A message to the twin's key, without a sidecar. */
static void seal_to(const char *text, const char *answers, struct message *message, struct twin *twin)
{
    SW_AUTO_KEYRING struct sw_keyring *ring = kms_ring(SW_KEY_SEAL, twin, text);
    const struct sw_pair pair = {"purpose", "a test"};

    twin->answers = answers;
    seal_bytes(&(struct sealing){.to = ring, .direct = true, .context = &pair, .nr_context = 1}, "plain", 5,
               message);
}

static int open_with(const struct message *message, const struct sw_keyring *ring, struct sw_err *err)
{
    *err = (struct sw_err){.code = SW_OK};
    return open_to(message, ring, "plain", err);
}

static void the_whole_context_goes_with_the_key(void **state)
{
    AUTO_MESSAGE struct message message;
    struct twin to, with;
    SW_AUTO_KEYRING struct sw_keyring *ring =
        kms_ring(SW_KEY_OPEN, &with, "kms:" ARN ",endpoint=http://127.0.0.1:1");
    struct sw_err err;

    (void)state;
    seal_to("kms:" ARN, ARN, &message, &to);
    assert_int_equal(to.encrypted, 1);
    assert_string_equal(to.key, ARN);
    assert_string_equal(to.endpoint, "");
    assert_string_equal(to.purpose, "a test");
    assert_int_equal(to.nr_context, 4);
    assert_ok(open_with(&message, ring, &err), err);
    assert_int_equal(with.decrypted, 1);
    assert_string_equal(with.endpoint, "http://127.0.0.1:1");
    assert_int_equal(with.nr_context, 4);
    assert_int_equal(to.closed, 1);
}

static void an_alias_becomes_the_arn_that_answered(void **state)
{
    AUTO_MESSAGE struct message message;
    struct twin to, with;
    SW_AUTO_KEYRING struct sw_keyring *ring = kms_ring(SW_KEY_OPEN, &with, "kms:" ARN);
    struct sw_err err;

    (void)state;
    seal_to("kms:alias/lab", ARN, &message, &to);
    assert_string_equal(to.key, "alias/lab");
    assert_ok(open_with(&message, ring, &err), err);
    assert_string_equal(with.key, ARN);
}

static void another_key_than_the_one_that_was_asked_is_refused(void **state)
{
    AUTO_MESSAGE struct message message;
    struct twin to, with;
    SW_AUTO_KEYRING struct sw_keyring *ring = kms_ring(SW_KEY_OPEN, &with, "kms:" ARN);
    struct sw_err err;

    (void)state;
    seal_to("kms:" ARN, ARN, &message, &to);
    with.answers = OTHER;
    assert_failed(open_with(&message, ring, &err), err, SW_INTEGRITY,
                  "was asked for '" ARN "' and used '" OTHER);
    with.answers = "";
    assert_failed(open_with(&message, ring, &err), err, SW_INTEGRITY, "was asked for");
    with.answers = ARN;
    with.extra = 1;
    assert_failed(open_with(&message, ring, &err), err, SW_INTEGRITY, "does not open the message");
    with.extra = SW_KMS_BYTES_MAX - 32;
    assert_failed(open_with(&message, ring, &err), err, SW_INTEGRITY, "does not open the message");
}

static void sealing_checks_the_answer_too(void **state)
{
    static const char *const answers[] = {OTHER, "", "alias/lab", "1234abcd-12ab-34cd-56ef-1234567890ab"};
    struct twin twin;
    SW_AUTO_KEYRING struct sw_keyring *ring = kms_ring(SW_KEY_SEAL, &twin, "kms:" ARN);

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(answers); i++) {
        struct sw_err err = {.code = SW_OK};
        struct sw_seal_opts opts = {.recipients = ring, .direct = true, .plain_bytes = 5};
        struct kept file;

        twin.answers = answers[i];
        kept_init(&file, 65536);
        assert_null(sw_seal_out(&opts, kept_out(&file, true), NULL, &err));
        assert_int_equal(err.code, SW_INTEGRITY);
        assert_false(file.committed);
        kept_free(&file);
    }
}

static void a_service_that_fails_is_told_with_its_code(void **state)
{
    AUTO_MESSAGE struct message message;
    struct twin to, with;
    SW_AUTO_KEYRING struct sw_keyring *ring = kms_ring(SW_KEY_OPEN, &with, "kms:" ARN);
    struct sw_err err;

    (void)state;
    seal_to("kms:" ARN, ARN, &message, &to);
    with.fails = SW_REMOTE;
    assert_failed(open_with(&message, ring, &err), err, SW_REMOTE, "as the twin was told");
    with.fails = SW_INTEGRITY;
    assert_failed(open_with(&message, ring, &err), err, SW_INTEGRITY, "as the twin was told");
}

static void only_the_exact_key_is_asked(void **state)
{
    AUTO_MESSAGE struct message message;
    struct twin to, with;
    SW_AUTO_KEYRING struct sw_keyring *ring = kms_ring(SW_KEY_OPEN, &with, "kms:" ARN "c");
    struct sw_err err;

    (void)state;
    seal_to("kms:" ARN, ARN, &message, &to);
    assert_failed(open_with(&message, ring, &err), err, SW_INTEGRITY, "no key was given");
    assert_int_equal(with.decrypted, 0);
}

static void refuse(enum sw_key_use use, struct twin *twin, const char *text, enum sw_code code,
                   const char *why)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_KEYRING struct sw_keyring *ring = sw_keyring_new(use, &err);

    if (twin != NULL)
        assert_ok(sw_keyring_use_kms(ring, &twin->base, &err), err);
    assert_failed(sw_keyring_add(ring, text, &err), err, code, why);
}

static void texts_that_name_no_key_are_refused(void **state)
{
    static char longest[SW_KMS_KEY_MAX + 8] = "kms:";
    struct twin twin = {.base.ops = &twin_ops};

    (void)state;
    memset(longest + 4, 'a', sizeof(longest) - 5);
    refuse(SW_KEY_OPEN, &twin, "kms:", SW_USAGE, "");
    refuse(SW_KEY_OPEN, &twin, "kms:alias/lab", SW_USAGE, "opening takes the key's ARN");
    refuse(SW_KEY_OPEN, &twin, "kms:arn:aws:kms:eu-west-1:1:alias/lab", SW_USAGE,
           "opening takes the key's ARN");
    refuse(SW_KEY_SEAL, &twin, "kms:a b", SW_USAGE, "a character");
    refuse(SW_KEY_SEAL, &twin, "kms:a\033b", SW_USAGE, "a character");
    refuse(SW_KEY_SEAL, &twin, longest, SW_USAGE, "longer than");
    refuse(SW_KEY_SEAL, &twin, "kms:" ARN ",ns=x", SW_USAGE, "no option");
}

static void a_ring_that_may_not_ask_refuses(void **state)
{
    (void)state;
    refuse(SW_KEY_SEAL, NULL, "kms:" ARN, SW_REFUSED, "this command opens no connections");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_context_goes_with_the_key),
        cmocka_unit_test(an_alias_becomes_the_arn_that_answered),
        cmocka_unit_test(another_key_than_the_one_that_was_asked_is_refused),
        cmocka_unit_test(sealing_checks_the_answer_too),
        cmocka_unit_test(a_service_that_fails_is_told_with_its_code),
        cmocka_unit_test(only_the_exact_key_is_asked),
        cmocka_unit_test(texts_that_name_no_key_are_refused),
        cmocka_unit_test(a_ring_that_may_not_ask_refuses),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
