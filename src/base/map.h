/* Files in memory without a copy, a window at a time. */
#ifndef SW_BASE_MAP_H
#define SW_BASE_MAP_H

#include "slipway/io.h"

/*
 * A window of a file as it is in the page cache: others may change it at any time, so whatever is read twice may differ. Not
 * for what is verified, then used.
 */
struct sw_map {
    const uint8_t *bytes;
    size_t len;
    volatile bool unreadable; /* some of it could not be read: the file was cut, or the medium failed */
    void *pages;
    size_t pages_len;
};

/*
 * Maps len bytes at off, of an input that sw_in_open_file made, for the calling thread, which holds one window at a time. -1
 * where that cannot be done: read then. What cannot be read reads as zeros, which sw_map_end tells.
 */
SW_MUST_CHECK int sw_map_begin(struct sw_map *map, const struct sw_in *in, uint64_t off, size_t len);
/* Unmaps. -1 when some of it was not what the file has: reading says why. */
SW_MUST_CHECK int sw_map_end(struct sw_map *map);

#endif
