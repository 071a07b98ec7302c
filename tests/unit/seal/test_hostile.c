/* Damaged, forged and mismatched messages: refused, one by one. */
#include "message.h"
#include "src/base/endian.h"
#include "src/seal/frame.h"

enum { PLAIN = 100, FRAME = 16 };

static const struct sw_pair image[] = {{"image", "web-01"}};

static void seal_small(const struct sw_keyring *to, bool direct, struct message *message)
{
    const struct sealing how = {
        .to = to, .context = image, .nr_context = 1, .frame_bytes = FRAME, .jobs = 1, .direct = direct};
    SW_AUTO_FREE uint8_t *plain = pattern(PLAIN);

    seal_bytes(&how, plain, PLAIN, message);
}

/* Opens it whole; it must fail, as a matter of integrity. */
static void assert_refused(const struct message *message, const struct sw_keyring *with, const char *what,
                           size_t at)
{
    struct sw_err err = {.code = SW_OK};
    struct kept plain;

    kept_init(&plain, 65536);
    if (open_bytes(message, with, &plain, &err) == 0)
        fail_msg("%s at %zu: it was opened", what, at);
    if (err.code != SW_INTEGRITY)
        fail_msg("%s at %zu: code %d, '%s'", what, at, err.code, err.text);
    kept_free(&plain);
}

static void flip_every_bit(const struct message *message, struct kept *file, const struct sw_keyring *with,
                           const char *what)
{
    for (size_t at = 0; at < file->len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            file->bytes[at] ^= (uint8_t)(1u << bit);
            assert_refused(message, with, what, 8 * at + bit);
            file->bytes[at] ^= (uint8_t)(1u << bit);
        }
    }
}

static void one_flipped_bit_anywhere_is_seen(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    AUTO_MESSAGE struct message direct = {.body = {.len = 0}}, pair = {.body = {.len = 0}};

    (void)state;
    seal_small(to, true, &direct);
    flip_every_bit(&direct, &direct.body, with, "direct message");
    seal_small(to, false, &pair);
    flip_every_bit(&pair, &pair.body, with, "body");
    flip_every_bit(&pair, &pair.sidecar, with, "sidecar");
}

static void truncation_anywhere_is_seen_at_open(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    const struct sw_unseal_opts opts = {.keys = with};
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    uint64_t len;

    (void)state;
    seal_small(to, true, &message);
    len = message.body.len;
    for (message.body.len = 0; message.body.len < len; message.body.len++) {
        struct sw_err err = {.code = SW_OK};

        assert_null(open_message_with(&message, &opts, &err));
        assert_int_equal(err.code, SW_INTEGRITY);
    }
}

static void bytes_after_the_end_are_seen_at_open(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    const struct sw_unseal_opts opts = {.keys = with};
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    uint64_t len;

    (void)state;
    seal_small(to, true, &message);
    len = message.body.len;
    for (uint64_t more = 1; more < 200; more++) {
        struct sw_err err = {.code = SW_OK};

        message.body.len = len + more;
        assert_null(open_message_with(&message, &opts, &err));
        assert_int_equal(err.code, SW_INTEGRITY);
    }
}

static size_t header_len(const struct message *message)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};

    assert_ok(seal_header_parse(&header, message->body.bytes, message->body.len, &err), err);
    return header.len;
}

static void moved_frames_are_seen(void **state)
{
    enum { STRIDE = FRAME + SEAL_FRAME_OVER };
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    uint8_t first[STRIDE], second[STRIDE];
    uint8_t *at;

    (void)state;
    seal_small(to, true, &message);
    at = message.body.bytes + header_len(&message);
    memcpy(first, at, STRIDE);
    memcpy(second, at + STRIDE, STRIDE);
    memcpy(at, second, STRIDE);
    assert_refused(&message, with, "frame 2 twice", 1);
    memcpy(at + STRIDE, first, STRIDE);
    assert_refused(&message, with, "frames 1 and 2 swapped", 1);
    /* The sequence numbers put right: now it is the tags' turn. */
    be32_put(at, 1);
    be32_put(at + 12, 1);
    be32_put(at + STRIDE, 2);
    be32_put(at + STRIDE + 12, 2);
    assert_refused(&message, with, "frames 1 and 2 swapped and renumbered", 1);
    memcpy(at, first, STRIDE);
    memcpy(at + STRIDE, second, STRIDE);
    memmove(at, at + STRIDE, message.body.len - header_len(&message) - STRIDE);
    message.body.len -= STRIDE;
    assert_refused(&message, with, "frame 1 dropped", 1);
}

