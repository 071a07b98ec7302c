/* The VMDK driver's own parts: opening, tables, reading, writing, the deflate codec. */
#ifndef SW_FORMATS_VMDK_H
#define SW_FORMATS_VMDK_H

#include "formats/drivers.h"
#include "formats/vmdk/vmdk_ondisk.h"
#include "src/base/buf.h"

enum {
    VMDK_GTES_MAX = 512,
    VMDK_COWD_GTES = 4096,
    VMDK_TABLE_MAX = VMDK_COWD_GTES, /* entries of the largest table */
    VMDK_UNIT_SECTORS = 128,         /* of what is written: VMware takes no larger grain in a stream */
    VMDK_UNIT_BYTES = VMDK_UNIT_SECTORS * SW_SECTOR_BYTES,
};

#define VMDK_NO_TABLE UINT32_MAX

/* What may still be kept of the tables of one image, over all of its extents. */
struct vmdk_room {
    uint64_t gd_entries;
    uint64_t table_bytes;
};

/* A file of grains: a hosted sparse extent, or one of ESX's (COWD). Offsets are within its own stretch of the disk. */
struct vmdk_sparse {
    struct sw_in *in;    /* not owned */
    uint64_t size_bytes; /* of the stretch that it maps */
    uint32_t flags;      /* enum vmdk_flag */
    uint32_t grain_bytes;
    uint32_t gtes_per_gt;
    uint64_t gd_offset;  /* sectors */
    uint64_t rgd_offset; /* sectors; 0 where there is no second directory */
    uint64_t overhead;   /* sectors; no grain lies before */
    bool unclean;        /* not closed by its writer */
    bool salvage;        /* directory entries may lead past the end of the file … */
    uint64_t nr_cut;     /* … and so many do */

    uint32_t *gd;  /* sector of each grain table, host order; 0 where none is */
    uint32_t *rgd; /* the second one, with the same ones absent, or NULL */
    uint32_t nr_gts;
    /* The tables that are there, one after another, when they are small enough to be kept; else NULL. */
    uint32_t *tables;
    uint32_t *slots; /* with tables: the place of each in it */
};

enum vmdk_part_kind { VMDK_PART_FLAT, VMDK_PART_SPARSE, VMDK_PART_ZERO };

/* A stretch of the disk that one extent line describes. */
struct vmdk_part {
    uint64_t off, len; /* bytes of the disk */
    enum vmdk_part_kind kind;
    struct sw_in *in;           /* FLAT: not owned */
    uint64_t in_off;            /* FLAT: bytes */
    struct vmdk_sparse *sparse; /* SPARSE: owned */
};

struct vmdk_image {
    struct sw_image base;
    uint32_t cid; /* content id; what a child's parentCID must be */
    bool delta;   /* it has a parent, opened or not */
    char *parent_hint;

    /* Reading: they cover the disk in ascending order. */
    struct vmdk_part *parts;
    size_t nr_parts;

    /* Writing. */
    int level;
    uint64_t descriptor_sectors;
    uint32_t *gd; /* as it is written */
    uint32_t nr_gts;
    uint32_t gt_index; /* the table that is being filled; VMDK_NO_TABLE before the first */
    uint32_t gt[VMDK_GTES_MAX];
    uint64_t next_sector; /* monolithicSparse: where the next grain goes */
};

static inline struct vmdk_image *vmdk_of(struct sw_image *img)
{
    return (struct vmdk_image *)img;
}

/* An extent line. Texts point into the descriptor's own copy. */
struct vmdk_line {
    unsigned number;  /* of the line */
    bool no_access;   /* NOACCESS, not RW or RDONLY */
    uint64_t sectors; /* never 0 */
    const char *type; /* such as "SPARSE" */
    const char *name; /* of a file or a device: untrusted text; NULL where none is given */
    bool has_offset;
    uint64_t offset; /* sectors */
};

/* What the text says. It owns memory: zero-initialise it, and free it after a failure too. */
struct vmdk_descriptor {
    uint32_t cid;
    uint32_t parent_cid; /* UINT32_MAX: no parent */
    char create_type[64];
    char parent_hint[1024];
    struct vmdk_line *lines;
    size_t nr_lines;
    char *text;
};

/* Parses len bytes of descriptor (up to the first NUL) into an empty out. name: of the file, for messages. */
SW_MUST_CHECK int vmdk_parse_descriptor(const char *text, size_t len, const char *name,
                                        struct vmdk_descriptor *out, struct sw_err *err);
void vmdk_descriptor_free(struct vmdk_descriptor *descriptor);
#define VMDK_AUTO_DESCRIPTOR SW_CLEANUP(vmdk_descriptor_free)

/* True for a file that begins as a descriptor does. */
bool vmdk_is_descriptor(const uint8_t *head, size_t len);

