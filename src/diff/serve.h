/* A disk for an appliance: our own reader of it, on a socket, beneath an overlay of ours. */
#ifndef SW_DIFF_SERVE_H
#define SW_DIFF_SERVE_H

#include "slipway/nbd.h"

/* Zero-initialise it. */
struct served {
    char *overlay;    /* a qcow2 over the disk */
    char *dir;        /* of a session that has this disk alone */
    char *socket_dir; /* owned; NULL when the socket is in the folder */
    struct sw_nbd *server;
};

/* folder: private, and there; image outlives it. */
SW_MUST_CHECK int served_open(struct sw_image *image, const char *folder, struct served *out,
                              struct sw_err *err);
/* Where a reader failed, that is the cause of whatever failed behind it. */
void served_blame(const struct served *served, struct sw_err *err);
void served_close(struct served *served);

#endif
