/* What is sealed opens again: every size, any number of threads, any offset. */
#include "message.h"
#include "src/base/pool.h"
#include "src/seal/frame.h"

static const uint32_t FRAME = 64;

static void seals_and_opens(const struct sealing *how, const struct sw_keyring *with, size_t len)
{
    SW_AUTO_FREE uint8_t *plain = pattern(len);
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    struct sw_err err = {.code = SW_OK};
    struct kept opened;

    seal_bytes(how, plain, len, &message);
    kept_init(&opened, len);
    assert_ok(open_bytes(&message, with, &opened, &err), err);
    assert_int_equal(opened.len, len);
    assert_memory_equal(opened.bytes, plain, len);
    kept_free(&opened);
}

static void every_size_around_frames_and_pieces_opens_again(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    const size_t sizes[] = {0, 1, 63, 64, 65, 127, 128, 129, 6400, 6401};
    /* The last one spans several of the writer's pieces of a MiB. */
    const size_t large[] = {65535, 65536, 65537, 3 << 20, (3 << 20) + 5};

    (void)state;
    for (unsigned direct = 0; direct < 2; direct++) {
        struct sealing small = {.to = to, .frame_bytes = FRAME, .jobs = 1, .direct = direct != 0};
        struct sealing usual = {.to = to, .jobs = 3, .direct = direct != 0, .piece = 77777};

        for (size_t i = 0; i < SW_ARRAY_LEN(sizes); i++)
            seals_and_opens(&small, with, sizes[i]);
        for (size_t i = 0; i < SW_ARRAY_LEN(large); i++)
            seals_and_opens(&usual, with, large[i]);
    }
}

static void frames_of_one_byte_and_frames_larger_than_the_message_work(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    struct sealing tiny = {.to = to, .frame_bytes = 1, .jobs = 2};
    struct sealing huge = {.to = to, .frame_bytes = SW_SEAL_FRAME_BYTES_MAX, .jobs = 1};

    (void)state;
    seals_and_opens(&tiny, with, 40000);
    seals_and_opens(&huge, with, 100000);
}

/* A signature hashes in order, whatever the threads and the output do. */
static void what_is_signed_opens_again(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    const size_t sizes[] = {0, 1, 63, 64, 65, 6400, 65535, 65536, (3 << 20) + 5};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(sizes); i++) {
        for (unsigned way = 0; way < (sizes[i] < 65535 ? 8 : 2); way++) {
            struct sealing how = {.to = to,
                                  .suite = SW_SEAL_SUITE_SIGNED,
                                  .frame_bytes = sizes[i] < 65535 ? FRAME : 0,
                                  .jobs = (way & 1) != 0 ? 5 : 1,
                                  .direct = (way & 2) != 0,
                                  .stream = (way & 4) != 0,
                                  .piece = 77777};

            seals_and_opens(&how, with, sizes[i]);
        }
    }
}

/* 2^32-1 frames, the last one not full. */
static void frames_grow_with_the_size(void **state)
{
    const uint64_t most = UINT64_C(0xffffffff) << 16;

    (void)state;
    assert_int_equal(seal_frame_for(0), 64 << 10);
    assert_int_equal(seal_frame_for(UINT64_C(64) << 40), 64 << 10);
    assert_int_equal(seal_frame_for(most - 1), 64 << 10);
    assert_int_equal(seal_frame_for(most), 128 << 10);
    assert_int_equal(seal_frame_for(2 * most - 1), 128 << 10);
    assert_int_equal(seal_frame_for(2 * most), 256 << 10);
    assert_int_equal(seal_frame_for(SW_SEAL_SIZE_UNKNOWN), 64 << 10);
    assert_int_equal(seal_frame_for(UINT64_MAX - 1), SW_SEAL_FRAME_BYTES_MAX);
}

static void the_bytes_do_not_depend_on_threads_or_pieces(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1);
    const size_t len = (5 << 20) + 12345;
    SW_AUTO_FREE uint8_t *plain = pattern(len);
    AUTO_MESSAGE struct message want = {.body = {.len = 0}};
    const struct sealing one = {.to = to, .jobs = 1, .fixed = true};

    (void)state;
    seal_bytes(&one, plain, len, &want);
    for (unsigned round = 0; round < 6; round++) {
        const struct sealing other = {.to = to,
                                      .jobs = round < 4 ? 8 : 33,
                                      .fixed = true,
                                      .stream = round % 2 == 0,
                                      .piece = round < 2 ? 0 : 1000003};
        AUTO_MESSAGE struct message got = {.body = {.len = 0}};

        seal_bytes(&other, plain, len, &got);
        assert_int_equal(got.body.len, want.body.len);
        assert_memory_equal(got.body.bytes, want.body.bytes, want.body.len);
        assert_int_equal(got.sidecar.len, want.sidecar.len);
        assert_memory_equal(got.sidecar.bytes, want.sidecar.bytes, want.sidecar.len);
    }
}

