/* qemu's monitor: JSON, a line each. */
#include "src/appliance/hv/hv.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One more piece of what qemu says. */
static bool read_more(struct qmp *qmp, int64_t until)
{
    struct pollfd wait = {.fd = qmp->fd, .events = POLLIN};
    int64_t left = until - now_ms();
    ssize_t n;

    if (qmp->len + 1 >= sizeof(qmp->text) || left <= 0 || poll(&wait, 1, (int)left) <= 0)
        return false;
    n = read(qmp->fd, qmp->text + qmp->len, sizeof(qmp->text) - 1 - qmp->len);
    if (n <= 0)
        return n < 0 && errno == EINTR;
    qmp->len += (size_t)n;
    qmp->text[qmp->len] = '\0';
    return true;
}

/* The next line, into line; events are lines, too. */
static bool read_line(struct qmp *qmp, char *line, size_t len, int64_t until)
{
    char *end;

    while ((end = memchr(qmp->text, '\n', qmp->len)) == NULL)
        if (!read_more(qmp, until))
            return false;
    *end = '\0';
    snprintf(line, len, "%s", qmp->text);
    qmp->len -= (size_t)(end + 1 - qmp->text);
    memmove(qmp->text, end + 1, qmp->len);
    qmp->text[qmp->len] = '\0';
    return true;
}

static bool await_answer(struct qmp *qmp, char *answer, size_t len, int timeout_ms)
{
    int64_t until = now_ms() + timeout_ms;
    char line[sizeof(qmp->text)];

    while (read_line(qmp, line, sizeof(line), until)) {
        if (strncmp(line, "{\"error\"", 8) == 0)
            return false;
        if (strncmp(line, "{\"return\"", 9) != 0)
            continue;
        if (answer != NULL)
            snprintf(answer, len, "%s", line);
        return true;
    }
    return false;
}

static bool send_all(int fd, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            return false;
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool qmp_ask(struct qmp *qmp, const char *command, char *answer, size_t len, int timeout_ms)
{
    return send_all(qmp->fd, command) && send_all(qmp->fd, "\n") &&
           await_answer(qmp, answer, len, timeout_ms);
}

bool qmp_ask_with(struct qmp *qmp, const char *command, int passed, int timeout_ms)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec text = {.iov_base = (char *)(uintptr_t)command, .iov_len = strlen(command)};
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &passed, sizeof(int));
    return sendmsg(qmp->fd, &message, MSG_NOSIGNAL) == (ssize_t)text.iov_len &&
           await_answer(qmp, NULL, 0, timeout_ms);
}

bool qmp_begin(struct qmp *qmp, int timeout_ms)
{
    char line[sizeof(qmp->text)];

    return read_line(qmp, line, sizeof(line), now_ms() + timeout_ms) &&
           qmp_ask(qmp, "{\"execute\": \"qmp_capabilities\"}", NULL, 0, timeout_ms);
}
