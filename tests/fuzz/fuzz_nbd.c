/*
 * A client of the NBD server: its handshake and its requests. What the server answers is held against the protocol, by a
 * model that shares nothing with it but the numbers.
 */
#include "src/base/endian.h"
#include "src/nbd/client.h"
#include "src/nbd/wire.h"
#include "tests/lib/mem_in.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_MAX = 64 << 10, DISK_BYTES = 8192, OPTIONS_MAX = 64, OPTION_BYTES_MAX = 4096 };

static const char export_name[] = "web";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
    if (!fact)
        abort();
}

static uint8_t disk_byte(uint64_t at)
{
    return (uint8_t)(at * 7 + (at >> 8));
}

/* ---- the model ---- */

/* What one side said, and how far it was looked at. */
struct said {
    const uint8_t *bytes;
    size_t len, at;
};

/* The next n bytes; NULL when there are fewer. */
static const uint8_t *next(struct said *said, size_t n)
{
    const uint8_t *at = said->bytes + said->at;

    if (said->len - said->at < n)
        return NULL;
    said->at += n;
    return at;
}

static const uint8_t *answer(struct said *server, size_t n)
{
    const uint8_t *at = next(server, n);

    must(at != NULL);
    return at;
}

static void check_export(const uint8_t *at)
{
    must(be64_get(at) == DISK_BYTES);
    must(be16_get(at + 8) ==
         (NBD_EXPORT_HAS_FLAGS | NBD_EXPORT_READ_ONLY | NBD_EXPORT_FLUSH | NBD_EXPORT_MULTI_CONN));
}

static void check_reply_data(uint32_t type, const uint8_t *data, uint32_t len)
{
    if (type == NBD_REP_SERVER)
        must(len == 4 + strlen(export_name) && be32_get(data) == strlen(export_name) &&
             memcmp(data + 4, export_name, strlen(export_name)) == 0);
    else if (type != NBD_REP_INFO)
        must(len == 0);
    else if (be16_get(data) == NBD_INFO_EXPORT)
        check_export(data + 2);
    else
        must(be16_get(data) == NBD_INFO_BLOCK_SIZE && len == 14);
}

/* All replies to one option; true when the last of them is an acknowledgement. */
static bool check_replies(struct said *server, uint32_t option)
{
    for (;;) {
        const uint8_t *head = answer(server, 20);
        uint32_t type = be32_get(head + 12), len = be32_get(head + 16);

        must(be64_get(head) == NBD_REPLY_MAGIC && be32_get(head + 8) == option);
        check_reply_data(type, answer(server, len), len);
        if (type != NBD_REP_SERVER && type != NBD_REP_INFO)
            return type == NBD_REP_ACK;
    }
}

enum phase { OVER, MORE_OPTIONS, REQUESTS };

static enum phase check_option(struct said *client, struct said *server, bool no_zeroes)
{
    const uint8_t *head = next(client, 16), *data;
    uint32_t type, len;
    bool good;

    if (head == NULL || be64_get(head) != NBD_OPTION_MAGIC)
        return OVER;
    type = be32_get(head + 8);
    len = be32_get(head + 12);
    data = len <= OPTION_BYTES_MAX ? next(client, len) : NULL;
    if (data == NULL)
        return OVER;
    if (type != NBD_OPT_EXPORT_NAME) {
        good = check_replies(server, type);
        must(good == (type == NBD_OPT_ABORT) || type == NBD_OPT_LIST || type == NBD_OPT_INFO ||
             type == NBD_OPT_GO);
        return type == NBD_OPT_ABORT ? OVER : good && type == NBD_OPT_GO ? REQUESTS : MORE_OPTIONS;
    }
    if (len != 0 && (len != strlen(export_name) || memcmp(data, export_name, len) != 0))
        return OVER;
    check_export(answer(server, no_zeroes ? 10 : 134));
    return REQUESTS;
}

static void check_read(struct said *server, uint64_t off, uint32_t len, uint32_t error)
{
    const uint8_t *data;

    if (len == 0 || off > DISK_BYTES || len > DISK_BYTES - off) {
        must(error == NBD_EINVAL);
        return;
    }
    must(error == 0);
    data = answer(server, len);
    for (uint32_t i = 0; i < len; i++)
        must(data[i] == disk_byte(off + i));
}

