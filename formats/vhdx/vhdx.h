/* The VHDX driver's own parts: the replayed file, its tables, reading and writing the disk in it. */
#ifndef SW_FORMATS_VHDX_H
#define SW_FORMATS_VHDX_H

#include "formats/drivers.h"
#include "formats/vhdx/vhdx_ondisk.h"
#include "src/base/digest.h"

/* Blocks are filled in pieces of this, so that nobody needs a buffer for a whole one. */
enum { VHDX_UNIT_BYTES = 2 << 20 };

/* What a log's replay lays over the file; NULL where there is nothing to replay. */
struct vhdx_overlay;

struct vhdx_image {
    struct sw_image base;
    uint64_t file_end; /* reading: the file's length after the replay */
    uint8_t data_write_guid[VHDX_GUID_BYTES];
    uint64_t log_at;
    uint32_t log_bytes;
    struct vhdx_overlay *overlay;

    uint64_t metadata_at;
    uint32_t metadata_bytes;
    uint32_t block_bytes;
    uint32_t sector_bytes; /* logical */
    uint32_t flags;        /* of the file parameters */
    uint8_t *locator;      /* the parent locator's item, or NULL */
    uint32_t locator_bytes;
    char *parent_name;

    uint64_t bat_at;
    uint64_t bat_bytes;
    uint64_t nr_blocks;
    uint32_t chunk_blocks; /* blocks that one sector bitmap block is for */
    uint64_t *bat;         /* the entries in host order; NULL when they are read where they are used */

    /* Writing. */
    int64_t epoch;
    uint64_t next_block;
    uint64_t open_block;       /* the one that is being filled: its number … */
    uint64_t open_at;          /* … and place; 0: none */
    struct sw_content content; /* what the identifiers are made of */
};

/* A place in the file that something lies at. */
struct vhdx_range {
    uint64_t at, len;
};

/* The block table's view of a block. */
struct vhdx_block {
    enum vhdx_state state;
    uint64_t at; /* FULLY and PARTIALLY_PRESENT only */
};

static inline struct vhdx_image *vhdx_of(struct sw_image *img)
{
    return (struct vhdx_image *)img;
}

/* CRC-32C; the four bytes at skip count as zero. */
uint32_t vhdx_checksum(const void *bytes, size_t len, size_t skip);
/* The same in pieces: begin with 0. */
uint32_t vhdx_crc(uint32_t crc, const void *bytes, size_t len);

/* Drivers' functions; contracts in slipway/image.h. */
int vhdx_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out, struct sw_err *err);
int vhdx_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err);
int vhdx_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err);
int vhdx_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
                struct sw_err *err);
int vhdx_put(struct sw_image *img, struct sw_block *block, struct sw_err *err);
int vhdx_finish(struct sw_image *img, struct sw_err *err);
/* Frees what is the driver's, not the input. */
void vhdx_free(struct vhdx_image *vhdx);

/* The newer valid header: identifiers, place of the log. base.in is set. *log_guid is for the replay. */
SW_MUST_CHECK int vhdx_read_header(struct vhdx_image *vhdx, uint8_t log_guid[VHDX_GUID_BYTES],
                                   struct sw_err *err);

/* Finds the log's active sequence and makes the overlay of it; sets file_end. log_guid is not zero. */
SW_MUST_CHECK int vhdx_replay(struct vhdx_image *vhdx, const uint8_t log_guid[VHDX_GUID_BYTES],
                              struct sw_err *err);

/* What a replayed log wants at places of the file: in the order of the log, later ones win. */
struct vhdx_write {
    uint64_t off;
    uint64_t len;     /* VHDX_LOG_SECTOR for data */
    uint64_t data_at; /* the data sector's place in the file; 0: zeros */
    uint8_t ends[12]; /* data: its first 8 bytes and its last 4 */
};
enum { VHDX_WRITES_MAX = 512 << 10 };

/* Takes over writes (n of them, allocated), also on failure. */
SW_MUST_CHECK struct vhdx_overlay *vhdx_overlay_new(struct vhdx_write *writes, size_t n, struct sw_err *err);
void vhdx_overlay_free(struct vhdx_overlay *overlay);
/* The write that holds off, or NULL; *len is where that ends to be so, from off on. */
const struct vhdx_write *vhdx_overlay_at(const struct vhdx_overlay *overlay, uint64_t off, uint64_t *len);

/* Reads the file as it is after the replay: the overlay's bytes, the file's, zeros from its end to file_end. */
SW_MUST_CHECK int vhdx_read(const struct vhdx_image *vhdx, void *buf, size_t len, uint64_t off,
                            struct sw_err *err);

/* The region table: where metadata and block table lie. *taken: all regions, *n of them; free it. */
SW_MUST_CHECK int vhdx_read_regions(struct vhdx_image *vhdx, struct vhdx_range **taken, size_t *n,
                                    struct sw_err *err);
/* The metadata: block size, sizes of disk and sectors, the parent locator. */
SW_MUST_CHECK int vhdx_read_metadata(struct vhdx_image *vhdx, struct sw_err *err);

/* Checks every entry of the block table against the file, the n taken places and each other. */
SW_MUST_CHECK int vhdx_check_blocks(struct vhdx_image *vhdx, const struct vhdx_range *taken, size_t n,
                                    struct sw_err *err);
/* One block's entry. */
SW_MUST_CHECK int vhdx_block_at(const struct vhdx_image *vhdx, uint64_t i, struct vhdx_block *block,
                                struct sw_err *err);
/*
 * Moves *i on, up to end, past blocks without bytes: those that are holes, or those that hide a parent with zeros.
 */
SW_MUST_CHECK int vhdx_absent_until(const struct vhdx_image *vhdx, uint64_t *i, uint64_t end, bool hole,
                                    struct sw_err *err);
/* Where the sector bitmap lies that has block i's bits. */
SW_MUST_CHECK int vhdx_bitmap_at(const struct vhdx_image *vhdx, uint64_t i, uint64_t *at, struct sw_err *err);

/* Opens the parent that a differencing disk names, by opts' resolver, and checks its identifier. */
SW_MUST_CHECK int vhdx_open_parent(struct vhdx_image *vhdx, const struct sw_open_opts *opts,
                                   struct sw_err *err);

#endif
