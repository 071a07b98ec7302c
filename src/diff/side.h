/* One of the two sides of a comparison: its file systems, where they are seen, and all that is in them. */
#ifndef SW_DIFF_SIDE_H
#define SW_DIFF_SIDE_H

#include "slipway/copy.h"
#include "slipway/diff.h"
#include "src/base/buf.h"

enum {
    DIFF_FILES_MAX = 4 << 20, /* of one side */
    DIFF_TEXT_MAX = 64 << 20, /* of a package database, and the like */
};
#define DIFF_SURVEY_MAX_BYTES ((size_t)1 << 30) /* of one file system */

/* A file system of a side. */
struct diff_fs {
    const struct sw_guest_fs *fs;
    char *label;    /* "[partition 2]", "[disk]" or "[/dev/vg/lv]" */
    char *place;    /* "/", "/boot", or the label where the guest mounts it nowhere */
    char *prefix;   /* the folder in it that is seen there ("root/" on btrfs); "" for all of it */
    uint64_t start; /* of its device on the disk; only when bare … */
    bool bare;      /* … its places are those of the disk, behind start */
    struct sw_buf survey;
};

struct diff_file {
    char *path; /* as the guest has it: "/etc/passwd" */
    const struct diff_fs *fs;
    struct sw_guest_entry entry;
};

struct diff_side {
    const char *name;
    uint64_t disk_bytes;
    struct sw_guest *guest;
    const json_t *evidence; /* of the disk; NULL: none */
    struct diff_fs *fss;
    size_t nr_fss;
    struct diff_file *files; /* by path, then by place */
    size_t nr_files;
};

/*
 * Surveys every file system of list that lies on the disk of that number, and finds out where the guest mounts them. list and
 * guest must outlive the side. extents: the places of bytes are wanted. Clear it, also on failure.
 */
SW_MUST_CHECK int diff_side_read(struct diff_side *side, const struct sw_guest_filesystems *list,
                                 unsigned disk, bool extents, struct sw_err *err);
void diff_side_clear(struct diff_side *side);

/* The file of that path; NULL: there is none. */
const struct diff_file *diff_side_find(const struct diff_side *side, const char *path);
/* Where it is for the side's guest. Free it. */
SW_MUST_CHECK char *diff_file_inside(const struct diff_file *file, struct sw_err *err);
/* Its bytes, at most max; 0 with *bytes NULL when the file is not there, no regular one, or larger. Free them. */
SW_MUST_CHECK int diff_side_get(const struct diff_side *side, const char *path, size_t max, char **bytes,
                                size_t *len, struct sw_err *err);

/* The number at the end of "/dev/sda3"; 0: it is a whole disk, or no partition. */
unsigned diff_partition_of(const char *device);
/* The partition of that number in the evidence of a disk; NULL: there is none. */
const json_t *diff_partition(const json_t *evidence, unsigned number);

#endif