enum { VMDK_DESCRIPTOR_MAX_BYTES = 256 << 10, VMDK_LINES_MAX = 4096 };

/* What the descriptor of a new disk says. */
struct vmdk_shape {
    uint64_t size_bytes;
    const char *create_type, *access, *extent_name;
};

/* describe.c: the same text for the same shape and stamp. */
SW_MUST_CHECK int vmdk_describe(const struct vmdk_shape *shape, int64_t epoch, struct sw_buf *out,
                                struct sw_err *err);

/* Fails with SW_INTEGRITY: this field of the header at this place of the file is wrong. */
int vmdk_bad_field(const struct sw_in *in, const char *field, uint64_t value, uint64_t at, const char *why,
                   struct sw_err *err);
/*
 * Takes the header of a hosted sparse extent (of the footer too, where it has one), all of it checked but size_bytes,
 * which is the header's capacity. header: a copy of it.
 */
SW_MUST_CHECK int vmdk_read_header(struct sw_in *in, struct vmdk_sparse *out, struct vmdk_header *header,
                                   struct sw_err *err);
/* The same for ESX's COWD. */
SW_MUST_CHECK int vmdk_read_cowd(struct sw_in *in, struct vmdk_sparse *out, struct sw_err *err);

/* Reads and checks directory and tables, and takes what is kept of them from room. The fields above gd are set. */
SW_MUST_CHECK int vmdk_load_tables(struct vmdk_sparse *sparse, struct vmdk_room *room, struct sw_err *err);
void vmdk_sparse_free(struct vmdk_sparse *sparse);

enum { VMDK_GD_MAX_ENTRIES = 4 << 20 /* 128 TiB in the usual shape */, VMDK_TABLES_MAX_BYTES = 8 << 20 };

/*
 * The table that maps the gt'th stretch of the extent: *table is NULL when there is none, else gtes_per_gt checked
 * entries in host order, kept in the extent or read into room.
 */
SW_MUST_CHECK int vmdk_table(const struct vmdk_sparse *sparse, uint32_t gt, uint32_t room[VMDK_TABLE_MAX],
                             const uint32_t **table, struct sw_err *err);

/*
 * parts.c: opens what the lines of a descriptor name, through opts->parents only, and checks that it is there. Files
 * go to image->base.others. The sum of the lines is the size of the disk.
 */
SW_MUST_CHECK int vmdk_open_parts(struct vmdk_image *image, const struct vmdk_descriptor *descriptor,
                                  const struct sw_open_opts *opts, struct sw_err *err);
void vmdk_parts_free(struct vmdk_image *image);

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
/*
 * Returns the length of the zlib stream: a function of the bytes and the level alone, at most vmdk_deflate_bound(), for
 * which out must have room. 0 for more than VMDK_UNIT_BYTES.
 */
size_t vmdk_deflate(struct vmdk_deflater *deflater, const uint8_t *in, size_t in_len, uint8_t *out);
/* Enough for a grain of VMDK_UNIT_BYTES at any level. */
size_t vmdk_deflate_bound(void);
enum { VMDK_LEVEL_FAST = 1, VMDK_LEVEL_DEFAULT = VMDK_LEVEL_FAST, VMDK_LEVEL_MAX = 12 };
/* Names what a level does to a grain: the same name, the same bytes. */
const char *vmdk_deflate_name(int level);

/* Reading; contracts in slipway/image.h. */
int vmdk_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out, struct sw_err *err);
int vmdk_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err);
int vmdk_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err);

/* write.c: streamOptimized. */
int vmdk_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
                struct sw_err *err);
int vmdk_worker_new(const struct sw_image *img, void **worker, struct sw_err *err);
void vmdk_worker_free(const struct sw_image *img, void *worker);
int vmdk_encode(const struct sw_image *img, void *worker, struct sw_block *block, struct sw_err *err);
size_t vmdk_coded_bound(const struct sw_image *img);
const char *vmdk_coding(const struct sw_image *img);
int vmdk_put(struct sw_image *img, struct sw_block *block, struct sw_err *err);
int vmdk_finish(struct sw_image *img, struct sw_err *err);
int vmdk_save(const struct sw_image *img, uint64_t point, struct sw_buf *state, uint64_t *kept_bytes,
              struct sw_err *err);
int vmdk_restore(struct sw_image *img, uint64_t point, const void *state, size_t len, struct sw_err *err);

/* write_sparse.c: monolithicSparse. */
int vmdk_sparse_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
                       struct sw_err *err);
int vmdk_sparse_put(struct sw_image *img, struct sw_block *block, struct sw_err *err);
int vmdk_sparse_finish(struct sw_image *img, struct sw_err *err);

#endif
