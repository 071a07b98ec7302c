/* The inside of a look, shared by look.c, look_devices.c and look_main.c. */
#ifndef SW_RUNNER_LOOK_PRIVATE_H
#define SW_RUNNER_LOOK_PRIVATE_H

#include "src/runner/look.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { LOOK_POINTS_MAX = 64, LOOK_SKIPS_MAX = 16 };

struct look_want {
    const char *glob;
    uint64_t bytes;
};

struct look {
    FILE *out;
    char dir[PATH_MAX];  /* where devices are mounted */
    char root[PATH_MAX]; /* of the guest */
    uint32_t group;
    uint64_t total;
    size_t entries;
    bool left_out;
    struct look_want wants[LOOK_WANTS_MAX];
    size_t nr_wants;
    const char *skips[LOOK_SKIPS_MAX];
    size_t nr_skips;
    const char *points[LOOK_POINTS_MAX];
    size_t nr_points;
};

struct look_record {
    enum look_kind kind;
    unsigned flags, mode;
    uint32_t owner;
    const char *path, *link;
    uint64_t data, size, numbers[2];
};

/* The head and the names; data follows by look_copy. */
int look_emit(struct look *look, const struct look_record *record);
int look_copy(struct look *look, int fd, uint64_t bytes);
int look_walk(struct look *look);
int look_bind(struct look *look, const char *folder, const char *point);
/* look_devices.c */
int look_devices(struct look *look, unsigned nr_disks);
int look_mount(struct look *look, const char *name, const char *type);
/* The whole program: IN and OUT are files. Its exit status. */
int look_main(const char *in, const char *out, const char *dir);

#endif