static bool check_request(struct said *client, struct said *server)
{
    const uint8_t *head = next(client, 28), *reply;
    uint32_t len, error;
    uint16_t type;

    if (head == NULL || be32_get(head) != NBD_REQUEST_MAGIC || be16_get(head + 6) == NBD_CMD_DISC)
        return false;
    type = be16_get(head + 6);
    len = be32_get(head + 24);
    if (type == NBD_CMD_WRITE && (len > SW_NBD_READ_MAX || next(client, len) == NULL))
        return false;
    reply = answer(server, 16);
    error = be32_get(reply + 4);
    must(be32_get(reply) == NBD_SIMPLE_MAGIC && memcmp(reply + 8, head + 8, 8) == 0);
    if (type == NBD_CMD_READ)
        check_read(server, be64_get(head + 16), len, error);
    else
        must(error == (type == NBD_CMD_WRITE ? NBD_EPERM : type == NBD_CMD_FLUSH ? 0 : NBD_EINVAL));
    return true;
}

static void check_all(struct said *client, struct said *server)
{
    const uint8_t *hello = answer(server, 18), *flags = next(client, 4);
    enum phase phase = MORE_OPTIONS;

    must(be64_get(hello) == NBD_MAGIC && be64_get(hello + 8) == NBD_OPTION_MAGIC);
    must(be16_get(hello + 16) == (NBD_FLAG_FIXED | NBD_FLAG_NO_ZEROES));
    if (flags == NULL || (be32_get(flags) | NBD_FLAG_NO_ZEROES) != (NBD_FLAG_FIXED | NBD_FLAG_NO_ZEROES))
        return;
    for (unsigned i = 0; i < OPTIONS_MAX && phase == MORE_OPTIONS; i++)
        phase = check_option(client, server, (be32_get(flags) & NBD_FLAG_NO_ZEROES) != 0);
    if (phase == REQUESTS)
        while (check_request(client, server))
            continue;
}

/* ---- the two ends ---- */

struct heard {
    int fd;
    uint8_t *bytes;
    size_t len;
};

static void *hear(void *arg)
{
    enum { ROOM = 64 << 10 };
    struct heard *heard = arg;
    ssize_t n;

    do {
        uint8_t *grown = realloc(heard->bytes, heard->len + ROOM);

        must(grown != NULL);
        heard->bytes = grown;
        do
            n = recv(heard->fd, grown + heard->len, ROOM, 0);
        while (n < 0 && errno == EINTR);
        must(n >= 0 || errno == ECONNRESET);
        heard->len += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    return NULL;
}

/* A read of a good image does not fail. */
static void failed(void *arg, const struct sw_err *err)
{
    (void)arg;
    (void)err;
    abort();
}

static struct sw_image *open_disk(void)
{
    static uint8_t disk[DISK_BYTES];
    const struct sw_open_opts opts = {.salvage = false};
    struct sw_image *image = NULL;
    struct sw_err err = {.code = SW_OK};

    for (uint64_t i = 0; i < sizeof(disk); i++)
        disk[i] = disk_byte(i);
    must(sw_image_open(mem_in(disk, sizeof(disk)), "raw", &opts, &image, &err) == 0);
    return image;
}

static void serve(int fd)
{
    int stop_fd = eventfd(0, EFD_CLOEXEC);
    struct nbd_client client = {
        .image = open_disk(), .name = export_name, .fd = fd, .stop_fd = stop_fd, .failed = failed};

    must(stop_fd >= 0);
    nbd_client_serve(&client);
    must(client.buf == NULL);
    sw_image_close(client.image);
    close(stop_fd);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct said client = {.bytes = data, .len = size}, server = {.at = 0};
    struct heard heard = {.fd = -1};
    pthread_t thread;
    int ends[2];

    if (size == 0 || size > INPUT_MAX)
        return 0;
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    must(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    must(send(ends[0], data, size, MSG_NOSIGNAL) == (ssize_t)size && shutdown(ends[0], SHUT_WR) == 0);
    heard.fd = ends[0];
    must(pthread_create(&thread, NULL, hear, &heard) == 0);
    serve(ends[1]);
    must(pthread_join(thread, NULL) == 0);
    server.bytes = heard.bytes;
    server.len = heard.len;
    check_all(&client, &server);
    must(server.at == server.len);
    free(heard.bytes);
    close(ends[0]);
    return 0;
}
