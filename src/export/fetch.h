/* What the two ways of a fetch share. */
#ifndef SW_EXPORT_FETCH_H
#define SW_EXPORT_FETCH_H

#include "slipway/fetch.h"
#include "src/base/cleanup.h"
#include "src/export/check.h"

/* The bounds of a range's size: 8 MiB unless that would be more ranges than a journal holds. */
enum { FETCH_MAX_RANGES = 1 << 17 };
#define FETCH_RANGE_BYTES     (8ULL << 20)
#define FETCH_MAX_RANGE_BYTES (512ULL << 20)

struct fetch_disk;
struct fetch_place;

struct sw_fetch {
    struct sw_fetch_opts opts;
    struct sw_s3_facts facts;
    char *name; /* s3://… */
    uint64_t range_bytes, nr_ranges;
    struct sw_fetch_stats stats;
    struct object_check *check; /* NULL: nothing to hold it against */
    struct fetch_disk *disk;
    struct fetch_place *place;
};

/* The length of a range; all but the last have range_bytes. */
size_t fetch_range_len(const struct sw_fetch *fetch, uint64_t index);
/* Range index over the line into buf. Any thread; does not count it. */
SW_MUST_CHECK int fetch_range(const struct sw_fetch *fetch, uint64_t index, void *buf, struct sw_err *err);

/* Downloads all. On failure what was made of it is kept or removed as the failure asks for. */
SW_MUST_CHECK int disk_open(struct sw_fetch *fetch, const char *beside, struct sw_err *err);
SW_MUST_CHECK int disk_in(struct sw_fetch *fetch, struct sw_in **out, struct sw_err *err);
void disk_keep(struct sw_fetch *fetch);
void disk_close(struct sw_fetch *fetch);

SW_MUST_CHECK int place_open(struct sw_fetch *fetch, struct sw_err *err);
SW_MUST_CHECK int place_in(struct sw_fetch *fetch, struct sw_in **out, struct sw_err *err);
SW_MUST_CHECK int place_read_ahead(struct sw_fetch *fetch, uint64_t span_bytes, struct sw_err *err);
/* Feeds what has not been fed to the check. */
SW_MUST_CHECK int place_read_rest(struct sw_fetch *fetch, struct sw_err *err);
void place_close(struct sw_fetch *fetch);

#endif
