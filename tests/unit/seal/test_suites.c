/* All eleven suites: what is well made opens, and whatever was changed in it is refused without an output. */
#include "memory.h"
#include "tests/lib/forge.h"

enum { FRAME = 16, PLAIN = 3 * FRAME + 5 };

static const uint16_t suites[] = {0x0014, 0x0046, 0x0078, 0x0114, 0x0146, 0x0178,
                                  0x0214, 0x0346, 0x0378, 0x0478, 0x0578};
static const struct sw_pair context[] = {{"image", "web-01"}, {"site", "north"}};
static const char plain[] = "what every message of these tests holds, and not a byte more of it";
static const char file_out[] = "opened";

static struct sw_in *open_forged(const void *bytes, size_t len, bool legacy, struct sw_err *err)
{
    SW_AUTO_KEYRING struct sw_keyring *ring = forge_ring(SW_KEY_OPEN);
    const struct sw_unseal_opts opts = {.keys = ring, .legacy = legacy};

    return sw_seal_in(mem_in(bytes, len), NULL, &opts, err);
}

/* All of it into an output that is there afterwards only when every byte was good. */
static int open_to_file(const void *bytes, size_t len, struct sw_err *err)
{
    struct sw_in *in = open_forged(bytes, len, true, err);
    struct sw_out *out = NULL;
    int rc = -1;

    if (in == NULL)
        return -1;
    assert_ok(sw_out_create_file(file_out, 0600, &out, err), *err);
    out->lazy = true;
    rc = sw_seal_read_all(in, out, 1, NULL, err);
    if (rc == 0)
        rc = sw_out_commit(out, err);
    sw_out_close(out);
    sw_in_close(in);
    return rc;
}

static unsigned refused;

static void assert_refused(uint16_t suite, const void *bytes, size_t len, const char *what, size_t at)
{
    struct sw_err err = {.code = SW_OK};

    if (open_to_file(bytes, len, &err) == 0)
        fail_msg("0x%04x, %s %zu: it was opened", (unsigned)suite, what, at);
    if (err.code != SW_INTEGRITY)
        fail_msg("0x%04x, %s %zu: code %d, '%s'", (unsigned)suite, what, at, err.code, err.text);
    assert_false(sw_path_exists(file_out));
    refused++;
}

static void assert_opens(const struct forge *how)
{
    AUTO_FORGED struct forged forged = {.nr_marks = 0};
    struct sw_err err = {.code = SW_OK};
    uint8_t got[FORGE_PLAIN_MAX];
    struct sw_in *in;

    forge_message(how, &forged);
    in = open_forged(forged.bytes.data, forged.bytes.len, true, &err);
    if (in == NULL)
        fail_msg("0x%04x, %zu bytes in frames of %u: %s", (unsigned)how->suite, how->len, how->frame_bytes,
                 err.text);
    assert_int_equal(in->size_bytes, how->len);
    assert_int_equal(sw_seal_in_suite(in), how->suite);
    assert_ok(sw_in_read(in, got, how->len, 0, &err), err);
    assert_memory_equal(got, how->plain, how->len);
    if (how->len > FRAME) /* a part that lies across frames */
        assert_ok(sw_in_read(in, got, FRAME, how->len - FRAME - 1, &err), err);
    sw_in_close(in);
}

static void every_suite_opens_framed_and_in_one_block(void **state)
{
    static const size_t sizes[] = {0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, 3 * FRAME + 1};
    static const uint32_t frames[] = {0, 1, FRAME, 4096};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(suites) * SW_ARRAY_LEN(sizes) * SW_ARRAY_LEN(frames); i++) {
        struct forge how = {.suite = suites[i % SW_ARRAY_LEN(suites)],
                            .len = sizes[i / SW_ARRAY_LEN(suites) % SW_ARRAY_LEN(sizes)],
                            .frame_bytes = frames[i / SW_ARRAY_LEN(suites) / SW_ARRAY_LEN(sizes)],
                            .plain = plain};

        if (how.frame_bytes == 1 && how.len > FRAME)
            continue;
        assert_opens(&how);
        how.context = context;
        how.nr_context = 2;
        how.empty_final = true;
        assert_opens(&how);
    }
}

