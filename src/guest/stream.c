/* Frames to and from a runner. */
#include "src/guest/stream.h"

#include "slipway/progress.h"
#include "src/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POLL_SLICE_MS = 250 };

int64_t stream_now_ms(void)
{
    return sw_monotonic_ns() / 1000000;
}

int stream_lost(struct client *client, struct sw_err *err, enum sw_code code, const char *fmt, ...)
{
    char text[512];
    va_list args;

    if (client->broken) {
        *err = client->because;
        return -1;
    }
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    sw_fail(err, code, "%s", text);
    client->broken = true;
    if (client->lost != NULL)
        client->lost(client->ctx, err);
    client->because = *err;
    return -1;
}

/* The length of the last frame, which is over. */
static void end_frame(struct request_out *request)
{
    size_t len;

    if (request->failed || request->buf.len == 0)
        return;
    len = request->buf.len - request->begun - RUNNER_HEADER_BYTES;
    if (len > RUNNER_PAYLOAD_MAX) {
        sw_fail(request->err, SW_GUEST, "%zu bytes are more than a step can be given at once (%d)", len,
                RUNNER_PAYLOAD_MAX);
        request->failed = true;
        return;
    }
    wire_put_u32((unsigned char *)request->buf.data + request->begun, (uint32_t)len);
}

void request_next(struct request_out *request, uint32_t type)
{
    unsigned char header[RUNNER_HEADER_BYTES] = {0};

    end_frame(request);
    request->begun = request->buf.len;
    wire_put_u32(header + 4, type);
    request_bytes(request, header, sizeof(header));
}

void request_begin(struct request_out *request, uint32_t type, struct sw_err *err)
{
    *request = (struct request_out){.err = err};
    request_next(request, type);
}

void request_bytes(struct request_out *request, const void *bytes, size_t len)
{
    if (!request->failed && sw_buf_append(&request->buf, bytes, len, request->err) < 0)
        request->failed = true;
}

void request_u32(struct request_out *request, uint32_t value)
{
    unsigned char bytes[4];

    wire_put_u32(bytes, value);
    request_bytes(request, bytes, sizeof(bytes));
}

void request_u64(struct request_out *request, uint64_t value)
{
    unsigned char bytes[8];

    wire_put_u64(bytes, value);
    request_bytes(request, bytes, sizeof(bytes));
}

void request_text(struct request_out *request, const char *text, size_t len)
{
    /* Too long is found by request_send, where the whole payload is measured. */
    request_u32(request, (uint32_t)(len > UINT32_MAX ? UINT32_MAX : len));
    request_bytes(request, text, len);
}

/* Waits until fd is ready. 0 ready, -1 with err. */
static int wait_ready(struct client *client, short events, int64_t deadline_ms, struct sw_err *err)
{
    int64_t silence = stream_now_ms() + client->silence_ms;

    for (;;) {
        struct pollfd wait[] = {{.fd = client->fd, .events = events},
                                {.fd = client->ended_fd, .events = POLLIN}};
        int n = poll(wait, 2, POLL_SLICE_MS);
        int64_t now = stream_now_ms();

        if (sw_interrupted())
            return stream_lost(client, err, SW_INTERRUPTED, "interrupted");
        if (deadline_ms != 0 && now >= deadline_ms)
            return stream_lost(client, err, SW_FAILED,
                               "the runner in the guest did not stop a step whose time was over");
        if (n > 0 && wait[0].revents != 0)
            return 0;
        if (n > 0 && wait[1].revents != 0)
            return stream_lost(client, err, SW_FAILED, "the runner in the guest ended too early");
        if (now >= silence)
            return stream_lost(client, err, SW_FAILED, "the runner in the guest said nothing for %d s",
                               client->silence_ms / 1000);
    }
}

int stream_send(struct client *client, const char *at, size_t len, struct sw_err *err)
{
    while (len > 0) {
        ssize_t n;

        if (wait_ready(client, POLLOUT, 0, err) < 0)
            return -1;
        n = send(client->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return stream_lost(client, err, SW_FAILED, "the connection to the guest's runner broke");
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int request_take(struct request_out *request, struct sw_buf *out, struct sw_err *err)
{
    end_frame(request);
    *out = request->buf;
    request->buf = (struct sw_buf){0};
    if (!request->failed)
        return 0;
    *err = *request->err;
    return -1;
}

int request_send(struct request_out *request, struct client *client, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf buf = {0};

    if (request_take(request, &buf, err) < 0)
        return -1;
    if (client->broken)
        return stream_lost(client, err, SW_FAILED, "broken");
    return stream_send(client, buf.data, buf.len, err);
}

static int read_exact(struct client *client, void *buf, size_t len, int64_t deadline_ms, struct sw_err *err)
{
    unsigned char *at = buf;

    while (len > 0) {
        ssize_t n;

        if (wait_ready(client, POLLIN, deadline_ms, err) < 0)
            return -1;
        n = recv(client->fd, at, len, MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return stream_lost(client, err, SW_FAILED, "the connection to the guest's runner broke");
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int frame_read_any(struct client *client, int64_t deadline_ms, struct frame *frame, struct sw_err *err)
{
    unsigned char header[RUNNER_HEADER_BYTES];
    struct wire_in in = {.at = header, .end = header + sizeof(header)};
    uint32_t len;

    if (client->broken)
        return stream_lost(client, err, SW_FAILED, "broken");
    if (read_exact(client, header, sizeof(header), deadline_ms, err) < 0)
        return -1;
    len = wire_u32(&in);
    frame->type = wire_u32(&in);
    if (len > sizeof(client->payload))
        return stream_lost(client, err, SW_FAILED,
                           "the guest sent a frame of type %u with %u bytes, more than %zu", frame->type, len,
                           sizeof(client->payload));
    frame->in = (struct wire_in){.at = client->payload, .end = client->payload + len};
    return read_exact(client, client->payload, len, deadline_ms, err);
}

int frame_read(struct client *client, int64_t deadline_ms, struct frame *frame, struct sw_err *err)
{
    /* Signs of life are noticed by having come. */
    do {
        if (frame_read_any(client, deadline_ms, frame, err) < 0)
            return -1;
    } while (frame->type == RUNNER_ALIVE);
    return 0;
}
