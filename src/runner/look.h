/* What a look writes: records, one after the other, each a head and then its three parts. Numbers are little-endian. */
#ifndef SW_RUNNER_LOOK_H
#define SW_RUNNER_LOOK_H

/*
 * What a look is told, a line each, words parted by tabs:
 *   devices N            tells of every device of the first N disks, mounts what can be mounted at DIR/NAME, and looks at
 *                        what is wanted there; the record's group is the device's place, from 0
 *   mount NAME TYPE      mounts one device at DIR/NAME
 *   root FOLDER GROUP    the guest's root: beneath DIR when it is relative
 *   bind FOLDER POINT    shows FOLDER (likewise) at POINT of the root
 *   want GLOB BYTES      files of the root that are told of, and how many of their bytes
 *   skip GLOB            names that are not wanted
 *   walk                 looks
 * Everything is mounted read-only, and no log is replayed.
 */
enum look_kind {
    LOOK_DEVICE =
        1,     /* path: its name; link: "KEY=VALUE\n…"; size: of it; numbers: disks as bits, btrfs' tree */
    LOOK_FILE, /* path: in the root; link: where a link leads; data: the first bytes of what it is or leads to */
    LOOK_MOUNT, /* path: where; numbers: bytes free, inodes free; NO_INODES */
    LOOK_END,   /* the last of all */
};

enum look_flag {
    LOOK_CUT = 1,       /* there are more bytes than data has */
    LOOK_DANGLING = 2,  /* a link that leads nowhere */
    LOOK_LABELLED = 4,  /* it has an SELinux label */
    LOOK_NO_INODES = 8, /* this file system does not count them */
    LOOK_UNREAD = 16,   /* it could not be read */
    LOOK_LEFT_OUT = 32, /* there is more than a look tells of */
};

/* magic 4, kind 2, flags 2, mode 4, owner 4, group 4, path 4, link 4, data 8, size 8, numbers 2 times 8, nothing 8 */
#define LOOK_MAGIC 0x4b4f4f4cu
enum {
    LOOK_HEAD_BYTES = 68,
    LOOK_PATH_MAX = 4095,
    LOOK_DEVICE_HEAD = 68 << 10, /* reaches btrfs' super block */
    LOOK_DEVICES_MAX = 256,
    LOOK_ENTRIES_MAX = 60000,
    LOOK_WANTS_MAX = 160,
};
#define LOOK_FILE_MAX  (256ull << 20)
#define LOOK_TOTAL_MAX (420ull << 20)

#endif
