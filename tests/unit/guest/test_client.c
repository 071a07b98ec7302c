/* slipway's end of the runner's protocol against a guest that lies. */
#include "src/base/buf.h"
#include "src/base/clock.h"
#include "src/guest/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t nonce[RUNNER_NONCE_BYTES] = "0123456789abcde";

/* A client whose guest has said these bytes and will say no more. */
struct rig {
    struct client client;
    int far_end, lost;
    struct sw_err err;
};

static void on_lost(void *ctx, struct sw_err *err)
{
    struct rig *rig = ctx;

    rig->lost++;
    sw_context(err, "told");
}

static void rig_open(struct rig *rig)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    *rig = (struct rig){.far_end = pair[1]};
    client_init(&rig->client, pair[0]);
    rig->client.lost = on_lost;
    rig->client.ctx = rig;
    rig->client.silence_ms = 300;
}

static void rig_say(struct rig *rig, uint32_t type, const void *payload, uint32_t len)
{
    unsigned char header[RUNNER_HEADER_BYTES];

    wire_put_u32(header, len);
    wire_put_u32(header + 4, type);
    assert_int_equal(write(rig->far_end, header, sizeof(header)), sizeof(header));
    if (payload != NULL && len > 0)
        assert_int_equal(write(rig->far_end, payload, len), len);
}

static void rig_close(struct rig *rig)
{
    close(rig->client.fd);
    close(rig->far_end);
}

static int run_true(struct rig *rig, struct sw_guest_exit *end)
{
    struct sw_guest_run run = {.script = "true", .script_len = 4};

    return rig->client.base.ops->run(&rig->client.base, &run, end, &rig->err);
}

static void expect_lost(struct rig *rig, const char *part)
{
    struct sw_guest_exit end;

    assert_int_equal(run_true(rig, &end), -1);
    assert_int_equal(rig->err.code, SW_FAILED);
    assert_non_null(strstr(rig->err.text, part));
    assert_non_null(strstr(rig->err.text, "told: "));
    /* And so is every later call, at once. */
    rig->err = (struct sw_err){.code = SW_OK};
    assert_int_equal(run_true(rig, &end), -1);
    assert_non_null(strstr(rig->err.text, part));
    assert_int_equal(rig->lost, 1);
    rig_close(rig);
}

static void a_frame_beyond_the_bound_is_not_read(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig_say(&rig, RUNNER_STDOUT, NULL, UINT32_MAX);
    expect_lost(&rig, "4294967295 bytes");
}

static void a_reply_of_an_unknown_type_ends_it(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig_say(&rig, 4711, "x", 1);
    expect_lost(&rig, "type 4711");
}

static void a_cut_exit_ends_it(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig_say(&rig, RUNNER_EXIT, "\0\0\0\0", 4);
    expect_lost(&rig, "makes no sense");
}

static void an_exit_of_an_unknown_kind_ends_it(void **state)
{
    const unsigned char exit_kind_9[12] = {9};
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig_say(&rig, RUNNER_EXIT, exit_kind_9, sizeof(exit_kind_9));
    expect_lost(&rig, "makes no sense");
}

static void silence_is_noticed(void **state)
{
    struct rig rig;
    int64_t began = sw_monotonic_ns();

    (void)state;
    rig_open(&rig);
    expect_lost(&rig, "said nothing");
    assert_true(sw_monotonic_ns() - began < INT64_C(5000000000));
}

static void a_closed_stream_is_noticed(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    assert_int_equal(shutdown(rig.far_end, SHUT_WR), 0);
    expect_lost(&rig, "broke");
}

static void signs_of_life_do_not_stretch_a_time_out(void **state)
{
    struct rig rig;
    struct sw_guest_run run = {.script = "x", .script_len = 1, .timeout_ms = 50};
    struct sw_guest_exit end;

    (void)state;
    rig_open(&rig);
    rig.client.silence_ms = 60000;
    rig.client.grace_ms = 100;
    for (int i = 0; i < 100; i++)
        rig_say(&rig, RUNNER_ALIVE, NULL, 0);
    assert_int_equal(rig.client.base.ops->run(&rig.client.base, &run, &end, &rig.err), -1);
    assert_non_null(strstr(rig.err.text, "whose time was over"));
    rig_close(&rig);
}

static void a_greeting_must_answer_the_nonce(void **state)
{
    unsigned char hello[8 + RUNNER_NONCE_BYTES] = {0};
    struct rig rig;

    (void)state;
    wire_put_u32(hello, RUNNER_MAGIC);
    wire_put_u32(hello + 4, RUNNER_VERSION);
    memcpy(hello + 8, nonce, sizeof(nonce));
    rig_open(&rig);
    rig_say(&rig, RUNNER_HELLO, hello, sizeof(hello));
    assert_int_equal(client_hello(&rig.client, nonce, &rig.err), 0);
    hello[8] ^= 1;
    rig_say(&rig, RUNNER_HELLO, hello, sizeof(hello));
    assert_int_equal(client_hello(&rig.client, nonce, &rig.err), -1);
    assert_non_null(strstr(rig.err.text, "not the runner"));
    rig_close(&rig);
}