static void no_two_messages_share_keys_or_ids(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1);
    const struct sealing how = {.to = to, .jobs = 1};
    AUTO_MESSAGE struct message a = {.body = {.len = 0}}, b = {.body = {.len = 0}};

    (void)state;
    seal_bytes(&how, "same", 4, &a);
    seal_bytes(&how, "same", 4, &b);
    assert_int_equal(a.body.len, b.body.len);
    assert_memory_not_equal(a.body.bytes + 3, b.body.bytes + 3, 32);       /* message ids */
    assert_memory_not_equal(a.sidecar.bytes + 3, b.sidecar.bytes + 3, 32); /* of the sidecars */
    assert_memory_not_equal(a.body.bytes + a.body.len - 20, b.body.bytes + b.body.len - 20, 4);
}

static void the_length_is_what_the_format_says(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1);
    const struct sealing how = {.to = to, .frame_bytes = FRAME, .jobs = 1, .direct = true};
    static const uint8_t plain[3 * 64];
    AUTO_MESSAGE struct message empty = {.body = {.len = 0}}, full = {.body = {.len = 0}};

    (void)state;
    seal_bytes(&how, plain, 0, &empty);
    seal_bytes(&how, plain, sizeof(plain), &full);
    /* "0" and "192" in the context; three regular frames and an empty final one. */
    assert_int_equal(full.body.len, empty.body.len + 2 + 3 * (64 + 32));
    assert_memory_equal(full.body.bytes, "\x02\x04\x78", 3);
}

struct readers {
    struct sw_in *in;
    const uint8_t *plain;
    unsigned faults;
};

static void read_about(void *arg, unsigned index)
{
    struct readers *readers = arg;
    uint32_t x = 12345 + index;
    uint8_t got[5000];

    for (unsigned i = 0; i < 300; i++) {
        struct sw_err err = {.code = SW_OK};
        uint64_t off;
        size_t len;

        x = x * 1664525 + 1013904223;
        off = (x >> 8) % readers->in->size_bytes;
        len = x % sizeof(got);
        if (len > readers->in->size_bytes - off)
            len = (size_t)(readers->in->size_bytes - off);
        if (sw_in_read(readers->in, got, len, off, &err) < 0 || memcmp(got, readers->plain + off, len) != 0)
            __atomic_fetch_add(&readers->faults, 1, __ATOMIC_RELAXED);
    }
}

static void any_thread_reads_at_any_offset(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    const struct sw_unseal_opts opts = {.keys = with};
    const struct sealing how = {.to = to, .frame_bytes = 1000, .jobs = 1};
    const size_t len = 123456;
    SW_AUTO_FREE uint8_t *plain = pattern(len);
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    struct sw_err err = {.code = SW_OK};
    struct readers readers = {.plain = plain};
    uint8_t byte;

    (void)state;
    seal_bytes(&how, plain, len, &message);
    readers.in = open_message_with(&message, &opts, &err);
    assert_non_null(readers.in);
    assert_ok(sw_threads_run(4, read_about, &readers, &err), err);
    assert_int_equal(readers.faults, 0);
    assert_failed(sw_in_read(readers.in, &byte, 1, len, &err), err, SW_INTEGRITY, "truncated");
    sw_in_close(readers.in);
}

static void every_recipient_opens_alone(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *aes = aes_ring(SW_KEY_OPEN, 1);
    SW_AUTO_KEYRING struct sw_keyring *rsa = NULL, *sha1 = NULL;
    struct sealing how = {.to = to, .jobs = 1};

    (void)state;
    assert_ok(sw_keygen("rsa", "one", &err), err);
    assert_ok(sw_keygen("rsa", "two", &err), err);
    assert_ok(sw_keyring_add(to, "pem:one.pub", &err), err);
    assert_ok(sw_keyring_add(to, "pem:two.pub,ns=lab,name=two,padding=oaep-sha1", &err), err);
    rsa = ring_of(SW_KEY_OPEN, "pem:one");
    sha1 = ring_of(SW_KEY_OPEN, "pem:two,ns=lab,name=two,padding=oaep-sha1");
    for (unsigned direct = 0; direct < 2; direct++) {
        how.direct = direct != 0;
        seals_and_opens(&how, aes, 100);
        seals_and_opens(&how, rsa, 100);
        seals_and_opens(&how, sha1, 100);
    }
}

static void a_full_output_fails_whatever_the_number_of_threads(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1);
    const size_t len = 8 << 20;
    SW_AUTO_FREE uint8_t *plain = pattern(len);
    char first[sizeof(((struct sw_err *)NULL)->text)];

    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        struct kept body;
        struct sw_seal_opts opts = {.recipients = to, .direct = true, .plain_bytes = len};
        struct sw_err err = {.code = SW_OK};
        struct sw_out *out;

        kept_init(&body, 2 * len);
        body.full_at = 3 << 20;
        opts.jobs = 1 + round / 2 * 2;
        out = sw_seal_out(&opts, kept_out(&body, round % 2 == 0), NULL, &err);
        assert_non_null(out);
        if (sw_out_write(out, plain, len, &err) == 0)
            assert_int_equal(sw_out_commit(out, &err), -1);
        /* The same piece is the first that does not fit. */
        if (round == 0)
            memcpy(first, err.text, sizeof(first));
        assert_non_null(strstr(err.text, "no space at 29"));
        assert_string_equal(err.text, first);
        assert_false(body.committed);
        sw_out_close(out);
        kept_free(&body);
    }
}

