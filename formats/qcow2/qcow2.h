/* qcow2 inside: the parsed header, the map from guest to host clusters, the codecs. */
#ifndef SW_FORMATS_QCOW2_QCOW2_H
#define SW_FORMATS_QCOW2_QCOW2_H

#include "formats/drivers.h"
#include "formats/qcow2/ondisk.h"

#include <pthread.h>

struct qcow2_header {
    unsigned version;
    unsigned cluster_bits;
    unsigned compression;
    uint64_t size_bytes;
    uint64_t l1_off;
    uint32_t l1_size;
    uint32_t nr_snapshots;
    uint64_t snapshots_off;
    bool dirty;
    bool data_file;                                /* never set where the header was read without an error */
    bool extended;                                 /* L2 entries of two words, with subclusters */
    bool salvage;                                  /* what the opener asks for, not the file */
    char backing_name[QCOW2_BACKING_NAME_MAX + 1]; /* empty: none */
    char backing_format[64];                       /* empty: not stated */
};

/* Reads and checks the header and its extensions. Every refusal names the field, its value and its offset. */
SW_MUST_CHECK int qcow2_header_read(struct sw_in *in, struct qcow2_header *header, struct sw_err *err);

/*
 * Walks the table of internal snapshots: each record and its L1 table must lie in the file. Their disks are not read.
 */
SW_MUST_CHECK int qcow2_snapshots_check(struct sw_in *in, const struct qcow2_header *header,
                                        struct sw_err *err);

/* L2 tables that were read lately; a table has one place, by its number. */
enum { QCOW2_CACHE_SLOTS = 32 };

struct qcow2_slot {
    pthread_mutex_t lock;
    uint64_t *table; /* host byte order */
    uint64_t l1_index;
    bool valid;
};

/* What the L2 tables that were read so far say to be in the file. */
struct qcow2_claims {
    pthread_mutex_t lock;
    uint8_t *counted;      /* a bit for each L1 entry */
    uint64_t bytes;        /* what no codec can do without, and plain clusters */
    uint64_t sector_bytes; /* whole sectors, and plain clusters */
};

/* A unit is what has a place of its own: a cluster, or a subcluster where L2 entries are extended. */
struct qcow2_map {
    struct sw_in *in;
    unsigned version, cluster_bits;
    unsigned sub_bits;   /* a cluster has 1 << sub_bits units: one, or 32 */
    unsigned unit_bits;  /* a unit has 1 << unit_bits bytes */
    unsigned table_bits; /* an L2 table maps 1 << table_bits units */
    uint64_t size_bytes; /* of the virtual disk */
    bool salvage;        /* L1 entries may lead past the end of the file … */
    uint64_t nr_cut;     /* … and so many do */
    uint64_t *l1;        /* host byte order, checked */
    uint64_t l1_size;    /* entries that the disk needs */
    struct qcow2_claims claims;
    unsigned nr_slots;
    struct qcow2_slot slots[QCOW2_CACHE_SLOTS];
};

enum qcow2_kind { QCOW2_IS_HOLE, QCOW2_IS_ZERO, QCOW2_IS_PLAIN, QCOW2_IS_CODED };

/* Where a unit's bytes are. */
struct qcow2_place {
    enum qcow2_kind kind;
    uint64_t host;      /* PLAIN: of the unit. CODED: of the whole cluster */
    uint32_t coded_len; /* CODED: bytes to read, an upper bound */
};

/* Reads the L1 table afresh and checks each entry against the file. */
SW_MUST_CHECK int qcow2_map_open(struct qcow2_map *map, struct sw_in *in, const struct qcow2_header *header,
                                 struct sw_err *err);
void qcow2_map_close(struct qcow2_map *map);

/*
 * The places of *nr (at most max, at least 1) units from index on; it stops where an L2 table ends.
 * Entries are checked as far as they are given. Any thread.
 */
SW_MUST_CHECK int qcow2_map_get(struct qcow2_map *map, uint64_t index, unsigned max,
                                struct qcow2_place *places, unsigned *nr, struct sw_err *err);

/* Units from index on that no L2 table covers; 0 when one does. */
uint64_t qcow2_map_unmapped(const struct qcow2_map *map, uint64_t index);

