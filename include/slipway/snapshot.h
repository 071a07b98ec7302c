/* An EBS snapshot as an image: its blocks come through the EBS direct APIs, many at once, each checked against its digest. */
#ifndef SLIPWAY_SNAPSHOT_H
#define SLIPWAY_SNAPSHOT_H

#include "slipway/ebs.h"
#include "slipway/image.h"

enum { SW_SNAPSHOT_CONNECTIONS = 32, SW_SNAPSHOT_MAX_CONNECTIONS = 128 };

struct sw_snapshot_opts {
    struct sw_cloud *cloud;
    const char *id;
    /* Only what differs from this snapshot is fetched; of the image's own extents, HOLE is then the rest. NULL: all is. */
    const char *parent;
    unsigned connections; /* 0: SW_SNAPSHOT_CONNECTIONS */
    uint64_t span_bytes;  /* how far readers are apart; as much is held in memory, 64 MiB at most */
};

/*
 * Lists the blocks; SW_FAILED when there is no such snapshot, or it is not completed. The image is to be read more or less
 * from front to back, by any number of threads, and is of the volume's size. With a parent it reads as zeros where nothing
 * differs, until sw_snapshot_lay_on. Close it with sw_image_close.
 */
SW_MUST_CHECK int sw_snapshot_open(const struct sw_snapshot_opts *opts, struct sw_image **out,
                                   struct sw_err *err);
/*
 * What does not differ from the parent reads as base does, which must outlive the image. Up to 8 blocks of the parent are
 * compared with it: SW_INTEGRITY when base is no disk of that snapshot. Before anything is read.
 */
SW_MUST_CHECK int sw_snapshot_lay_on(struct sw_image *img, struct sw_image *base, struct sw_err *err);

struct sw_snapshot_stats {
    uint64_t held_bytes;    /* of the blocks that are to be fetched */
    uint64_t fetched_bytes; /* over the line, so far */
};
/* Of an image that sw_snapshot_open made. */
void sw_snapshot_stats(const struct sw_image *img, struct sw_snapshot_stats *out);

#endif
