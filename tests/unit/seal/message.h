/* Whole messages in memory: sealed by one key, opened by another. */
#ifndef TEST_SEAL_MESSAGE_H
#define TEST_SEAL_MESSAGE_H

#include "memory.h"
#include "src/seal/keyring.h"
#include "src/seal/seal_out.h"

/* A sealed message and its sidecar, when it has one. */
struct message {
    struct kept body, sidecar;
};

static inline void message_free(struct message *message)
{
    kept_free(&message->body);
    kept_free(&message->sidecar);
}
#define AUTO_MESSAGE SW_CLEANUP(message_free)

/* "Random" bytes that are the same in every run that begins with test_random_reset. */
static uint8_t test_random_next;

static int test_random(void *buf, size_t len, struct sw_err *err)
{
    (void)err;
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)buf)[i] = test_random_next++;
    return 0;
}

/* How plaintext becomes a message in the tests. */
struct sealing {
    const struct sw_keyring *to;
    uint16_t suite; /* 0: the default */
    const struct sw_pair *context;
    size_t nr_context;
    uint32_t frame_bytes;
    unsigned jobs;
    bool direct;
    bool stream;  /* the output cannot seek */
    bool fixed;   /* the same keys and ids every time */
    size_t piece; /* bytes of one write; 0: all */
};

static inline void write_pieces(struct sw_out *out, const uint8_t *plain, size_t len, size_t piece)
{
    struct sw_err err = {.code = SW_OK};

    for (size_t at = 0; at < len;) {
        size_t n = piece > 0 && piece < len - at ? piece : len - at;

        assert_ok(sw_out_write(out, plain + at, n, &err), err);
        at += n;
    }
}

/* Frames of one byte cost 33. */
static inline void seal_bytes(const struct sealing *how, const void *plain, size_t len,
                              struct message *message)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_seal_opts opts = {.suite = how->suite,
                                .recipients = how->to,
                                .context = how->context,
                                .nr_context = how->nr_context,
                                .direct = how->direct,
                                .frame_bytes = how->frame_bytes,
                                .plain_bytes = len,
                                .jobs = how->jobs};
    struct seal_out_spec spec = {.opts = &opts, .random = test_random};
    struct sw_out *out;

    kept_init(&message->body, 34 * len + 65536);
    kept_init(&message->sidecar, 65536);
    spec.sealed = kept_out(&message->body, !how->stream);
    spec.sidecar = how->direct ? NULL : kept_out(&message->sidecar, true);
    test_random_next = 0;
    out = how->fixed ? seal_out_new(&spec, &err) : sw_seal_out(&opts, spec.sealed, spec.sidecar, &err);
    if (out == NULL)
        fail_msg("sw_seal_out: %s", err.text);
    write_pieces(out, plain, len, how->piece);
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    assert_true(message->body.committed);
}

/* The opened input, or NULL and err. */
static inline struct sw_in *open_message_with(const struct message *message,
                                              const struct sw_unseal_opts *opts, struct sw_err *err)
{
    struct sw_in *body = mem_in(message->body.bytes, message->body.len);
    struct sw_in *sidecar =
        message->sidecar.len > 0 ? mem_in(message->sidecar.bytes, message->sidecar.len) : NULL;

    return sw_seal_in(body, sidecar, opts, err);
}

/* Opens and reads all of it into plain (cap bytes); *len gets how much. 0, or -1 and err. */
static inline int open_bytes(const struct message *message, const struct sw_keyring *with, struct kept *plain,
                             struct sw_err *err)
{
    const struct sw_unseal_opts opts = {.keys = with};
    struct sw_in *in = open_message_with(message, &opts, err);
    struct sw_out *out;
    int rc;

    if (in == NULL)
        return -1;
    out = kept_out(plain, true);
    rc = sw_seal_read_all(in, out, 1, NULL, err);
    sw_out_close(out);
    sw_in_close(in);
    return rc;
}

/* Opens a message and, when that succeeds, holds what it says against content. 0, or -1 and err. */
static inline int open_to(const struct message *message, const struct sw_keyring *with, const char *content,
                          struct sw_err *err)
{
    struct kept plain;
    int rc;

    kept_init(&plain, 64);
    rc = open_bytes(message, with, &plain, err);
    if (rc == 0) {
        assert_int_equal(plain.len, strlen(content));
        assert_memory_equal(plain.bytes, content, strlen(content));
    }
    kept_free(&plain);
    return rc;
}

/* Bytes that repeat nowhere soon. */
static inline uint8_t *pattern(size_t len)
{
    uint8_t *bytes = malloc(len + 1);
    uint32_t x = 2463534242u;

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        bytes[i] = (uint8_t)x;
    }
    return bytes;
}

#endif
