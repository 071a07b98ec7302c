/* What a folder's bytes lie on: memory, an encrypted device, or a plain one. */
#ifndef SW_BASE_MEDIUM_H
#define SW_BASE_MEDIUM_H

#include "slipway/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sw_medium {
    SW_MEDIUM_MEMORY,    /* tmpfs, ramfs */
    SW_MEDIUM_ENCRYPTED, /* every device beneath it is dm-crypt's; a btrfs of several devices never counts */
    SW_MEDIUM_PLAIN,     /* anything else, and what nothing can be said of */
};

/* By the device or the mount that path lies on. */
SW_MUST_CHECK int sw_medium_of(const char *path, enum sw_medium *out, struct sw_err *err);

/*
 * True when the block device is dm-crypt's (integrity and verity alone are not), or made of nothing but such ones (LVM, RAID, a partition). sys: /sys, or what stands
 * for it in a test.
 */
bool sw_device_is_encrypted(const char *sys, unsigned major, unsigned minor);

/* The source of the mount with that id in the text of a mountinfo; false when there is none that fits out. */
bool sw_mount_source(const char *mountinfo, uint64_t mount_id, char *out, size_t size);

#endif
