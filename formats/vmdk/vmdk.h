/* The VMDK driver's own parts: opening, tables, reading, writing, the deflate codec. */
#ifndef SW_FORMATS_VMDK_H
#define SW_FORMATS_VMDK_H

#include "formats/drivers.h"
#include "formats/vmdk/vmdk_ondisk.h"

enum {
    VMDK_GTES_MAX = 512,
    VMDK_UNIT_SECTORS = 128, /* of what is written: VMware takes no larger grain in a stream */
    VMDK_UNIT_BYTES = VMDK_UNIT_SECTORS * SW_SECTOR_BYTES,
};

struct vmdk_image {
    struct sw_image base;
    uint32_t flags; /* enum vmdk_flag */
    uint32_t cid;   /* content id; what a child's parentCID must be */
    uint32_t grain_bytes;
    uint32_t gtes_per_gt;
    uint64_t gd_offset; /* sectors */
    uint64_t overhead;  /* sectors; no grain lies before */

    uint32_t *gd; /* sector of each grain table, host order; 0 where none is */
    uint32_t nr_gts;
    /* The tables that are there, one after another, when they are small enough to be kept; else NULL. */
    uint32_t *tables;
    uint32_t *slots; /* with tables: the place of each in it */

    /* Writing. */
    int level;
    uint64_t descriptor_sectors;
    uint32_t gt_index; /* the table that is being filled; UINT32_MAX before the first */
    uint32_t gt[VMDK_GTES_MAX];
};

static inline struct vmdk_image *vmdk_of(struct sw_image *img)
{
    return (struct vmdk_image *)img;
}

/* What the embedded text says. */
struct vmdk_descriptor {
    uint32_t cid;
    uint32_t parent_cid; /* UINT32_MAX: no parent */
    char create_type[64];
    char parent_hint[1024];
    unsigned nr_extents;
    uint64_t extent_sectors; /* of the last extent line … */
    char extent_type[16];    /* … and its type, such as "SPARSE" */
};

/* Parses len bytes of descriptor (up to the first NUL). name: of the file, for messages. */
SW_MUST_CHECK int vmdk_parse_descriptor(const char *text, size_t len, const char *name,
                                        struct vmdk_descriptor *out, struct sw_err *err);

/* True for a file that begins as a descriptor does. */
bool vmdk_is_descriptor(const uint8_t *head, size_t len);

/* Reads and checks directory and tables. The fields above gd are set. */
SW_MUST_CHECK int vmdk_load_tables(struct vmdk_image *vmdk, struct sw_err *err);

/*
 * The table that maps the gt'th stretch of the disk: *table is NULL when there is none, else gtes_per_gt checked
 * entries in host order, kept in the image or read into room.
 */
SW_MUST_CHECK int vmdk_table(struct vmdk_image *vmdk, uint32_t gt, uint32_t room[VMDK_GTES_MAX],
                             const uint32_t **table, struct sw_err *err);

/* codec.c: zlib streams, one a grain. */
struct vmdk_inflater;
struct vmdk_inflater *vmdk_inflater_new(struct sw_err *err);
void vmdk_inflater_free(struct vmdk_inflater *inflater);
/* Inflates into at most cap bytes; *len gets how many. -1 for bad data or more than cap (err is not set). */
SW_MUST_CHECK int vmdk_inflate(struct vmdk_inflater *inflater, const void *in, size_t in_len, void *out,
                               size_t cap, size_t *len);

struct vmdk_deflater;
SW_MUST_CHECK struct vmdk_deflater *vmdk_deflater_new(int level, struct sw_err *err);
void vmdk_deflater_free(struct vmdk_deflater *deflater);
/* Returns the length of the zlib stream, at most vmdk_deflate_bound(); 0 when it does not fit into cap. */
size_t vmdk_deflate(struct vmdk_deflater *deflater, const uint8_t *in, size_t in_len, uint8_t *out,
                    size_t cap);
/* Enough for a grain of VMDK_UNIT_BYTES at any level. */
size_t vmdk_deflate_bound(void);
enum { VMDK_LEVEL_DEFAULT = 1, VMDK_LEVEL_MAX = 12 };

/* Driver's functions; contracts in slipway/image.h. */
int vmdk_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out, struct sw_err *err);
int vmdk_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err);
int vmdk_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err);
int vmdk_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
                struct sw_err *err);
int vmdk_worker_new(const struct sw_image *img, void **worker, struct sw_err *err);
void vmdk_worker_free(const struct sw_image *img, void *worker);
int vmdk_encode(const struct sw_image *img, void *worker, struct sw_block *block, struct sw_err *err);
size_t vmdk_coded_bound(const struct sw_image *img);
int vmdk_put(struct sw_image *img, struct sw_block *block, struct sw_err *err);
int vmdk_finish(struct sw_image *img, struct sw_err *err);

#endif
