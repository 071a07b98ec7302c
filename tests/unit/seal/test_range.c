/* A range of a message costs its frames, wherever it lies and however long the message is. */
#include "message.h"

static const uint32_t FRAME = 64;

struct counted_in {
    struct sw_in base;
    const uint8_t *bytes;
    unsigned reads;
    uint64_t read_bytes;
    uint64_t fails_at; /* 0: nowhere */
};

static int counted_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct counted_in *self = (struct counted_in *)in;

    if (self->fails_at > 0 && off + len > self->fails_at)
        return sw_fail(err, SW_FAILED, "the medium fails at %llu", (unsigned long long)off);
    self->reads++;
    self->read_bytes += len;
    memcpy(buf, self->bytes + off, len);
    return 0;
}

static void counted_close(struct sw_in *in)
{
    (void)in;
}

static const struct sw_in_ops counted_ops = {.pread = counted_pread, .close = counted_close};

static struct sw_in *open_counted(const struct message *message, const struct sw_keyring *with,
                                  struct counted_in *counted)
{
    const struct sw_unseal_opts opts = {.keys = with};
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in;

    *counted = (struct counted_in){
        .base = {.ops = &counted_ops, .size_bytes = message->body.len, .fd = -1, .name = "counted"},
        .bytes = message->body.bytes};
    in = sw_seal_in(&counted->base, NULL, &opts, &err);
    if (in == NULL)
        fail_msg("sw_seal_in: %s", err.text);
    return in;
}

static void read_range(struct sw_in *in, const uint8_t *plain, const struct sw_seal_range *range,
                       bool seekable)
{
    struct sw_err err = {.code = SW_OK};
    struct kept got;
    struct sw_out *out;

    kept_init(&got, (size_t)range->len);
    out = kept_out(&got, seekable);
    /* What takes bytes in order takes them from one thread at a time. */
    assert_ok(sw_seal_read_range(in, range, out, seekable ? 1 : 3, NULL, &err), err);
    assert_int_equal(got.len, range->len);
    if (range->len > 0)
        assert_memory_equal(got.bytes, plain + range->off, range->len);
    sw_out_close(out);
    kept_free(&got);
}

static void a_range_reads_its_frames_and_no_other(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    const struct sealing how = {.to = to, .frame_bytes = FRAME, .jobs = 1, .direct = true};
    const size_t sizes[] = {100 * 64, 20000 * 64};

    (void)state;
    for (unsigned i = 0; i < SW_ARRAY_LEN(sizes); i++) {
        SW_AUTO_FREE uint8_t *plain = pattern(sizes[i]);
        AUTO_MESSAGE struct message message = {.body = {.len = 0}};
        struct counted_in counted;
        struct sw_in *in;

        seal_bytes(&how, plain, sizes[i], &message);
        for (uint64_t off = 5; off < sizes[i]; off += sizes[i] / 7) {
            const struct sw_seal_range one = {off, 1}, three = {off - off % FRAME, (uint64_t)3 * FRAME};

            in = open_counted(&message, with, &counted);
            assert_true(counted.reads <= 2); /* header, final frame */
            counted.reads = 0;
            counted.read_bytes = 0;
            read_range(in, plain, &one, true);
            assert_true(counted.reads <= 1);
            assert_true(counted.read_bytes <= FRAME + 32);
            counted.read_bytes = 0;
            if (three.off + three.len <= sizes[i]) {
                read_range(in, plain, &three, false);
                assert_true(counted.read_bytes <= 3 * (FRAME + 32));
            }
            sw_in_close(in);
        }
    }
}

static void every_range_of_a_small_message_is_right(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    const struct sealing how = {.to = to, .frame_bytes = 16, .jobs = 1};
    enum { LEN = 70 };
    SW_AUTO_FREE uint8_t *plain = pattern(LEN);
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    const struct sw_unseal_opts opts = {.keys = with};
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in;

    (void)state;
    memset(plain + 20, 0, 30); /* holes in seekable outputs */
    seal_bytes(&how, plain, LEN, &message);
    in = open_message_with(&message, &opts, &err);
    assert_non_null(in);
    for (uint64_t off = 0; off <= LEN; off++)
        for (uint64_t len = 0; off + len <= LEN; len++)
            for (unsigned seekable = 0; seekable < 2; seekable++)
                read_range(in, plain, &(struct sw_seal_range){off, len}, seekable != 0);
    sw_in_close(in);
}

static void ranges_that_are_not_within_are_refused(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    const struct sealing how = {.to = to, .jobs = 1};
    const struct sw_seal_range wrong[] = {{0, 6}, {5, 1}, {6, 0}, {UINT64_MAX, 2}, {1, UINT64_MAX}};
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    const struct sw_unseal_opts opts = {.keys = with};
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in;

    (void)state;
    seal_bytes(&how, "hello", 5, &message);
    in = open_message_with(&message, &opts, &err);
    assert_non_null(in);
    for (unsigned i = 0; i < SW_ARRAY_LEN(wrong); i++) {
        struct kept got;
        struct sw_out *out;

        kept_init(&got, 16);
        out = kept_out(&got, true);
        assert_failed(sw_seal_read_range(in, &wrong[i], out, 1, NULL, &err), err, SW_USAGE, "asked for");
        assert_int_equal(got.len, 0);
        sw_out_close(out);
        kept_free(&got);
    }
    sw_in_close(in);
}

static void the_first_of_two_errors_is_told_whatever_finds_it(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with = aes_ring(SW_KEY_OPEN, 1);
    enum { FRAMES = 40, BIG = 64 << 10, DAMAGED = 17 };
    const struct sealing how = {.to = to, .frame_bytes = BIG, .jobs = 3, .direct = true};
    SW_AUTO_FREE uint8_t *plain = pattern((size_t)FRAMES * BIG);

    (void)state;
    for (unsigned way = 0; way < 12; way++) {
        AUTO_MESSAGE struct message message = {.body = {.len = 0}};
        bool damaged = (way & 1) != 0, medium = (way & 2) != 0;
        struct counted_in counted;
        struct sw_err err = {.code = SW_OK};
        struct kept got;
        struct sw_out *out;
        struct sw_in *in;
        int rc;

        seal_bytes(&how, plain, (size_t)FRAMES * BIG, &message);
        in = open_counted(&message, with, &counted);
        kept_init(&got, (size_t)FRAMES * BIG);
        out = kept_out(&got, false);
        message.body.bytes[(size_t)DAMAGED * BIG] ^= damaged ? 1 : 0;
        counted.fails_at = medium ? (size_t)(FRAMES / 2) * BIG : 0;
        rc = sw_seal_read_all(in, out, 1 + way / 4, NULL, &err);
        if (damaged)
            assert_failed(rc, err, SW_INTEGRITY, "frame 17");
        else if (medium)
            assert_failed(rc, err, SW_FAILED, "the medium fails");
        else
            assert_ok(rc, err);
        assert_true(!damaged || got.len < (size_t)DAMAGED * BIG);
        assert_memory_equal(got.bytes, plain, got.len);
        sw_out_close(out);
        sw_in_close(in);
        kept_free(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_two_errors_is_told_whatever_finds_it),
        cmocka_unit_test(a_range_reads_its_frames_and_no_other),
        cmocka_unit_test(every_range_of_a_small_message_is_right),
        cmocka_unit_test(ranges_that_are_not_within_are_refused),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
