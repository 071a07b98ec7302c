/* EC keys: sealed to the public half, opened by the private one, and whatever else is in the way refused. */
#include "message.h"
#include "src/seal/header.h"
#include "src/seal/raw_ecdh.h"
#include "src/seal/scheme.h"

static const char *const curves[] = {"p256", "p384", "p521"};

static int make_keys(void **state)
{
    struct sw_err err = {.code = SW_OK};

    if (enter_empty_folder(state) < 0)
        return -1;
    for (size_t i = 0; i < SW_ARRAY_LEN(curves); i++) {
        char type[16];

        snprintf(type, sizeof(type), "ec-%s", curves[i]);
        if (sw_keygen(type, curves[i], &err) < 0)
            return -1;
    }
    return sw_keygen("ec-p256", "stranger", &err);
}

static struct sw_keyring *ring_for(enum sw_key_use use, const char *name)
{
    char text[64];

    snprintf(text, sizeof(text), "pem:%s%s", name, use == SW_KEY_SEAL ? ".pub" : "");
    return ring_of(use, text);
}

static void seal_to(const char *name, struct message *message)
{
    SW_AUTO_KEYRING struct sw_keyring *to = ring_for(SW_KEY_SEAL, name);
    const struct sw_pair context = {"image", "web-01"};

    seal_bytes(&(struct sealing){.to = to, .context = &context, .nr_context = 1, .jobs = 1, .direct = true},
               "content", 7, message);
}

static int open_with(const struct message *message, const char *name, struct sw_err *err)
{
    SW_AUTO_KEYRING struct sw_keyring *with = ring_for(SW_KEY_OPEN, name);

    return open_to(message, with, "content", err);
}

static void both_halves_on_every_curve_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(curves); i++) {
        AUTO_MESSAGE struct message message = {.body = {.len = 0}};
        SW_AUTO_KEYRING struct sw_keyring *to = ring_for(SW_KEY_SEAL, curves[i]);
        SW_AUTO_KEYRING struct sw_keyring *with = ring_for(SW_KEY_OPEN, curves[i]);
        struct sw_err err = {.code = SW_OK};

        assert_string_equal(sw_keyring_name(to, 0), sw_keyring_name(with, 0));
        assert_int_equal(strncmp(sw_keyring_name(to, 0), "raw-ecdh/ec-", 12), 0);
        seal_to(curves[i], &message);
        assert_ok(open_with(&message, curves[i], &err), err);
    }
}

static void another_key_does_not_open_and_the_recipient_is_named(void **state)
{
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    SW_AUTO_KEYRING struct sw_keyring *to = ring_for(SW_KEY_SEAL, "p256");
    struct sw_err err = {.code = SW_OK};

    (void)state;
    seal_to("p256", &message);
    assert_failed(open_with(&message, "stranger", &err), err, SW_INTEGRITY, sw_keyring_name(to, 0));
    assert_failed(open_with(&message, "p384", &err), err, SW_INTEGRITY, "no key was given");
}

static void every_message_has_a_senders_key_of_its_own(void **state)
{
    AUTO_MESSAGE struct message a = {.body = {.len = 0}}, b = {.body = {.len = 0}};
    SW_AUTO_HEADER struct seal_header ha = {.bytes = NULL}, hb = {.bytes = NULL};
    struct seal_ecdh_info ia, ib;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    seal_to("p384", &a);
    seal_to("p384", &b);
    assert_ok(seal_header_parse(&ha, a.body.bytes, a.body.len, &err), err);
    assert_ok(seal_header_parse(&hb, b.body.bytes, b.body.len, &err), err);
    assert_true(seal_ecdh_parse(&ha.edks[0], &ia) && seal_ecdh_parse(&hb.edks[0], &ib));
    assert_int_equal(ia.sender.len, 49);
    assert_memory_equal(ia.recipient.bytes, ib.recipient.bytes, 49);
    assert_true(memcmp(ia.sender.bytes, ib.sender.bytes, 49) != 0);
}

/* Where a view of the parsed header lies in the message. */
static size_t place(const struct seal_header *header, struct seal_view view)
{
    return (size_t)(view.bytes - header->bytes);
}