static void another_version_is_refused(void **state)
{
    unsigned char hello[8 + RUNNER_NONCE_BYTES] = {0};
    char said[32];
    struct rig rig;

    (void)state;
    snprintf(said, sizeof(said), "version %d", RUNNER_VERSION + 1);
    wire_put_u32(hello, RUNNER_MAGIC);
    wire_put_u32(hello + 4, RUNNER_VERSION + 1);
    memcpy(hello + 8, nonce, sizeof(nonce));
    rig_open(&rig);
    rig_say(&rig, RUNNER_HELLO, hello, sizeof(hello));
    assert_int_equal(client_hello(&rig.client, nonce, &rig.err), -1);
    assert_non_null(strstr(rig.err.text, said));
    rig_close(&rig);
}

static void a_file_larger_than_asked_for_is_cut_off(void **state)
{
    struct rig rig;
    char *bytes, chunk[100] = {0};
    size_t len;

    (void)state;
    rig_open(&rig);
    rig_say(&rig, RUNNER_DATA, chunk, sizeof(chunk));
    assert_int_equal(rig.client.base.ops->get(&rig.client.base, "/x", 99, &bytes, &len, &rig.err), -1);
    assert_non_null(strstr(rig.err.text, "more than the 99 bytes"));
    rig_close(&rig);
}

static int take_two(void *arg, const void *bytes, size_t len, struct sw_err *err)
{
    size_t *got = arg;

    (void)bytes;
    *got += len;
    return *got <= 2 ? 0 : sw_fail(err, SW_FAILED, "two are enough");
}

static void a_file_without_an_end_is_left_when_nobody_wants_more(void **state)
{
    struct sw_guest_exit end;
    struct rig rig;
    size_t got = 0;

    (void)state;
    rig_open(&rig);
    for (int i = 0; i < 4; i++)
        rig_say(&rig, RUNNER_DATA, "x", 1);
    assert_int_equal(rig.client.base.ops->get_to(&rig.client.base, "/x", take_two, &got, &rig.err), -1);
    assert_non_null(strstr(rig.err.text, "two are enough"));
    assert_int_equal(got, 3);
    /* What is still to come would be taken for later answers. */
    assert_int_equal(run_true(&rig, &end), -1);
    assert_int_equal(rig.lost, 1);
    rig_close(&rig);
}

/* An input that cannot be read behind its first piece. */
static int read_once(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    (void)in;
    memset(buf, 'a', len);
    return off == 0 ? 0 : sw_fail(err, SW_INTEGRITY, "the input ended");
}