static void a_length_other_than_announced_fails_at_commit(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1);
    const struct sw_seal_opts opts = {.recipients = to, .direct = true, .plain_bytes = 10, .jobs = 1};
    struct sw_err err = {.code = SW_OK};
    struct kept body;
    struct sw_out *out;

    (void)state;
    kept_init(&body, 65536);
    out = sw_seal_out(&opts, kept_out(&body, true), NULL, &err);
    assert_non_null(out);
    assert_ok(sw_out_write(out, "nine byte", 9, &err), err);
    assert_failed(sw_out_commit(out, &err), err, SW_FAILED, "10 were announced");
    assert_false(body.committed);
    sw_out_close(out);
    kept_free(&body);
}

static void refuse_opts(const struct sw_seal_opts *opts, const char *why)
{
    struct kept body;
    struct sw_err err = {.code = SW_OK};

    kept_init(&body, 65536);
    assert_null(sw_seal_out(opts, kept_out(&body, true), NULL, &err));
    assert_failed(-1, err, SW_USAGE, why);
    kept_free(&body);
}

static void options_that_make_no_message_are_refused(void **state)
{
    const struct sw_pair reserved = {"aws-crypto-x", ""}, ours = {"plaintext-bytes", "7"};
    const struct sw_pair also_ours = {"artifact", "x"};
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1),
                                      *none = sw_keyring_new(SW_KEY_SEAL, &err);
    struct sw_seal_opts opts = {.recipients = none, .direct = true};

    (void)state;
    refuse_opts(&opts, "no recipient");
    opts.recipients = to;
    opts.nr_context = 1;
    opts.context = &reserved;
    refuse_opts(&opts, "reserved");
    opts.context = &ours;
    refuse_opts(&opts, "slipway itself sets");
    opts.context = &also_ours;
    refuse_opts(&opts, "twice");
    opts.nr_context = 0;
    opts.frame_bytes = SW_SEAL_FRAME_BYTES_MAX + 1;
    refuse_opts(&opts, "too large");
    opts.frame_bytes = 64 << 10;
    opts.plain_bytes = UINT64_C(0xffffffff) << 16;
    refuse_opts(&opts, "more than 2^32-1 frames of 65536");
    opts.frame_bytes = 0;
    opts.plain_bytes = UINT64_MAX - 1;
    refuse_opts(&opts, "more than 2^32-1 frames of 67108864");
    opts.plain_bytes = 0;
    opts.suite = 0x0178;
    refuse_opts(&opts, "0x0178 is not written");
    opts.suite = 0x1234;
    refuse_opts(&opts, "0x1234 is not written");
}

static void probe_knows_the_first_bytes(void **state)
{
    (void)state;
    assert_true(sw_seal_probe((const uint8_t *)"\x02\x04\x78", 3));
    assert_true(sw_seal_probe((const uint8_t *)"\x02\x05\x78", 3));
    assert_true(sw_seal_probe((const uint8_t *)"\x01\x80\x01", 3));
    assert_false(sw_seal_probe((const uint8_t *)"\x02\x04", 2));
    assert_false(sw_seal_probe((const uint8_t *)"QFI", 3));
}

static void the_sidecar_lies_beside_the_message(void **state)
{
    static const char *const rows[][2] = {
        {"web.sealed", "web.keys"},  {"out/web.vmdk.sealed", "out/web.vmdk.keys"}, {"web", "web.keys"},
        {".sealed", ".sealed.keys"}, {"out/.sealed", "out/.sealed.keys"},
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        struct sw_err err = {.code = SW_OK};
        SW_AUTO_FREE char *path = sw_seal_sidecar_path(rows[i][0], &err);

        assert_non_null(path);
        assert_string_equal(path, rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_around_frames_and_pieces_opens_again),
        cmocka_unit_test(frames_of_one_byte_and_frames_larger_than_the_message_work),
        cmocka_unit_test(what_is_signed_opens_again),
        cmocka_unit_test(frames_grow_with_the_size),
        cmocka_unit_test(the_bytes_do_not_depend_on_threads_or_pieces),
        cmocka_unit_test(no_two_messages_share_keys_or_ids),
        cmocka_unit_test(the_length_is_what_the_format_says),
        cmocka_unit_test(any_thread_reads_at_any_offset),
        cmocka_unit_test(every_recipient_opens_alone),
        cmocka_unit_test(a_full_output_fails_whatever_the_number_of_threads),
        cmocka_unit_test(a_length_other_than_announced_fails_at_commit),
        cmocka_unit_test(options_that_make_no_message_are_refused),
        cmocka_unit_test(probe_knows_the_first_bytes),
        cmocka_unit_test(the_sidecar_lies_beside_the_message),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
