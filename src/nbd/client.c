/* One client: its requests, answered in order. */
#include "src/nbd/client.h"

#include "src/base/buf.h"
#include "src/base/endian.h"
#include "src/nbd/wire.h"

#include <string.h>

struct request {
    uint16_t type;
    uint8_t handle[8];
    uint64_t off;
    uint32_t len;
};

static bool put(const struct nbd_client *client, const void *buf, size_t len)
{
    return nbd_write(client->fd, client->stop_fd, buf, len, NBD_TRANSFER_MS);
}

static bool reply(const struct nbd_client *client, const struct request *request, uint32_t error)
{
    uint8_t head[16];

    be32_put(head, NBD_SIMPLE_MAGIC);
    be32_put(head + 4, error);
    memcpy(head + 8, request->handle, sizeof(request->handle));
    return put(client, head, sizeof(head));
}

static void drop_buffer(struct nbd_client *client)
{
    if (client->buf != NULL)
        explicit_bzero(client->buf, client->buf_bytes);
    free(client->buf);
    client->buf = NULL;
    client->buf_bytes = 0;
}

static bool make_room(struct nbd_client *client, size_t len)
{
    if (len <= client->buf_bytes)
        return true;
    drop_buffer(client);
    client->buf = malloc(len);
    client->buf_bytes = client->buf != NULL ? len : 0;
    return client->buf != NULL;
}

static bool is_inside(const struct nbd_client *client, const struct request *request)
{
    uint64_t size_bytes = client->image->size_bytes;

    return request->len > 0 && request->len <= SW_NBD_READ_MAX && request->off <= size_bytes &&
           request->len <= size_bytes - request->off;
}

static bool serve_read(struct nbd_client *client, const struct request *request)
{
    struct sw_err err = {.code = SW_OK};

    if (!is_inside(client, request))
        return reply(client, request, NBD_EINVAL);
    if (!make_room(client, request->len))
        return reply(client, request, NBD_ENOMEM);
    if (sw_image_pread(client->image, client->buf, request->len, request->off, &err) < 0) {
        client->failed(client->arg, &err);
        return reply(client, request, NBD_EIO);
    }
    return reply(client, request, 0) && put(client, client->buf, request->len);
}

/* What would be written has to be taken in, or it would be read as requests. */
static bool refuse_write(const struct nbd_client *client, const struct request *request)
{
    char dropped[4096];

    if (request->len > SW_NBD_READ_MAX)
        return false;
    for (uint32_t left = request->len; left > 0;) {
        uint32_t n = left < sizeof(dropped) ? left : (uint32_t)sizeof(dropped);

        if (!nbd_read(client->fd, client->stop_fd, dropped, n, NBD_TRANSFER_MS))
            return false;
        left -= n;
    }
    return reply(client, request, NBD_EPERM);
}

/* A request may be long in coming; once it has begun, the rest of it may not. */
static bool take_request(const struct nbd_client *client, struct request *request)
{
    uint8_t head[28];

    if (!nbd_read(client->fd, client->stop_fd, head, 1, 0) ||
        !nbd_read(client->fd, client->stop_fd, head + 1, sizeof(head) - 1, NBD_TRANSFER_MS) ||
        be32_get(head) != NBD_REQUEST_MAGIC)
        return false;
    request->type = be16_get(head + 6);
    memcpy(request->handle, head + 8, sizeof(request->handle));
    request->off = be64_get(head + 16);
    request->len = be32_get(head + 24);
    return true;
}

static bool serve(struct nbd_client *client, const struct request *request)
{
    switch (request->type) {
    case NBD_CMD_READ:
        return serve_read(client, request);
    case NBD_CMD_WRITE:
        return refuse_write(client, request);
    case NBD_CMD_DISC:
        return false;
    case NBD_CMD_FLUSH:
        return reply(client, request, 0);
    default:
        return reply(client, request, NBD_EINVAL);
    }
}

void nbd_client_serve(struct nbd_client *client)
{
    struct request request;

    if (nbd_negotiate(client))
        while (take_request(client, &request) && serve(client, &request))
            continue;
    drop_buffer(client);
}