static void a_frame_that_fails_leaves_nothing_in_the_buffer(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    const struct sw_unseal_opts opts = {.keys = with};
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    static const uint8_t zeros[3 * FRAME];
    struct sw_err err = {.code = SW_OK};
    uint8_t got[3 * FRAME];
    struct sw_in *in;

    (void)state;
    seal_small(to, true, &message);
    message.body.bytes[header_len(&message) + 2 * (FRAME + SEAL_FRAME_OVER) + 20] ^= 1;
    in = open_message_with(&message, &opts, &err);
    assert_non_null(in);
    memset(got, 0x55, sizeof(got));
    assert_failed(sw_in_read(in, got, sizeof(got), 0, &err), err, SW_INTEGRITY, "frame 3");
    assert_memory_equal(got, zeros, sizeof(got));
    assert_ok(sw_in_read(in, got, 2 * FRAME, 0, &err), err); /* the frames before it are good */
    sw_in_close(in);
}

static void another_key_does_not_open(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *other = aes_ring(SW_KEY_OPEN, 2);
    SW_AUTO_KEYRING struct sw_keyring *same_name = NULL, *prefix = NULL;
    AUTO_MESSAGE struct message direct = {.body = {.len = 0}}, pair = {.body = {.len = 0}};
    char text[300];

    (void)state;
    seal_small(to, true, &direct);
    seal_small(to, false, &pair);
    assert_refused(&direct, other, "another key", 0);
    assert_refused(&pair, other, "another key", 1);
    /* aes.key holds the other key now. */
    snprintf(text, sizeof(text), "aes:aes.key,name=%s", strchr(sw_keyring_name(to, 0), '/') + 1);
    same_name = ring_of(SW_KEY_OPEN, text);
    assert_refused(&direct, same_name, "another key of that name", 0);
    assert_refused(&pair, same_name, "another key of that name", 1);
    (void)key_file("right.key", "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 32, 0600);
    prefix = ring_of(SW_KEY_OPEN, "aes:right.key,name=aes-");
    assert_refused(&direct, prefix, "the right key under the beginning of its name", 0);
}

static void a_sidecar_of_another_message_is_refused(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    AUTO_MESSAGE struct message a = {.body = {.len = 0}}, b = {.body = {.len = 0}},
                                direct = {.body = {.len = 0}};
    struct message mixed;

    (void)state;
    seal_small(to, false, &a);
    seal_small(to, false, &b);
    seal_small(to, true, &direct);
    mixed = (struct message){.body = a.body, .sidecar = b.sidecar};
    assert_refused(&mixed, with, "another sidecar", 0);
    mixed.sidecar = direct.body;
    assert_refused(&mixed, with, "a sidecar that is none", 0);
    mixed.sidecar.len = 0;
    assert_refused(&mixed, with, "no sidecar", 0);
    mixed = (struct message){.body = direct.body, .sidecar = a.sidecar};
    assert_refused(&mixed, with, "a sidecar for a direct message", 0);
}

static void refuse_pairs(const struct message *message, const struct sw_unseal_opts *opts, const char *why)
{
    struct sw_err err = {.code = SW_OK};

    assert_null(open_message_with(message, opts, &err));
    assert_failed(-1, err, SW_INTEGRITY, why);
}

static void the_context_must_be_what_is_expected(void **state)
{
    const struct sw_pair other = {"image", "web-02"}, missing = {"recipe", "x"}, extra = {"site", "north"};
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    struct sw_unseal_opts opts = {.keys = with, .nr_expect = 1};
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in;

    (void)state;
    seal_small(to, true, &message);
    opts.expect = image;
    in = open_message_with(&message, &opts, &err);
    assert_non_null(in);
    sw_in_close(in);
    opts.expect = &other;
    refuse_pairs(&message, &opts, "'web-02' was expected");
    opts.expect = &missing;
    refuse_pairs(&message, &opts, "has no 'recipe'");
    /* A required pair that the sealer did not have. */
    opts = (struct sw_unseal_opts){.keys = with, .require = &extra, .nr_require = 1};
    refuse_pairs(&message, &opts, "required pair");
    /* One that is stored is not a required one. */
    opts.require = image;
    refuse_pairs(&message, &opts, "twice");
}

static void parse_must_fail(const uint8_t *bytes, size_t len, const char *why)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};

    assert_failed(seal_header_parse(&header, bytes, len, &err), err, SW_INTEGRITY, why);
}