/* Early writers of version 1 drew IVs at random; version 2 came later. */
static void ivs_that_are_no_numbers_open_in_version_1_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(suites); i++) {
        for (uint32_t frame = 0; frame <= FRAME; frame += FRAME) {
            struct forge how = {
                .suite = suites[i], .frame_bytes = frame, .plain = plain, .len = PLAIN, .odd_ivs = true};
            AUTO_FORGED struct forged forged = {.nr_marks = 0};

            if (suites[i] < 0x0400) {
                assert_opens(&how);
                continue;
            }
            forge_message(&how, &forged);
            assert_refused(suites[i], forged.bytes.data, forged.bytes.len, "odd IVs", 0);
        }
    }
}

static void only_suites_that_commit_open_unasked(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(suites); i++) {
        struct forge how = {.suite = suites[i], .frame_bytes = FRAME, .plain = plain, .len = PLAIN};
        AUTO_FORGED struct forged forged = {.nr_marks = 0};
        struct sw_err err = {.code = SW_OK};
        char name[8];
        struct sw_in *in;

        forge_message(&how, &forged);
        in = open_forged(forged.bytes.data, forged.bytes.len, false, &err);
        snprintf(name, sizeof(name), "0x%04x", (unsigned)suites[i]);
        if (in == NULL) {
            assert_true(suites[i] < 0x0400);
            assert_failed(-1, err, SW_REFUSED, name);
            assert_failed(-1, err, SW_REFUSED, sw_seal_suite_name(suites[i]));
            assert_failed(-1, err, SW_REFUSED, "--legacy");
        } else {
            assert_true(suites[i] >= 0x0400);
        }
        sw_in_close(in);
    }
}

/* Calls what for a good message of every suite, framed and as one block. */
static void each_message(void (*what)(uint16_t suite, struct forged *forged))
{
    for (size_t i = 0; i < SW_ARRAY_LEN(suites); i++) {
        for (uint32_t frame = 0; frame <= FRAME; frame += FRAME) {
            struct forge how = {.suite = suites[i],
                                .frame_bytes = frame,
                                .plain = plain,
                                .len = PLAIN,
                                .context = context,
                                .nr_context = 2};
            AUTO_FORGED struct forged forged = {.nr_marks = 0};
            struct sw_err err = {.code = SW_OK};

            forge_message(&how, &forged);
            assert_ok(open_to_file(forged.bytes.data, forged.bytes.len, &err), err);
            assert_int_equal(unlink(file_out), 0);
            what(suites[i], &forged);
        }
    }
}

static void flip_each_byte(uint16_t suite, struct forged *forged)
{
    for (size_t at = 0; at < forged->bytes.len; at++) {
        char bit = (char)(1u << (at * 5 + suite) % 8);

        forged->bytes.data[at] = (char)(forged->bytes.data[at] ^ bit);
        assert_refused(suite, forged->bytes.data, forged->bytes.len, "a bit flipped at", at);
        forged->bytes.data[at] = (char)(forged->bytes.data[at] ^ bit);
    }
}

static void a_changed_bit_in_any_byte_is_refused(void **state)
{
    (void)state;
    each_message(flip_each_byte);
}

/* At each byte of the header, and at and beside the edges of all that follows. */
static void cut(uint16_t suite, struct forged *forged)
{
    for (size_t len = 0; len < forged->header_len - 1; len++)
        assert_refused(suite, forged->bytes.data, len, "cut at", len);
    for (size_t i = 0; i < forged->nr_edges; i++)
        for (size_t len = forged->edges[i] - 1; len <= forged->edges[i] + 1; len++)
            if (len < forged->bytes.len)
                assert_refused(suite, forged->bytes.data, len, "cut at", len);
}

static void a_message_that_was_cut_is_refused(void **state)
{
    (void)state;
    each_message(cut);
}

static void lie_about_numbers(uint16_t suite, struct forged *forged)
{
    for (size_t i = 0; i < forged->nr_marks; i++) {
        size_t at = forged->marks[i].at, width = forged->marks[i].width;
        uint8_t good[8] = {0}, bad[8];
        uint64_t value;

        memcpy(good + 8 - width, forged->bytes.data + at, width);
        value = be64_get(good);
        for (unsigned lie = 0; lie < 7; lie++) {
            const uint64_t lies[] = {value + 1, value - 1, 0, UINT64_MAX, value * 2, value / 2, value ^ 0x80};

            be64_put(bad, lies[lie]);
            if (memcmp(bad + 8 - width, good + 8 - width, width) == 0)
                continue;
            memcpy(forged->bytes.data + at, bad + 8 - width, width);
            assert_refused(suite, forged->bytes.data, forged->bytes.len, "a lie about the number at", at);
        }
        memcpy(forged->bytes.data + at, good + 8 - width, width);
    }
}