static void no_changed_byte_of_the_entry_opens(void **state)
{
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    struct sw_err err = {.code = SW_OK};
    size_t from, to;

    (void)state;
    seal_to("p256", &message);
    assert_ok(seal_header_parse(&header, message.body.bytes, message.body.len, &err), err);
    from = place(&header, header.edks[0].info);
    to = place(&header, header.edks[0].wrapped) + header.edks[0].wrapped.len;
    assert_int_equal(to - from, 1 + 2 * (4 + 33) + 2 + 32 + 32 + 32 + 16);
    for (size_t i = from; i < to; i++) {
        message.body.bytes[i] ^= 1;
        err = (struct sw_err){.code = SW_OK};
        if (open_with(&message, "p256", &err) == 0 || err.code != SW_INTEGRITY)
            fail_msg("byte %zu: code %d, '%s'", i - from, err.code, err.text);
        message.body.bytes[i] ^= 1;
    }
    assert_ok(open_with(&message, "p256", &err), err);
}

/* An entry by itself, unwrapped with the private key of P-256. */
static int unwrap_entry(const void *info, size_t info_len, const void *wrapped, size_t wrapped_len,
                        struct sw_err *err)
{
    SW_AUTO_KEYRING struct sw_keyring *with = ring_for(SW_KEY_OPEN, "p256");
    struct seal_edk edk = {.provider = {(const uint8_t *)"raw-ecdh", 8},
                           .info = {info, info_len},
                           .wrapped = {wrapped, wrapped_len}};
    struct seal_unwrap how = {.data_key_bytes = 32};
    struct seal_secret data_key;

    if (!seal_edk_is_for(&edk, &with->keys[0]))
        return sw_fail(err, SW_USAGE, "not for it");
    return seal_edk_unwrap(&edk, &with->keys[0], &how, &data_key, err);
}

/* The recipient's point of P-256 behind version and length, then 4 + 33 bytes for the sender's. */
static void make_info(uint8_t info[1 + 2 * (4 + 33)])
{
    SW_AUTO_KEYRING struct sw_keyring *to = ring_for(SW_KEY_SEAL, "p256");
    const struct seal_wrap how = {.data_key = &(struct seal_secret){.len = 32}, .random = test_random};
    SW_AUTO_BUF struct sw_buf built = {.len = 0}, wrapped = {.len = 0};
    struct sw_err err = {.code = SW_OK};

    assert_ok(to->keys[0].ops->wrap(&to->keys[0], &how, &built, &wrapped, &err), err);
    assert_int_equal(built.len, 1 + 2 * (4 + 33));
    memcpy(info, built.data, built.len);
}

static void points_that_are_on_no_curve_are_refused(void **state)
{
    uint8_t good[1 + 2 * (4 + 33)], bad[sizeof(good)], wrapped[32 + 32 + 32 + 16] = {0};
    struct sw_err err = {.code = SW_OK};
    unsigned off_curve = 0;

    (void)state;
    make_info(good);
    /* About half of all x have no point; those that have one fail by the commitment. */
    for (unsigned x = 0; x < 32; x++) {
        memcpy(bad, good, sizeof(bad));
        memset(bad + 42, 0, 33);
        bad[42] = 2;
        bad[42 + 32] = (uint8_t)x;
        err = (struct sw_err){.code = SW_OK};
        assert_int_equal(unwrap_entry(bad, sizeof(bad), wrapped, sizeof(wrapped), &err), -1);
        assert_int_equal(err.code, SW_INTEGRITY);
        off_curve += strstr(err.text, "not on the curve") != NULL;
    }
    assert_true(off_curve > 5 && off_curve < 27);
    /* x beyond the field, and the forms that are not the compressed one. */
    memset(bad + 43, 0xff, 32);
    assert_failed(unwrap_entry(bad, sizeof(bad), wrapped, sizeof(wrapped), &err), err, SW_INTEGRITY,
                  "not on the curve");
    for (unsigned form = 0; form < 256; form++) {
        memcpy(bad, good, sizeof(bad));
        bad[42] = (uint8_t)form;
        err = (struct sw_err){.code = SW_OK};
        assert_int_equal(unwrap_entry(bad, sizeof(bad), wrapped, sizeof(wrapped), &err), -1);
        assert_true((strstr(err.text, "not on the curve") != NULL) == (form != 2 && form != 3));
    }
}

