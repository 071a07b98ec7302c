/* What differs between two disks: partitions, files, packages, units, users, registry keys. */
#ifndef SLIPWAY_DIFF_H
#define SLIPWAY_DIFF_H

#include "slipway/guest.h"
#include "slipway/image.h"
#include "slipway/progress.h"

#include <jansson.h>

/* One of the two. */
struct sw_diff_side {
    const char *name;       /* as the user named it: untrusted */
    struct sw_image *image; /* readable from any thread */
};

struct sw_diff {
    struct sw_diff_side a, b;
    /* b is a layer over a: only what its own file holds is looked at for differing sectors. */
    bool over;
    bool times;       /* times of files count */
    int64_t latest_s; /* those from this one on, in seconds since 1970, count as it; 0: each as it is */
    bool unified;     /* with the differing lines of small texts */
    const char *const
        *globs; /* only files whose path is like one of them, and nothing but files; n 0: all there is */
    size_t nr_globs;
    unsigned jobs;
    enum sw_accel accel;
    bool stock_appliance;
    struct sw_progress *progress; /* of the comparison of sectors; may be NULL */
};

/*
 * An object with
 *   a, b, same, looked_at ("sectors": they are the same, and no file was looked at; "files"),
 *   partitions, files, packages, units, users, groups, registry: [{change: "added", "removed", "changed" or "renamed", name …,
 *     changes: {WHAT: {from, to}}}], files in order of path; from and to are null where there is none,
 *   counts: {added, removed, changed, renamed} of files,
 *   not_compared: [{where, why}]: whose bytes differ or may, and what they say is not known.
 * same is true when all lists are empty. Times never count without times. Texts of the disks are as sw_json_bytes makes them.
 * At most one launch of an appliance for each disk, none when no sector differs. A new reference.
 */
SW_MUST_CHECK json_t *sw_diff_disks(const struct sw_diff *diff, struct sw_err *err);

struct sw_describe {
    struct sw_diff_side disk;
    enum sw_accel accel;
    bool stock_appliance;
};

/*
 * What a disk holds, by one launch: an object with
 *   partitions and table, as preflight's evidence has them,
 *   filesystems: [{place, device, type, uuid, label, why (it could not be looked into)}],
 *   os: {NAME: text} of os-release, in lower case, or {}; kernels: [VERSION]; bootloader: [{kind, path}],
 *   packages, units, users, groups: {NAME: {…}}, with the members that a comparison's rows have,
 *   folders: [{path, bytes, files}] of files beneath, the largest first; bytes of a file with several names count once.
 * A new reference.
 */
SW_MUST_CHECK json_t *sw_describe_disk(const struct sw_describe *ask, struct sw_err *err);

#endif
