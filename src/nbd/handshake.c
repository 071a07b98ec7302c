/* The fixed newstyle handshake: a client's options, answered one by one. */
#include "src/base/endian.h"
#include "src/nbd/client.h"
#include "src/nbd/wire.h"

#include <string.h>

enum {
    OPTIONS_MAX = 64,          /* of one client */
    OPTION_BYTES_MAX = 4 << 10 /* of one option's data */
};

struct option {
    uint32_t type, len;
    uint8_t data[OPTION_BYTES_MAX];
};

static bool put(const struct nbd_client *client, const void *buf, size_t len)
{
    return nbd_write(client->fd, client->stop_fd, buf, len, NBD_HANDSHAKE_MS);
}

static bool take(const struct nbd_client *client, void *buf, size_t len)
{
    return nbd_read(client->fd, client->stop_fd, buf, len, NBD_HANDSHAKE_MS);
}

static bool reply(const struct nbd_client *client, const struct option *option, uint32_t type,
                  const void *data, uint32_t len)
{
    uint8_t head[20];

    be64_put(head, NBD_REPLY_MAGIC);
    be32_put(head + 8, option->type);
    be32_put(head + 12, type);
    be32_put(head + 16, len);
    return put(client, head, sizeof(head)) && put(client, data, len);
}

static bool greet(struct nbd_client *client)
{
    uint8_t head[18], flags[4];
    uint32_t said;

    be64_put(head, NBD_MAGIC);
    be64_put(head + 8, NBD_OPTION_MAGIC);
    be16_put(head + 16, NBD_FLAG_FIXED | NBD_FLAG_NO_ZEROES);
    if (!put(client, head, sizeof(head)) || !take(client, flags, sizeof(flags)))
        return false;
    said = be32_get(flags);
    client->no_zeroes = (said & NBD_FLAG_NO_ZEROES) != 0;
    return (said & NBD_FLAG_FIXED) != 0 && (said & ~(uint32_t)(NBD_FLAG_FIXED | NBD_FLAG_NO_ZEROES)) == 0;
}

static void put_export(const struct nbd_client *client, uint8_t to[10])
{
    be64_put(to, client->image->size_bytes);
    be16_put(to + 8, NBD_EXPORT_HAS_FLAGS | NBD_EXPORT_READ_ONLY | NBD_EXPORT_FLUSH | NBD_EXPORT_MULTI_CONN);
}

static bool is_ours(const struct nbd_client *client, const uint8_t *name, size_t len)
{
    return len == 0 || (len == strlen(client->name) && memcmp(name, client->name, len) == 0);
}

/* The old way to choose: there is no way to say no but to hang up. */
static bool export_name(const struct nbd_client *client, const struct option *option)
{
    uint8_t answer[10 + 124] = {0};

    put_export(client, answer);
    return is_ours(client, option->data, option->len) &&
           put(client, answer, client->no_zeroes ? 10 : sizeof(answer));
}

/* NBD_OPT_INFO and NBD_OPT_GO: name length, name, number of requests, requests of two bytes. */
static bool info(const struct nbd_client *client, const struct option *option, bool *chosen)
{
    uint8_t export[12] = {0}, sizes[14] = {0};
    uint32_t name_len = option->len >= 6 ? be32_get(option->data) : UINT32_MAX;

    if (name_len > option->len - 6 || option->len < 6 ||
        option->len - 6 - name_len != 2u * be16_get(option->data + 4 + name_len))
        return reply(client, option, NBD_REP_ERR_INVALID, NULL, 0);
    if (!is_ours(client, option->data + 4, name_len))
        return reply(client, option, NBD_REP_ERR_UNKNOWN, NULL, 0);
    be16_put(export, NBD_INFO_EXPORT);
    put_export(client, export + 2);
    be16_put(sizes, NBD_INFO_BLOCK_SIZE);
    be32_put(sizes + 2, 1);
    be32_put(sizes + 6, 64 << 10);
    be32_put(sizes + 10, SW_NBD_READ_MAX);
    *chosen = option->type == NBD_OPT_GO;
    return reply(client, option, NBD_REP_INFO, export, sizeof(export)) &&
           reply(client, option, NBD_REP_INFO, sizes, sizeof(sizes)) &&
           reply(client, option, NBD_REP_ACK, NULL, 0);
}

static bool list(const struct nbd_client *client, const struct option *option)
{
    uint8_t entry[4 + SW_NBD_NAME_MAX];
    size_t len = strlen(client->name);

    if (option->len != 0)
        return reply(client, option, NBD_REP_ERR_INVALID, NULL, 0);
    be32_put(entry, (uint32_t)len);
    memcpy(entry + 4, client->name, len);
    return reply(client, option, NBD_REP_SERVER, entry, (uint32_t)(4 + len)) &&
           reply(client, option, NBD_REP_ACK, NULL, 0);
}

/* false: the connection ends. */
static bool answer(const struct nbd_client *client, const struct option *option, bool *chosen)
{
    switch (option->type) {
    case NBD_OPT_EXPORT_NAME:
        *chosen = true;
        return export_name(client, option);
    case NBD_OPT_ABORT:
        (void)!reply(client, option, NBD_REP_ACK, NULL, 0);
        return false;
    case NBD_OPT_LIST:
        return list(client, option);
    case NBD_OPT_INFO:
    case NBD_OPT_GO:
        return info(client, option, chosen);
    default:
        return reply(client, option, NBD_REP_ERR_UNSUP, NULL, 0);
    }
}

static bool take_option(const struct nbd_client *client, struct option *option)
{
    uint8_t head[16];

    if (!take(client, head, sizeof(head)) || be64_get(head) != NBD_OPTION_MAGIC)
        return false;
    option->type = be32_get(head + 8);
    option->len = be32_get(head + 12);
    return option->len <= sizeof(option->data) && take(client, option->data, option->len);
}

bool nbd_negotiate(struct nbd_client *client)
{
    struct option option;
    bool chosen = false;

    if (!greet(client))
        return false;
    for (unsigned i = 0; i < OPTIONS_MAX && !chosen; i++)
        if (!take_option(client, &option) || !answer(client, &option, &chosen))
            return false;
    return chosen;
}