static void lengths_that_lie_are_not_believed(void **state)
{
    uint8_t good[1 + 2 * (4 + 33)], bad[sizeof(good) + 1], wrapped[200] = {0};
    static const uint32_t lengths[] = {0, 1, 32, 34, 37, 0x7fffffff, 0xffffffff};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    make_info(good);
    for (size_t i = 0; i < SW_ARRAY_LEN(lengths); i++) {
        for (size_t at = 1; at <= 38; at += 37) {
            memcpy(bad, good, sizeof(good));
            be32_put(bad + at, lengths[i]);
            assert_int_equal(unwrap_entry(bad, sizeof(good), wrapped, 112, &err), -1);
        }
    }
    for (size_t len = 0; len < sizeof(good); len++)
        assert_int_equal(unwrap_entry(good, len, wrapped, 112, &err), -1);
    memcpy(bad, good, sizeof(good));
    assert_int_equal(unwrap_entry(bad, sizeof(bad), wrapped, 112, &err), -1);
    for (size_t len = 0; len < sizeof(wrapped); len++) {
        err = (struct sw_err){.code = SW_OK};
        assert_failed(unwrap_entry(good, sizeof(good), wrapped, len, &err), err, SW_INTEGRITY,
                      "does not open the message");
    }
}

static void add_refused(enum sw_key_use use, const char *text, const char *why)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_KEYRING struct sw_keyring *ring = sw_keyring_new(use, &err);

    assert_non_null(ring);
    assert_int_equal(sw_keyring_add(ring, text, &err), -1);
    if (strstr(err.text, why) == NULL)
        fail_msg("'%s': '%s'", text, err.text);
    assert_int_equal(sw_keyring_count(ring), 0);
}

static const char secp256k1[] = "-----BEGIN PUBLIC KEY-----\n"
                                "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEWEbASu53JiyWUxVsG8ZsWF4YKqKXjI/d\n"
                                "wHEvDkQScgNFNvJxYiQhFSVx0Y5MC84afkKw5jIph0UD0SOWGzgKpQ==\n"
                                "-----END PUBLIC KEY-----\n";
static const char ed25519[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MCowBQYDK2VwAyEAS+dnsrUj+VOgSGzVjUPdZ5Aa2VImnK9Vh1CwZA6tJUk=\n"
                              "-----END PUBLIC KEY-----\n";
/* A point of P-256 with one bit of its y changed. */
static const char off_curve[] = "-----BEGIN PUBLIC KEY-----\n"
                                "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHdg8qHdksofA/mIxiqmLOSaQ2Xyn\n"
                                "+tJfGhYoA1V93Ql7S5eR70mXrjxdbXDmF+xytCIdndB5qUVlHU+b52dz2A==\n"
                                "-----END PUBLIC KEY-----\n";

static void other_curves_and_options_that_mean_nothing_are_refused(void **state)
{
    (void)state;
    (void)key_file("k1.pub", secp256k1, sizeof(secp256k1) - 1, 0644);
    (void)key_file("ed.pub", ed25519, sizeof(ed25519) - 1, 0644);
    (void)key_file("off.pub", off_curve, sizeof(off_curve) - 1, 0644);
    add_refused(SW_KEY_SEAL, "pem:k1.pub", "P-256, P-384 and P-521 are allowed");
    add_refused(SW_KEY_SEAL, "pem:ed.pub", "neither RSA nor EC");
    add_refused(SW_KEY_SEAL, "pem:off.pub", "no public key");
    add_refused(SW_KEY_SEAL, "pem:p256.pub,padding=oaep-sha256", "takes no 'padding='");
    add_refused(SW_KEY_OPEN, "pem:p256,name=x", "takes no 'name='");
    add_refused(SW_KEY_SEAL, "pem:p256", "public half");
    add_refused(SW_KEY_OPEN, "pem:p256.pub", "chmod 600");
}

static void a_recipient_is_not_named_twice(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = ring_for(SW_KEY_SEAL, "p521");
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_failed(sw_keyring_add(to, "pem:p521.pub", &err), err, SW_USAGE, "named twice");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_halves_on_every_curve_fit),
        cmocka_unit_test(another_key_does_not_open_and_the_recipient_is_named),
        cmocka_unit_test(every_message_has_a_senders_key_of_its_own),
        cmocka_unit_test(no_changed_byte_of_the_entry_opens),
        cmocka_unit_test(points_that_are_on_no_curve_are_refused),
        cmocka_unit_test(lengths_that_lie_are_not_believed),
        cmocka_unit_test(other_curves_and_options_that_mean_nothing_are_refused),
        cmocka_unit_test(a_recipient_is_not_named_twice),
    };

    return cmocka_run_group_tests(tests, make_keys, leave_folder);
}
