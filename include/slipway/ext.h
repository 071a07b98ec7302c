/* ext2, ext3 and ext4 as they would be had everything happened at one moment: what a layer changed of them, made reproducible. */
#ifndef SLIPWAY_EXT_H
#define SLIPWAY_EXT_H

#include "slipway/error.h"
#include "slipway/image.h"

#include <stddef.h>
#include <stdint.h>

/* The images are only read, stay the caller's and must outlive the pass. */
struct sw_ext_ask {
    struct sw_image *now; /* the disk, read through its whole chain */
    struct sw_image
        *top; /* its uppermost file alone (top_only): what it does not hold is looked at nowhere */
    struct sw_image *parent; /* the disk as it was before; may be shorter */
    int64_t epoch;           /* seconds since 1970: no later time is left in what changed */
};

/* A file system that was met. Texts are our own and fit to be shown. */
struct sw_ext_fs {
    uint64_t off_bytes;    /* where it begins on the disk */
    bool done;             /* it is shown normalised; else it is shown as it is, because … */
    char why[160];         /* … */
    uint64_t nr_inodes;    /* whose bytes were put right */
    uint64_t nr_changed;   /* blocks that were put right, of 4096 bytes */
    uint64_t hidden_bytes; /* of the top: free blocks and a clean journal, which read as the parent does */
};

/*
 * A pass over every such file system that fills a partition or the whole disk. Nothing is written anywhere: what the pass
 * changes is kept in memory (at most 128 MiB a file system; more leaves it as it is), and shown by two images over the
 * caller's. What they show is a function of what the file systems hold, of parent and of epoch alone: not of the wall
 * clock, of random generation numbers, of the journal's position or of blocks that were used and freed again.
 *
 * Of each inode that differs from the parent's: times after epoch become epoch, i_version becomes 0, a generation that the
 * parent's has not becomes a function of its number, and all checksums that hang on it follow. Inodes that are free now
 * are as the parent's, or zeros where that one was in use. The superblocks' stamps become epoch, their counts of mounts and
 * writes 0. The journal, and blocks that are free, read as in the parent.
 *
 * A file system that is not clean, is damaged or has features that are not known is shown as it is, and said so in its
 * sw_ext_fs. -1 only when a disk cannot be read, on an interrupt, or when memory is out.
 */
struct sw_ext;
SW_MUST_CHECK int sw_ext_open(const struct sw_ext_ask *ask, struct sw_ext **out, struct sw_err *err);

/* In the place of now and of top. They belong to the pass: closing them does nothing. Any thread may read them. */
struct sw_image *sw_ext_now(struct sw_ext *ext);
struct sw_image *sw_ext_top(struct sw_ext *ext);

size_t sw_ext_count(const struct sw_ext *ext);
const struct sw_ext_fs *sw_ext_at(const struct sw_ext *ext, size_t i); /* i < count */

/* NULL is allowed. */
void sw_ext_close(struct sw_ext *ext);

/*
 * The newest date that a file system's superblock has been written at (s_wtime), of all that fill a partition or the whole
 * disk; 0 when there is none.
 */
SW_MUST_CHECK int sw_ext_newest(struct sw_image *disk, int64_t *epoch, struct sw_err *err);

#endif
