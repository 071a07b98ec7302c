/* Standard output as an output. */
#include "src/cli/std_out.h"
#include "src/base/fs.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int stdout_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    return sw_write_full(STDOUT_FILENO, buf, len, out->name, err);
}

static int stdout_commit(struct sw_out *out, struct sw_err *err)
{
    (void)out;
    (void)err;
    return 0;
}

static void stdout_close(struct sw_out *out)
{
    (void)out;
}

static const struct sw_out_ops stdout_ops = {
    .write = stdout_write, .commit = stdout_commit, .close = stdout_close};

bool std_out_named(const char *output)
{
    return output != NULL && strcmp(output, "-") == 0;
}

struct sw_out std_out(void)
{
    return (struct sw_out){.ops = &stdout_ops, .fd = -1, .name = "standard output"};
}

bool std_out_unread(const struct sw_err *err)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    /* Other streams break as well. */
    return err->sys == EPIPE && poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}
