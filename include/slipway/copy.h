/* Copying one image into another through the pipeline. */
#ifndef SLIPWAY_COPY_H
#define SLIPWAY_COPY_H

#include "slipway/image.h"
#include "slipway/pipeline.h"

struct sw_damage; /* slipway/verify.h */

/*
 * Encoded units of one image of a chain, kept from an earlier copy into the same format with the same options. What
 * it gives must be what the target's encode would give; whatever goes wrong in it is its own affair, and costs time.
 */
struct sw_coded {
    /*
     * True when the unit at block->off is here: then kind is set, and for DATA coded and coded_len. Any worker, several
     * at once.
     */
    bool (*get)(struct sw_coded *self, struct sw_block *block);
    /* Offers a unit of that image that had to be encoded, or was found to be zeros. In order of off, one at a time. */
    void (*put)(struct sw_coded *self, const struct sw_block *block);
};

enum { SW_CODED_LEVELS_MAX = 64 }; /* images of a chain that are looked at */

struct sw_coded_cache {
    /* Fills items for the nr images of the chain, the top first; NULL where nothing is kept. */
    void (*open)(struct sw_coded_cache *self, const char *coding, uint32_t unit_bytes,
                 struct sw_coded **items, unsigned nr);
    /* Ends what open began. whole: the copy came to its end, so what was put may be kept. */
    void (*close)(struct sw_coded_cache *self, bool whole);
};

/* How a copy outlives an interruption. */
struct sw_resume {
    const char *program; /* the version of who writes: what another one began is not gone on with */
    int64_t every_ms;    /* between check-points; 0: after each block */
    bool restart;        /* begin anew in any case */
};

struct sw_copy {
    struct sw_image *src;           /* read through its whole chain */
    const struct sw_format *format; /* of the target */
    struct sw_create_opts create;   /* size_bytes 0: the source's, rounded up to a sector */
    struct sw_out *out;             /* the target's bytes; the caller commits it */
    unsigned jobs;                  /* 1 or more */
    struct sw_progress *progress;   /* may be NULL; counts bytes of data, not of holes */

    /*
     * For layers. Units that read the same in base are left out of the target, units of zeros over other bytes
     * become explicit zeros. NULL: units of zeros are left out.
     */
    struct sw_image *base;
    /* With base: only what top's own file holds (DATA or ZERO of its next_extent) is looked at; NULL: everything. */
    struct sw_image *top;

    /*
     * Where encoded units of src's chain are kept: units that one image alone holds are taken from there or offered.
     * Looked at when the format has a coding (slipway/image.h); not with base, and not where all bytes must be seen.
     */
    struct sw_coded_cache *coded;

    /* Noted in the same pass, see slipway/verify.h; not with top. */
    uint8_t *verity; /* gets the digest of the disk as it is written, SW_VERITY_BYTES; may be NULL */
    struct sw_damage
        *damage; /* gets what cannot be read and became zeros; NULL: the first of it is the error */

    /*
     * With an output of sw_out_open_partial, where sw_copy_can_resume says so: check-points are kept in its journal,
     * and the copy begins at the last one when source, options and program are the same. After SW_INTERRUPTED and
     * SW_REMOTE the output is told to keep what it has. NULL: nothing of that.
     */
    const struct sw_resume *resume;
};

struct sw_copy_stats {
    uint64_t virtual_bytes;
    uint64_t read_bytes;   /* of the source that had to be looked at */
    uint64_t data_bytes;   /* stored as data, before encoding */
    uint64_t zero_bytes;   /* stored as explicit zeros */
    uint64_t coded_bytes;  /* of read_bytes: taken from coded, neither read nor encoded */
    uint64_t stored_bytes; /* length of the target */
};

/*
 * True when the copy (src, format and create are looked at) may be gone on with: the driver can save its state, and all
 * files of the source tell when they change, which devices do not.
 */
bool sw_copy_can_resume(const struct sw_copy *copy);

enum { SW_COPY_IDENTITY_BYTES = 32 };

/*
 * A digest of all that the target's bytes depend on, without reading any: the stat of every file that src is made of (of a
 * device, its size alone), format and options as in copy (src, format and create are looked at), and the program's version.
 */
SW_MUST_CHECK int sw_copy_identity(const struct sw_copy *copy, const char *program,
                                   uint8_t digest[SW_COPY_IDENTITY_BYTES], struct sw_err *err);

/*
 * Creates, fills and finishes the target. Same bytes for any number of jobs. stats may be NULL. Fails where the source
 * keeps digests of its bytes (sw_image_verify) and one is wrong.
 */
SW_MUST_CHECK int sw_copy_image(const struct sw_copy *copy, struct sw_copy_stats *stats, struct sw_err *err);

/*
 * Reads both images and compares the virtual disks; zeros beyond the shorter one's end count as equal.
 * *differs_at is the first differing byte, or UINT64_MAX when they are the same.
 */
SW_MUST_CHECK int sw_compare_images(struct sw_image *a, struct sw_image *b, unsigned jobs,
                                    uint64_t *differs_at, struct sw_err *err);

/* A run of bytes. */
struct sw_range {
    uint64_t off, len;
};

enum { SW_RANGES_MAX = 1 << 22 };

/* Ascending, and apart from each other. Past SW_RANGES_MAX of them the last one takes in what lies between. */
struct sw_ranges {
    struct sw_range *items;
    size_t n;
};
void sw_ranges_clear(struct sw_ranges *ranges);
/* Whether any of them has a byte of the len from off on. */
bool sw_ranges_touch(const struct sw_ranges *ranges, uint64_t off, uint64_t len);

struct sw_compare {
    struct sw_image *a, *b;
    struct sw_image
        *top; /* where b lies over a: b, and then only what its own file holds is looked at; else NULL */
    unsigned jobs;
    struct sw_progress *progress; /* may be NULL */
};

/* The same, but all of it: every sector in which the disks differ. Clear out. */
SW_MUST_CHECK int sw_compare_ranges(const struct sw_compare *ask, struct sw_ranges *out, struct sw_err *err);

/* True when all len bytes are zero; vectorised. */
bool sw_is_zero(const void *bytes, size_t len);

#endif
