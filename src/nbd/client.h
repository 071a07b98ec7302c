/* One client of the server, from its greeting to its end. */
#ifndef SW_NBD_CLIENT_H
#define SW_NBD_CLIENT_H

#include "slipway/nbd.h"

/* What a client's thread works with. */
struct nbd_client {
    struct sw_image *image;
    const char *name; /* of the export */
    int fd;           /* non-blocking */
    int stop_fd;      /* readable once the server ends */
    bool no_zeroes;
    void *buf; /* of requests, buf_bytes */
    size_t buf_bytes;
    /* Notes an error of the image. */
    void (*failed)(void *arg, const struct sw_err *err);
    void *arg;
};

/* Returns when the client is gone, misbehaves, or the server ends. */
void nbd_client_serve(struct nbd_client *client);

/* The options that come before the requests; true once the client has chosen the export. */
SW_MUST_CHECK bool nbd_negotiate(struct nbd_client *client);

/* 1: not counting waiting for a first request, a client that is silent so long is hung up on. */
enum { NBD_HANDSHAKE_MS = 10 * 1000, NBD_TRANSFER_MS = 60 * 1000 };

#endif
