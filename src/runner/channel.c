/* The runner's end of the stream. */
#include "src/runner/runner.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FAIL_TEXT_BYTES = 512, LOST = 3 }; /* LOST: exit status when the stream ended or made no sense */

static int64_t spoke_ms; /* when the last frame was sent */

int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_for(int fd, short events)
{
    struct pollfd wait = {.fd = fd, .events = events};

    poll(&wait, 1, -1);
}

static void read_all(int fd, unsigned char *at, size_t len)
{
    while (len > 0) {
        ssize_t n = read(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            wait_for(fd, POLLIN);
            continue;
        }
        if (n <= 0)
            _exit(LOST);
        at += n;
        len -= (size_t)n;
    }
}

void channel_read(const struct channel *channel, struct request *request)
{
    unsigned char header[RUNNER_HEADER_BYTES];
    struct wire_in in = {.at = header, .end = header + sizeof(header)};
    uint32_t len;

    read_all(channel->fd, header, sizeof(header));
    len = wire_u32(&in);
    request->type = wire_u32(&in);
    if (len > sizeof(request->payload))
        _exit(LOST);
    read_all(channel->fd, request->payload, len);
    request->in = (struct wire_in){.at = request->payload, .end = request->payload + len};
}

void channel_send(const struct channel *channel, uint32_t type, const void *payload, size_t len)
{
    static unsigned char frame[RUNNER_HEADER_BYTES + RUNNER_CHUNK_BYTES];
    size_t sent = 0, total = RUNNER_HEADER_BYTES + len;

    if (len > RUNNER_CHUNK_BYTES)
        _exit(LOST);
    wire_put_u32(frame, (uint32_t)len);
    wire_put_u32(frame + 4, type);
    if (len > 0)
        memcpy(frame + RUNNER_HEADER_BYTES, payload, len);
    while (sent < total) {
        ssize_t n = write(channel->fd, frame + sent, total - sent);

        if (n > 0)
            sent += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            wait_for(channel->fd, POLLOUT);
        else if (n == 0 || errno != EINTR)
            _exit(LOST);
    }
    spoke_ms = now_ms();
}

int64_t channel_alive(const struct channel *channel)
{
    if (now_ms() - spoke_ms >= RUNNER_ALIVE_MS)
        channel_send(channel, RUNNER_ALIVE, NULL, 0);
    return RUNNER_ALIVE_MS - (now_ms() - spoke_ms);
}

void channel_ok(const struct channel *channel)
{
    channel_send(channel, RUNNER_OK, NULL, 0);
}

/* Appends a text, cut to a length that a message can hold. Returns what it took. */
static size_t put_text(unsigned char *at, const char *text)
{
    size_t len = text != NULL ? strnlen(text, FAIL_TEXT_BYTES) : 0;

    wire_put_u32(at, (uint32_t)len);
    if (len > 0)
        memcpy(at + 4, text, len);
    return 4 + len;
}

void channel_fail_at(const struct channel *channel, int error, const char *what, const char *place)
{
    unsigned char payload[4 + 2 * (4 + FAIL_TEXT_BYTES)];
    size_t len = 4;

    wire_put_u32(payload, (uint32_t)error);
    len += put_text(payload + len, what);
    len += put_text(payload + len, place);
    channel_send(channel, RUNNER_FAIL, payload, len);
}

void channel_fail(const struct channel *channel, int error, const char *what)
{
    channel_fail_at(channel, error, what, NULL);
}

char *request_text(struct request *request, size_t max)
{
    struct wire_text text = wire_text(&request->in);

    if (request->in.bad || text.len > max || memchr(text.at, '\0', text.len) != NULL) {
        request->in.bad = true;
        return NULL;
    }
    return strndup(text.at, text.len);
}
