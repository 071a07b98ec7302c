/* NBD as it lies on the wire: numbers, and whole reads and writes that a stop ends. */
#ifndef SW_NBD_WIRE_H
#define SW_NBD_WIRE_H

#include "slipway/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md */
#define NBD_MAGIC         UINT64_C(0x4e42444d41474943) /* "NBDMAGIC" */
#define NBD_OPTION_MAGIC  UINT64_C(0x49484156454f5054) /* "IHAVEOPT" */
#define NBD_REPLY_MAGIC   UINT64_C(0x0003e889045565a9)
#define NBD_REQUEST_MAGIC UINT32_C(0x25609513)
#define NBD_SIMPLE_MAGIC  UINT32_C(0x67446698)

enum {
    NBD_FLAG_FIXED = 1 << 0, /* of the handshake; the client's have the same bits */
    NBD_FLAG_NO_ZEROES = 1 << 1,
    NBD_EXPORT_HAS_FLAGS = 1 << 0,
    NBD_EXPORT_READ_ONLY = 1 << 1,
    NBD_EXPORT_FLUSH = 1 << 2,
    NBD_EXPORT_MULTI_CONN = 1 << 8,
    NBD_OPT_EXPORT_NAME = 1,
    NBD_OPT_ABORT = 2,
    NBD_OPT_LIST = 3,
    NBD_OPT_INFO = 6,
    NBD_OPT_GO = 7,
    NBD_REP_ACK = 1,
    NBD_REP_SERVER = 2,
    NBD_REP_INFO = 3,
    NBD_INFO_EXPORT = 0,
    NBD_INFO_BLOCK_SIZE = 3,
    NBD_CMD_READ = 0,
    NBD_CMD_WRITE = 1,
    NBD_CMD_DISC = 2,
    NBD_CMD_FLUSH = 3,
    NBD_EPERM = 1,
    NBD_EIO = 5,
    NBD_ENOMEM = 12,
    NBD_EINVAL = 22,
};
#define NBD_REP_ERR_UNSUP   UINT32_C(0x80000001)
#define NBD_REP_ERR_INVALID UINT32_C(0x80000003)
#define NBD_REP_ERR_UNKNOWN UINT32_C(0x80000006)
#define NBD_REP_ERR_TOO_BIG UINT32_C(0x80000009)

/*
 * Exactly len bytes. false: the peer is gone, silent for deadline_ms since its last byte (0: for as long as it likes), or
 * stop_fd became readable. fd is non-blocking.
 */
SW_MUST_CHECK bool nbd_read(int fd, int stop_fd, void *buf, size_t len, int deadline_ms);
SW_MUST_CHECK bool nbd_write(int fd, int stop_fd, const void *buf, size_t len, int deadline_ms);

#endif
