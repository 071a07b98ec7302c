/* NBD as it lies on the wire: whole reads and writes that a stop ends. */
#include "src/nbd/wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* True once fd is ready for what is asked. */
static bool await(int fd, int stop_fd, short events, int deadline_ms)
{
    struct pollfd fds[] = {{.fd = fd, .events = events}, {.fd = stop_fd, .events = POLLIN}};
    int n;

    do
        n = poll(fds, 2, deadline_ms > 0 ? deadline_ms : -1);
    while (n < 0 && errno == EINTR);
    return n > 0 && fds[1].revents == 0;
}

static bool may_go_on(ssize_t n)
{
    return n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK);
}

bool nbd_read(int fd, int stop_fd, void *buf, size_t len, int deadline_ms)
{
    char *to = buf;

    while (len > 0) {
        ssize_t n;

        if (!await(fd, stop_fd, POLLIN, deadline_ms))
            return false;
        n = recv(fd, to, len, 0);
        if (n > 0) {
            to += n;
            len -= (size_t)n;
        } else if (!may_go_on(n)) {
            return false;
        }
    }
    return true;
}

bool nbd_write(int fd, int stop_fd, const void *buf, size_t len, int deadline_ms)
{
    const char *from = buf;

    while (len > 0) {
        ssize_t n;

        if (!await(fd, stop_fd, POLLOUT, deadline_ms))
            return false;
        n = send(fd, from, len, MSG_NOSIGNAL);
        if (n > 0) {
            from += n;
            len -= (size_t)n;
        } else if (!may_go_on(n)) {
            return false;
        }
    }
    return true;
}