/* *nr: units from index on that are holes because their L2 entries are empty, within the table. Any thread. */
SW_MUST_CHECK int qcow2_map_empty(struct qcow2_map *map, uint64_t index, uint64_t *nr, struct sw_err *err);

/* Words of an L2 entry. */
size_t qcow2_entry_words(const struct qcow2_map *map);

/* claims.c: clusters that share a place would make a small file a giant disk. */
SW_MUST_CHECK int qcow2_claims_open(struct qcow2_map *map, struct sw_err *err);
void qcow2_claims_close(struct qcow2_map *map);
/* Counts what a table claims, once; fails when all tables so far claim more than the file has. Any thread. */
SW_MUST_CHECK int qcow2_claims_add(struct qcow2_map *map, uint64_t l1_index, const uint64_t *table,
                                   struct sw_err *err);

/* entry.c: checks the L2 entry (one word, or two) of the unit and tells its place. */
SW_MUST_CHECK int qcow2_entry_place(const struct qcow2_map *map, uint64_t unit, const uint64_t *entry,
                                    struct qcow2_place *place, struct sw_err *err);
/* Fails with the number and the value of an entry. what: such as "L2". */
int qcow2_bad_entry(const struct qcow2_map *map, const char *what, uint64_t index, uint64_t entry,
                    const char *why, struct sw_err *err);

/* Decompression: contexts, and the clusters that were opened last. */
struct qcow2_decoders;
SW_MUST_CHECK struct qcow2_decoders *qcow2_decoders_new(struct sw_in *in, unsigned compression,
                                                        unsigned cluster_bits, struct sw_err *err);
void qcow2_decoders_free(struct qcow2_decoders *decoders);

/* len bytes at off of the cluster that place (CODED) holds. Any thread. */
SW_MUST_CHECK int qcow2_decode(struct qcow2_decoders *decoders, const struct qcow2_place *place, uint8_t *buf,
                               size_t len, size_t off, struct sw_err *err);

/* zstd compression for the writer. */
SW_MUST_CHECK int qcow2_encoder_new(int level, void **encoder, struct sw_err *err);
void qcow2_encoder_free(void *encoder);
/* Compresses len bytes of the block's data; coded_len stays 0 when the result would have more than most. */
SW_MUST_CHECK int qcow2_encode(void *encoder, struct sw_block *block, size_t len, size_t most,
                               struct sw_err *err);

/* The same with zlib (deflate.c); levels are 1 to 9. */
SW_MUST_CHECK int qcow2_deflater_new(int level, void **deflater, struct sw_err *err);
void qcow2_deflater_free(void *deflater);
SW_MUST_CHECK int qcow2_deflate(void *deflater, struct sw_block *block, size_t len, size_t most,
                                struct sw_err *err);

/* The driver's functions, read.c and write.c. */
SW_MUST_CHECK int qcow2_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out,
                             struct sw_err *err);
SW_MUST_CHECK int qcow2_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err);
SW_MUST_CHECK int qcow2_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent,
                                    struct sw_err *err);
void qcow2_reader_close(struct sw_image *img);

SW_MUST_CHECK int qcow2_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
                               struct sw_err *err);
SW_MUST_CHECK int qcow2_worker_new(const struct sw_image *img, void **worker, struct sw_err *err);
void qcow2_worker_free(const struct sw_image *img, void *worker);
SW_MUST_CHECK int qcow2_encode_block(const struct sw_image *img, void *worker, struct sw_block *block,
                                     struct sw_err *err);
size_t qcow2_coded_bound(const struct sw_image *img);
SW_MUST_CHECK int qcow2_put(struct sw_image *img, struct sw_block *block, struct sw_err *err);
SW_MUST_CHECK int qcow2_finish(struct sw_image *img, struct sw_err *err);
SW_MUST_CHECK int qcow2_save(const struct sw_image *img, uint64_t point, struct sw_buf *state,
                             uint64_t *kept_bytes, struct sw_err *err);
SW_MUST_CHECK int qcow2_restore(struct sw_image *img, uint64_t point, const void *state, size_t len,
                                struct sw_err *err);
void qcow2_writer_close(struct sw_image *img);

#endif