static void a_length_or_number_that_lies_is_refused(void **state)
{
    (void)state;
    each_message(lie_about_numbers);
}

/* Takes a piece out, and puts it in twice, at every edge of a part and one byte beside it. */
static void repeat_and_drop(uint16_t suite, struct forged *forged)
{
    size_t len = forged->bytes.len;
    SW_AUTO_FREE char *bad = malloc(2 * len + 400);

    assert_non_null(bad);
    for (size_t i = 0; i + 1 < forged->nr_edges; i++) {
        for (size_t beside = 0; beside < 3; beside++) {
            size_t from = forged->edges[i] + beside - 1, to = forged->edges[i + 1];

            memcpy(bad, forged->bytes.data, from);
            memcpy(bad + from, forged->bytes.data + to, len - to);
            assert_refused(suite, bad, len - (to - from), "a part left out from", from);
            memcpy(bad, forged->bytes.data, to);
            memcpy(bad + to, forged->bytes.data + from, len - from);
            assert_refused(suite, bad, len + (to - from), "a part twice from", from);
        }
    }
    memcpy(bad, forged->bytes.data, len);
    memset(bad + len, 0, 400);
    for (size_t more = 1; more <= 400; more += 1 + more / 4)
        assert_refused(suite, bad, len + more, "bytes behind its end:", more);
}

static void parts_repeated_left_out_or_added_are_refused(void **state)
{
    (void)state;
    each_message(repeat_and_drop);
}

/* Header of one, frames of another, all under the same data key and message id. */
static void frames_of_another_suite_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(suites); i++) {
        for (size_t k = 0; k < SW_ARRAY_LEN(suites); k++) {
            struct forge a = {.suite = suites[i], .frame_bytes = FRAME, .plain = plain, .len = PLAIN}, b = a;
            AUTO_FORGED struct forged head = {.nr_marks = 0}, tail = head;
            SW_AUTO_BUF struct sw_buf mixed = {.len = 0};
            struct sw_err err = {.code = SW_OK};

            if (i == k)
                continue;
            b.suite = suites[k];
            forge_message(&a, &head);
            forge_message(&b, &tail);
            assert_ok(sw_buf_append(&mixed, head.bytes.data, head.header_len, &err), err);
            assert_ok(sw_buf_append(&mixed, tail.bytes.data + tail.header_len,
                                    tail.bytes.len - tail.header_len, &err),
                      err);
            assert_refused(suites[i], mixed.data, mixed.len, "frames of suite", suites[k]);
        }
    }
}

static void refuse_forged(const struct forge *how, const char *why)
{
    AUTO_FORGED struct forged forged = {.nr_marks = 0};
    struct sw_err err = {.code = SW_OK};

    forge_message(how, &forged);
    assert_null(open_forged(forged.bytes.data, forged.bytes.len, true, &err));
    assert_failed(-1, err, SW_INTEGRITY, why);
    refused++;
}

static void a_suite_signs_exactly_when_its_context_has_the_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(suites); i++) {
        const struct seal_suite *suite = seal_suite_find(suites[i]);
        struct forge how = {.suite = suites[i], .frame_bytes = FRAME, .plain = plain, .len = PLAIN};

        if (!seal_suite_signs(suite)) {
            how.alien_public_key = true;
            refuse_forged(&how, "does not sign");
            continue;
        }
        how.no_public_key = true;
        refuse_forged(&how, "has no 'aws-crypto-public-key'");
        how.no_public_key = false;
        how.alien_public_key = true;
        refuse_forged(&how, "its signature does not fit");
        how.alien_public_key = false;
        how.no_footer = true;
        refuse_forged(&how, "footer");
        how.no_footer = false;
        how.footer_more = 1;
        refuse_forged(&how, "footer");
    }
}