static void an_input_that_breaks_leaves_the_stream_in_step(void **state)
{
    static const struct sw_in_ops ops = {.pread = read_once};
    struct sw_in in = {.ops = &ops, .size_bytes = RUNNER_CHUNK_BYTES + 1, .fd = -1, .name = "in"};
    unsigned char header[RUNNER_HEADER_BYTES] = {1};
    struct rig rig;
    char *sent = malloc(1 << 20);
    int room = 200 << 10;
    ssize_t n;

    (void)state;
    rig_open(&rig);
    /* Nobody reads while it is written. */
    assert_int_equal(setsockopt(rig.client.fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
    rig_say(&rig, RUNNER_OK, NULL, 0);
    assert_int_equal(rig.client.base.ops->put_from(&rig.client.base, "/x", &in, 0644, &rig.err), -1);
    assert_string_equal(rig.err.text, "the input ended");
    assert_int_equal(rig.err.code, SW_INTEGRITY);
    assert_int_equal(rig.lost, 0);
    n = read(rig.far_end, sent, 1 << 20);
    assert_true(n > RUNNER_CHUNK_BYTES);
    wire_put_u32(header, 0);
    wire_put_u32(header + 4, RUNNER_DATA);
    assert_memory_equal(sent + n - RUNNER_HEADER_BYTES, header, sizeof(header));
    free(sent);
    rig_close(&rig);
}

static void a_list_without_an_end_is_refused(void **state)
{
    struct rig rig;
    struct sw_guest_names names;

    (void)state;
    rig_open(&rig);
    rig_say(&rig, RUNNER_DATA, "ab\0c", 4);
    rig_say(&rig, RUNNER_OK, NULL, 0);
    assert_int_equal(rig.client.base.ops->list(&rig.client.base, "/x", "*", SW_LIST_FILES, &names, &rig.err),
                     -1);
    assert_non_null(strstr(rig.err.text, "without an end"));
    rig_close(&rig);
}

static void a_list_may_come_in_pieces(void **state)
{
    struct rig rig;
    struct sw_guest_names names;

    (void)state;
    rig_open(&rig);
    rig_say(&rig, RUNNER_DATA, "a\0b", 3);
    rig_say(&rig, RUNNER_DATA, "c", 2);
    rig_say(&rig, RUNNER_OK, NULL, 0);
    assert_int_equal(rig.client.base.ops->list(&rig.client.base, "/x", "*", SW_LIST_FILES, &names, &rig.err),
                     0);
    assert_int_equal(names.len, 5);
    assert_memory_equal(names.text, "a\0bc", 5);
    free(names.text);
    rig_close(&rig);
}

static void a_failure_has_its_path_and_reason(void **state)
{
    const unsigned char fail[12] = {2}, beneath[16] = {2, [8] = 3, [12] = 'a', '/', 'b'};
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig_say(&rig, RUNNER_FAIL, fail, sizeof(fail));
    assert_int_equal(rig.client.base.ops->chmod(&rig.client.base, "/etc/x", 0, false, &rig.err), -1);
    assert_string_equal(rig.err.text, "'/etc/x': No such file or directory");
    assert_int_equal(rig.err.code, SW_GUEST);
    assert_int_equal(rig.err.sys, 2);
    rig_say(&rig, RUNNER_FAIL, beneath, 15);
    assert_int_equal(rig.client.base.ops->chmod(&rig.client.base, "/etc/x", 0, true, &rig.err), -1);
    assert_string_equal(rig.err.text, "'/etc/x/a/b': No such file or directory");
    assert_int_equal(rig.lost, 0);
    rig_close(&rig);
}

static void output_callback(void *ctx, enum sw_stream stream, const void *bytes, size_t len)
{
    (void)stream;
    (void)bytes;
    *(size_t *)ctx += len;
}

static void a_runner_that_ends_is_noticed_at_once(void **state)
{
    struct rig rig;
    int ended[2];
    struct sw_guest_exit end;

    (void)state;
    rig_open(&rig);
    assert_int_equal(pipe(ended), 0);
    close(ended[1]);
    rig.client.ended_fd = ended[0];
    assert_int_equal(run_true(&rig, &end), -1);
    assert_non_null(strstr(rig.err.text, "ended too early"));
    close(ended[0]);
    rig_close(&rig);
}

static void output_is_handed_on_until_the_exit(void **state)
{
    unsigned char done[12] = {0};
    struct rig rig;
    size_t got = 0;
    struct sw_guest_run run = {.script = "x", .script_len = 1, .output = output_callback, .ctx = &got};
    struct sw_guest_exit end;

    (void)state;
    rig_open(&rig);
    wire_put_u32(done + 4, 7);
    rig_say(&rig, RUNNER_STDOUT, "abc", 3);
    rig_say(&rig, RUNNER_STDERR, "de", 2);
    rig_say(&rig, RUNNER_STDERR, NULL, 0);
    rig_say(&rig, RUNNER_EXIT, done, sizeof(done));
    assert_int_equal(rig.client.base.ops->run(&rig.client.base, &run, &end, &rig.err), 0);
    assert_int_equal(got, 5);
    assert_int_equal(end.value, 7);
    rig_close(&rig);
}

static void notice_callback(void *ctx, enum sw_notice what, const char *command, size_t len)
{
    struct sw_buf *got = ctx;
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(what, got->len == 0 ? SW_NOTICE_REFUSED : SW_NOTICE_LEFT_OUT);
    assert_int_equal(sw_buf_append(got, command, len, &err), 0);
}

static void notices_are_handed_on_whatever_is_in_them(void **state)
{
    unsigned char done[12] = {0};
    struct rig rig;
    SW_AUTO_BUF struct sw_buf got = {0};
    struct sw_guest_run run = {.script = "x", .script_len = 1, .notice = notice_callback, .ctx = &got};
    struct sw_guest_exit end;

    (void)state;
    for (int i = 0; i < 2; i++) {
        rig_open(&rig);
        rig_say(&rig, RUNNER_NOTICE, "a\0\033\377", 4);
        rig_say(&rig, RUNNER_LEFT_OUT, NULL, 0);
        rig_say(&rig, RUNNER_EXIT, done, sizeof(done));
        assert_int_equal(rig.client.base.ops->run(&rig.client.base, &run, &end, &rig.err), 0);
        rig_close(&rig);
        /* Once more with nobody to take them. */
        run.notice = NULL;
    }
    assert_int_equal(got.len, 4);
    assert_memory_equal(got.data, "a\0\033\377", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_beyond_the_bound_is_not_read),
        cmocka_unit_test(a_reply_of_an_unknown_type_ends_it),
        cmocka_unit_test(a_cut_exit_ends_it),
        cmocka_unit_test(an_exit_of_an_unknown_kind_ends_it),
        cmocka_unit_test(silence_is_noticed),
        cmocka_unit_test(a_closed_stream_is_noticed),
        cmocka_unit_test(signs_of_life_do_not_stretch_a_time_out),
        cmocka_unit_test(a_greeting_must_answer_the_nonce),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(a_file_larger_than_asked_for_is_cut_off),
        cmocka_unit_test(a_file_without_an_end_is_left_when_nobody_wants_more),
        cmocka_unit_test(an_input_that_breaks_leaves_the_stream_in_step),
        cmocka_unit_test(a_list_without_an_end_is_refused),
        cmocka_unit_test(a_list_may_come_in_pieces),
        cmocka_unit_test(a_failure_has_its_path_and_reason),
        cmocka_unit_test(a_runner_that_ends_is_noticed_at_once),
        cmocka_unit_test(output_is_handed_on_until_the_exit),
        cmocka_unit_test(notices_are_handed_on_whatever_is_in_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