/* Up to the key count, which is not in it. */
static size_t start_of(uint8_t *to)
{
    memset(to, 0, 64);
    memcpy(to, "\x02\x04\x78", 3);
    return 3 + 32 + 2;
}

static void headers_that_claim_too_much_are_refused(void **state)
{
    static uint8_t big[2 << 20];
    size_t n;

    (void)state;
    n = start_of(big);
    parse_must_fail(big, n + 2, "0 encrypted data keys");
    be16_put(big + n, 33);
    parse_must_fail(big, sizeof(big), "33 encrypted data keys");
    be16_put(big + n, 65535);
    parse_must_fail(big, sizeof(big), "65535 encrypted data keys");
    /* 32 keys of 64 KiB each: more than a header may have. */
    be16_put(big + n, 32);
    for (size_t i = 0, at = n + 2; i < 32; i++, at += 4 + 2 + 65535)
        be16_put(big + at + 4, 65535);
    parse_must_fail(big, sizeof(big), "larger than 1048576");
    /* One empty key, then a frame length beyond the cap. */
    be16_put(big + n, 1);
    memset(big + n + 2, 0, 6);
    big[n + 8] = SEAL_CONTENT_FRAMED;
    be32_put(big + n + 9, SW_SEAL_FRAME_BYTES_MAX + 1);
    parse_must_fail(big, 1000, "frame length is 67108865");
    be32_put(big + n + 9, 0);
    parse_must_fail(big, 1000, "frame length is 0");
    big[n + 8] = 3;
    parse_must_fail(big, 1000, "content type is 3");
    big[n + 8] = SEAL_CONTENT_SINGLE;
    be32_put(big + n + 9, 4096);
    parse_must_fail(big, 1000, "frame length is 4096");
}

/* Everything up to the frame length, in version 1. */
static void what_version_1_has_besides_must_be_as_it_says(void **state)
{
    uint8_t bytes[200] = {0};
    size_t n = 4 + 16 + 2;

    (void)state;
    memcpy(bytes, "\x01\x80\x01\x78", 4);
    be16_put(bytes + n, 1);
    n += 2 + 6;
    bytes[n] = SEAL_CONTENT_FRAMED;
    bytes[n + 5] = 13;
    parse_must_fail(bytes, sizeof(bytes), "IV length 13");
    bytes[n + 5] = 12;
    bytes[n + 4] = 1;
    parse_must_fail(bytes, sizeof(bytes), "reserved field is 1");
    bytes[n + 4] = 0;
    parse_must_fail(bytes, sizeof(bytes), "frame length is 0");
    be32_put(bytes + n + 6, 16);
    parse_must_fail(bytes, n + 10 + 27, "ends within its header");
}

static void what_is_no_known_suite_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        const char *why;
    } rows[] = {
        {"\x01\x80\x99\x99", "0x9999 at offset 2 is unknown"},
        {"\x01\x80\x04\x78", "0x0478 (AES_256_GCM_HKDF_SHA512_COMMIT_KEY) is none of version 1"},
        {"\x02\x01\x78", "0x0178 (AES_256_GCM_IV12_TAG16_HKDF_SHA256) is none of version 2"},
        {"\x01\x40\x01\x78", "type 0x40"},
        {"\x03\x04\x78", "version 3"},
        {"QFI\xfb", "no Encryption SDK message"},
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        uint8_t bytes[200] = {0};

        memcpy(bytes, rows[i].bytes, strlen(rows[i].bytes));
        parse_must_fail(bytes, sizeof(bytes), rows[i].why);
        parse_must_fail(bytes, 0, "no Encryption SDK message");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_flipped_bit_anywhere_is_seen),
        cmocka_unit_test(truncation_anywhere_is_seen_at_open),
        cmocka_unit_test(bytes_after_the_end_are_seen_at_open),
        cmocka_unit_test(moved_frames_are_seen),
        cmocka_unit_test(a_frame_that_fails_leaves_nothing_in_the_buffer),
        cmocka_unit_test(another_key_does_not_open),
        cmocka_unit_test(a_sidecar_of_another_message_is_refused),
        cmocka_unit_test(the_context_must_be_what_is_expected),
        cmocka_unit_test(headers_that_claim_too_much_are_refused),
        cmocka_unit_test(what_version_1_has_besides_must_be_as_it_says),
        cmocka_unit_test(what_is_no_known_suite_is_refused),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