/* The signature is the last thing in a message, and the first that must be right. */
static void nothing_of_a_signed_message_is_released_before_its_signature_is_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(suites); i++) {
        struct forge how = {.suite = suites[i], .frame_bytes = FRAME, .plain = plain, .len = PLAIN};
        AUTO_FORGED struct forged forged = {.nr_marks = 0};
        struct sw_err err = {.code = SW_OK};

        if (!seal_suite_signs(seal_suite_find(suites[i])))
            continue;
        forge_message(&how, &forged);
        forged.bytes.data[forged.bytes.len - 1] = (char)(forged.bytes.data[forged.bytes.len - 1] ^ 1);
        assert_null(open_forged(forged.bytes.data, forged.bytes.len, true, &err));
        assert_failed(-1, err, SW_INTEGRITY, "signature");
    }
}

/* A header that was unlocked whose key is no key: the text is looked at as strictly as the rest. */
static void public_keys_that_are_none_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "A",
        "not base64, at all, but of the same length as one that is, really...",
        "AkczmQnbgJGKEDgWOJv9z0eoF4hLNeFLXGkCb1aBlsmZ8gDHcgNIL3gFDiwPF2sY8",    /* too short */
        "BEczmQnbgJGKEDgWOJv9z0eoF4hLNeFLXGkCb1aBlsmZ8gDHcgNIL3gFDiwPF2sY8g==", /* not compressed */
        "Av////////////////////////////////////////////////////////////////==", /* x beyond the field */
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", /* no point */
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++) {
        struct sw_err err = {.code = SW_OK};

        assert_null(seal_verifier_new(SEAL_CURVE_P384, texts[i], &err));
        assert_failed(-1, err, SW_INTEGRITY, "is no point on P-384");
        assert_null(seal_verifier_new(SEAL_CURVE_P256, texts[i], &err));
    }
}

static void the_text_of_a_public_key_is_the_only_one_for_it(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_SIGNATURE struct seal_signature *signer = NULL, *good = NULL, *bad = NULL;
    char text[SEAL_PUBLIC_TEXT];

    (void)state;
    signer = seal_signer_new(SEAL_CURVE_P384, text, &err);
    assert_non_null(signer);
    good = seal_verifier_new(SEAL_CURVE_P384, text, &err);
    assert_non_null(good);
    assert_string_equal(text + 66, "==");
    text[65]++; /* bits that stand for nothing */
    bad = seal_verifier_new(SEAL_CURVE_P384, text, &err);
    assert_null(bad);
}

static void suites_have_one_number_and_one_name(void **state)
{
    struct sw_err err = {.code = SW_OK};
    uint16_t suite = 0;

    (void)state;
    assert_ok(sw_seal_suite_parse("0578", &suite, &err), err);
    assert_int_equal(suite, 0x0578);
    assert_ok(sw_seal_suite_parse("0x0478", &suite, &err), err);
    assert_int_equal(suite, 0x0478);
    assert_ok(sw_seal_suite_parse("AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384", &suite, &err), err);
    assert_int_equal(suite, 0x0578);
    assert_failed(sw_seal_suite_parse("0378", &suite, &err), err, SW_USAGE, "never written");
    assert_failed(sw_seal_suite_parse("578", &suite, &err), err, SW_USAGE, "is no suite");
    assert_failed(sw_seal_suite_parse("", &suite, &err), err, SW_USAGE, "is no suite");
    assert_null(sw_seal_suite_name(0x0579));
}

static int count_refused(void **state)
{
    print_message("%u changed messages were refused\n", refused);
    return refused > 9000 ? leave_folder(state) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_suite_opens_framed_and_in_one_block),
        cmocka_unit_test(ivs_that_are_no_numbers_open_in_version_1_alone),
        cmocka_unit_test(only_suites_that_commit_open_unasked),
        cmocka_unit_test(a_changed_bit_in_any_byte_is_refused),
        cmocka_unit_test(a_message_that_was_cut_is_refused),
        cmocka_unit_test(a_length_or_number_that_lies_is_refused),
        cmocka_unit_test(parts_repeated_left_out_or_added_are_refused),
        cmocka_unit_test(frames_of_another_suite_are_refused),
        cmocka_unit_test(a_suite_signs_exactly_when_its_context_has_the_key),
        cmocka_unit_test(nothing_of_a_signed_message_is_released_before_its_signature_is_checked),
        cmocka_unit_test(public_keys_that_are_none_are_refused),
        cmocka_unit_test(the_text_of_a_public_key_is_the_only_one_for_it),
        cmocka_unit_test(suites_have_one_number_and_one_name),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, count_refused);
}
