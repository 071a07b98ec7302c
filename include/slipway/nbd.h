/* An image as a read-only network block device on a unix socket, for a QEMU that must not see its file. */
#ifndef SLIPWAY_NBD_H
#define SLIPWAY_NBD_H

#include "slipway/error.h"
#include "slipway/image.h"

/* NBD's fixed newstyle handshake, simple replies; read, disconnect, flush. Whatever a client says is bounded and checked. */
enum {
    SW_NBD_CLIENTS_MAX = 8,
    SW_NBD_READ_MAX = 32 << 20, /* of one request */
    SW_NBD_NAME_MAX = 256,
};

struct sw_nbd;

/*
 * Serves the image from threads of its own until sw_nbd_stop. socket_path must not be there yet and lie in a folder that is
 * the user's alone (0700, else SW_REFUSED); the socket is 0600, and another user's process is hung up on. name: of the one
 * export; clients that ask for "" get it too. image must outlive the server and be readable from any thread.
 */
SW_MUST_CHECK int sw_nbd_start(struct sw_image *image, const char *socket_path, const char *name,
                               struct sw_nbd **out, struct sw_err *err);
/* Hangs up on everybody, waits for the threads, removes the socket. NULL is allowed. */
void sw_nbd_stop(struct sw_nbd *server);
/* 0; -1 with the first error of the image that a client was told of as EIO. */
SW_MUST_CHECK int sw_nbd_check(struct sw_nbd *server, struct sw_err *err);

/* "nbd+unix:///NAME?socket=PATH", as QEMU and libnbd take it. Free it. */
SW_MUST_CHECK char *sw_nbd_uri(const char *name, const char *socket_path, struct sw_err *err);

/* ---- A disk for an appliance or a machine: our own reader of it, beneath an overlay of ours ---------------- */

/* Zero-initialise it. */
struct sw_served {
    char *overlay; /* a qcow2 over the disk */
    char *dir;     /* of a session that has this disk alone */
    struct sw_sockets *sockets;
    struct sw_nbd *server;
};

/* folder: private, made when it is missing; whoever removes it removes the overlay. image outlives it. */
SW_MUST_CHECK int sw_served_open(struct sw_image *image, const char *folder, struct sw_served *out,
                                 struct sw_err *err);
/* Where a reader failed, that is the cause of whatever failed behind it. */
void sw_served_blame(const struct sw_served *served, struct sw_err *err);
void sw_served_close(struct sw_served *served);

#endif
