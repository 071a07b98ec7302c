/* Writing qcow2 in one pass: clusters as they come, each L2 table once it is full, the rest at the end. */
#include "formats/qcow2/writer.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"

#include <string.h>
#include <strings.h>

enum {
    CLUSTER_BYTES = 64 << 10,         /* of images that are written to, or that lie on another one */
    PACKED_CLUSTER_BYTES = 256 << 10, /* of those that are packed with zstd and stand alone */
    DEFAULT_LEVEL = 1,
    ZSTD_LEVEL_MAX = 19, /* the higher ones want hundreds of MiB a worker */
    ZLIB_LEVEL_MAX = 9,
    REFCOUNT_ORDER = 4,
    REFCOUNT_BYTES = 2,
    REFCOUNT_MAX = 65535,
};

/* What finish places behind the data; in clusters. */
struct tail {
    uint64_t l1, nr_l1;
    uint64_t reftable, nr_reftable;
    uint64_t refblocks, nr_refblocks;
    uint64_t end;
};

static uint64_t cluster_bytes(const struct qcow2_writer *writer)
{
    return UINT64_C(1) << writer->cluster_bits;
}

static void writer_free(struct qcow2_writer *writer)
{
    free(writer->backing_name);
    free(writer->backing_format);
    free(writer->l1);
    free(writer->l2);
    free(writer->refs);
    free(writer);
}
SW_DEFINE_AUTO(writer, struct qcow2_writer, writer_free)

void qcow2_writer_close(struct sw_image *img)
{
    writer_free(qcow2_writer_of(img));
}

/* Counts one more reference to clusters first … last. */
static int add_refs(struct qcow2_writer *writer, uint64_t first, uint64_t last, struct sw_err *err)
{
    while (last >= writer->refs_cap) {
        size_t cap = writer->refs_cap > 0 ? writer->refs_cap * 2 : 4096;
        uint16_t *grown = realloc(writer->refs, cap * sizeof(*grown));

        if (grown == NULL)
            return sw_fail(err, SW_FAILED, "out of memory (%zu reference counts)", cap);
        memset(grown + writer->refs_cap, 0, (cap - writer->refs_cap) * sizeof(*grown));
        writer->refs = grown;
        writer->refs_cap = cap;
    }
    for (uint64_t at = first; at <= last; at++)
        writer->refs[at]++;
    return 0;
}

static int take_clusters(struct qcow2_writer *writer, uint64_t nr, uint64_t *host, struct sw_err *err)
{
    *host = writer->nr_clusters << writer->cluster_bits;
    writer->nr_clusters += nr;
    return nr > 0 ? add_refs(writer, writer->nr_clusters - nr, writer->nr_clusters - 1, err) : 0;
}

/* Room for a compressed cluster: right behind the last one where that is in one piece, else in a new cluster. */
static int take_packed(struct qcow2_writer *writer, size_t len, uint64_t *host, struct sw_err *err)
{
    uint64_t mask = cluster_bytes(writer) - 1;
    uint64_t at = writer->packed, last;
    uint64_t rest = (cluster_bytes(writer) - (at & mask)) & mask;
    bool at_end = sw_div_up(at, cluster_bytes(writer)) == writer->nr_clusters;

    if (at == 0 || rest == 0 || (rest < len && !at_end) ||
        writer->refs[at >> writer->cluster_bits] == REFCOUNT_MAX)
        at = writer->nr_clusters << writer->cluster_bits;
    last = (at + len - 1) >> writer->cluster_bits;
    writer->nr_clusters = sw_max_u64(writer->nr_clusters, last + 1);
    writer->packed = at + len;
    *host = at;
    return add_refs(writer, at >> writer->cluster_bits, last, err);
}

static int flush_l2(struct qcow2_writer *writer, struct sw_err *err)
{
    size_t bytes = (size_t)cluster_bytes(writer);
    uint64_t host;

    if (writer->l2_index == QCOW2_NO_TABLE)
        return 0;
    if (take_clusters(writer, 1, &host, err) < 0 ||
        sw_out_pwrite(writer->base.out, writer->l2, bytes, host, err) < 0)
        return -1;
    be64_put(&writer->l1[writer->l2_index], host | QCOW2_COPIED);
    memset(writer->l2, 0, bytes);
    writer->l2_index = QCOW2_NO_TABLE;
    return 0;
}

/* Sets the entry of the guest cluster, which must not lie before the last one's table. */
static int set_entry(struct qcow2_writer *writer, uint64_t index, uint64_t entry, struct sw_err *err)
{
    unsigned l2_bits = writer->cluster_bits - 3;
    uint64_t table = index >> l2_bits;

    if (table != writer->l2_index && flush_l2(writer, err) < 0)
        return -1;
    if (writer->l1[table] != 0)
        return sw_fail(err, SW_FAILED, "qcow2 cluster %llu comes out of order", (unsigned long long)index);
    writer->l2_index = table;
    be64_put(&writer->l2[index & ((UINT64_C(1) << l2_bits) - 1)], entry);
    return 0;
}

static int put_zeros(struct qcow2_writer *writer, const struct sw_block *block, struct sw_err *err)
{
    uint64_t end = sw_div_up(block->off + block->len, cluster_bytes(writer));

    /* Without a parent what is not there reads as zeros anyhow. */
    if (writer->backing_name == NULL)
        return 0;
    for (uint64_t at = block->off >> writer->cluster_bits; at < end; at++)
        if (set_entry(writer, at, QCOW2_ZERO, err) < 0)
            return -1;
    return 0;
}

static int put_coded(struct qcow2_writer *writer, const struct sw_block *block, struct sw_err *err)
{
    uint64_t host, more;

    if (take_packed(writer, block->coded_len, &host, err) < 0 ||
        sw_out_pwrite(writer->base.out, block->coded, block->coded_len, host, err) < 0)
        return -1;
    more = (host + block->coded_len - 1) / SW_SECTOR_BYTES - host / SW_SECTOR_BYTES;
    return set_entry(writer, block->off >> writer->cluster_bits,
                     QCOW2_COMPRESSED | more << qcow2_coded_bits(writer->cluster_bits) | host, err);
}

static int put_plain(struct qcow2_writer *writer, const struct sw_block *block, struct sw_err *err)
{
    uint64_t host;

    /* A short last cluster ends in a hole, since tables always follow. */
    if (take_clusters(writer, 1, &host, err) < 0 ||
        sw_out_pwrite(writer->base.out, block->data, (size_t)block->len, host, err) < 0)
        return -1;
    return set_entry(writer, block->off >> writer->cluster_bits, host | QCOW2_COPIED, err);
}

int qcow2_put(struct sw_image *img, struct sw_block *block, struct sw_err *err)
{
    struct qcow2_writer *writer = qcow2_writer_of(img);

    if (block->off % cluster_bytes(writer) != 0)
        return sw_fail(err, SW_FAILED, "a block at %llu does not begin at a cluster",
                       (unsigned long long)block->off);
    if (block->kind == SW_BLOCK_ZERO)
        return put_zeros(writer, block, err);
    return block->coded_len > 0 ? put_coded(writer, block, err) : put_plain(writer, block, err);
}

int qcow2_worker_new(const struct sw_image *img, void **worker, struct sw_err *err)
{
    const struct qcow2_writer *writer = qcow2_writer_of(img);

    if (!writer->compress)
        return 0;
    return writer->compression == QCOW2_COMPRESSION_ZLIB ? qcow2_deflater_new(writer->level, worker, err)
                                                         : qcow2_encoder_new(writer->level, worker, err);
}

void qcow2_worker_free(const struct sw_image *img, void *worker)
{
    if (qcow2_writer_of(img)->compression == QCOW2_COMPRESSION_ZLIB)
        qcow2_deflater_free(worker);
    else
        qcow2_encoder_free(worker);
}

size_t qcow2_coded_bound(const struct sw_image *img)
{
    return qcow2_writer_of(img)->compress ? img->unit_bytes : 0;
}

int qcow2_encode_block(const struct sw_image *img, void *worker, struct sw_block *block, struct sw_err *err)
{
    size_t unit = img->unit_bytes;

    block->coded_len = 0;
    if (!qcow2_writer_of(img)->compress)
        return 0;
    /* A compressed cluster is always a whole one. */
    memset(block->data + block->len, 0, unit - (size_t)block->len);
    /* Saving less than one part in 64 is not worth decompressing. */
    return qcow2_writer_of(img)->compression == QCOW2_COMPRESSION_ZLIB
               ? qcow2_deflate(worker, block, unit, unit - unit / 64, err)
               : qcow2_encode(worker, block, unit, unit - unit / 64, err);
}

/* The tables' places behind what is there; the reference counts also count themselves. */
static struct tail plan_tail(const struct qcow2_writer *writer)
{
    uint64_t per_block = cluster_bytes(writer) / REFCOUNT_BYTES;
    struct tail tail = {.l1 = writer->nr_clusters,
                        .nr_l1 = sw_div_up(writer->l1_size * 8, cluster_bytes(writer))};

    for (;;) {
        uint64_t blocks, tables;

        tail.reftable = tail.l1 + tail.nr_l1;
        tail.refblocks = tail.reftable + tail.nr_reftable;
        tail.end = tail.refblocks + tail.nr_refblocks;
        blocks = sw_div_up(tail.end, per_block);
        tables = sw_div_up(blocks * 8, cluster_bytes(writer));
        if (blocks == tail.nr_refblocks && tables == tail.nr_reftable)
            return tail;
        tail.nr_refblocks = blocks;
        tail.nr_reftable = tables;
    }
}

static int write_refcounts(struct qcow2_writer *writer, const struct tail *tail, struct sw_err *err)
{
    size_t table_bytes = (size_t)(tail->nr_reftable << writer->cluster_bits);
    size_t counts = (size_t)(tail->nr_refblocks << writer->cluster_bits) / REFCOUNT_BYTES;
    SW_AUTO_FREE uint64_t *table = sw_calloc(1, table_bytes, err);
    SW_AUTO_FREE uint16_t *disk = sw_calloc(counts, sizeof(*disk), err);

    if (table == NULL || disk == NULL)
        return -1;
    for (uint64_t i = 0; i < tail->nr_refblocks; i++)
        be64_put(&table[i], (tail->refblocks + i) << writer->cluster_bits);
    for (uint64_t i = 0; i < tail->end; i++)
        be16_put(&disk[i], writer->refs[i]);
    if (sw_out_pwrite(writer->base.out, table, table_bytes, tail->reftable << writer->cluster_bits, err) < 0)
        return -1;
    return sw_out_pwrite(writer->base.out, disk, counts * sizeof(*disk),
                         tail->refblocks << writer->cluster_bits, err);
}

static void fill_header(const struct qcow2_writer *writer, const struct tail *tail,
                        struct qcow2_disk_header *disk)
{
    memcpy(disk->magic, "QFI\xfb", 4);
    be32_put(disk->version, 3);
    be32_put(disk->cluster_bits, writer->cluster_bits);
    be64_put(disk->size, writer->base.size_bytes);
    be32_put(disk->l1_size, (uint32_t)writer->l1_size);
    be64_put(disk->l1_off, tail->l1 << writer->cluster_bits);
    be64_put(disk->reftable_off, tail->reftable << writer->cluster_bits);
    be32_put(disk->reftable_clusters, (uint32_t)tail->nr_reftable);
    be32_put(disk->refcount_order, REFCOUNT_ORDER);
    be32_put(disk->header_length, sizeof(*disk));
    /* Type zlib is what a reader takes where nothing is said. */
    if (writer->compress && writer->compression != QCOW2_COMPRESSION_ZLIB) {
        be64_put(disk->incompatible, QCOW2_INCOMPAT_COMPRESSION);
        disk->compression = (uint8_t)writer->compression;
    }
}

/* The header, the backing format's extension, the end of extensions, the backing name. */
static int write_header(struct qcow2_writer *writer, const struct tail *tail, struct sw_err *err)
{
    size_t format_len = writer->backing_format != NULL ? strlen(writer->backing_format) : 0;
    size_t name_len = writer->backing_name != NULL ? strlen(writer->backing_name) : 0;
    size_t ext_len = format_len > 0 ? 8 + (size_t)sw_round_up(format_len, 8) : 0;
    size_t name_off = sizeof(struct qcow2_disk_header) + ext_len + 8;
    SW_AUTO_FREE uint8_t *head = sw_calloc(1, name_off + name_len, err);
    struct qcow2_disk_header disk = {.version = {0}};

    if (head == NULL)
        return -1;
    fill_header(writer, tail, &disk);
    if (writer->backing_name != NULL && writer->backing_format != NULL) {
        be64_put(disk.backing_off, name_off);
        be32_put(disk.backing_len, (uint32_t)name_len);
        be32_put(head + sizeof(disk), QCOW2_EXT_BACKING_FORMAT);
        be32_put(head + sizeof(disk) + 4, (uint32_t)format_len);
        memcpy(head + sizeof(disk) + 8, writer->backing_format, format_len);
        memcpy(head + name_off, writer->backing_name, name_len);
    }
    memcpy(head, &disk, sizeof(disk));
    return sw_out_pwrite(writer->base.out, head, name_off + name_len, 0, err);
}

int qcow2_finish(struct sw_image *img, struct sw_err *err)
{
    struct qcow2_writer *writer = qcow2_writer_of(img);
    struct tail tail;
    uint64_t host;

    if (flush_l2(writer, err) < 0)
        return -1;
    tail = plan_tail(writer);
    if (tail.nr_reftable << writer->cluster_bits > QCOW2_REFTABLE_BYTES_MAX)
        return sw_fail(err, SW_FAILED, "clusters of %llu bytes are too small for this much data",
                       (unsigned long long)cluster_bytes(writer));
    if (take_clusters(writer, tail.end - tail.l1, &host, err) < 0 ||
        sw_out_truncate(img->out, tail.end << writer->cluster_bits, err) < 0 ||
        sw_out_pwrite(img->out, writer->l1, (size_t)writer->l1_size * 8, tail.l1 << writer->cluster_bits,
                      err) < 0 ||
        write_refcounts(writer, &tail, err) < 0)
        return -1;
    /* Until now the file begins with zeros: nobody takes a half-written one for an image. */
    return write_header(writer, &tail, err);
}

static bool is_subformat(const struct sw_create_opts *opts, const char *name)
{
    return opts->subformat != NULL && strcasecmp(opts->subformat, name) == 0;
}

static int check_level(const struct sw_create_opts *opts, struct sw_err *err)
{
    bool zlib = is_subformat(opts, "zlib");
    int most = zlib ? ZLIB_LEVEL_MAX : ZSTD_LEVEL_MAX;

    if (opts->level >= 0 && opts->level <= most)
        return 0;
    return sw_fail(err, SW_USAGE, "qcow2 takes %s levels 1 to %d, not %d", zlib ? "zlib" : "zstd", most,
                   opts->level);
}

static int check_create(const struct sw_create_opts *opts, uint64_t unit, struct sw_err *err)
{
    uint64_t l1_bytes;

    if (sw_create_check(&sw_format_qcow2, opts, SW_CREATE_LEVEL | SW_CREATE_UNIT | SW_CREATE_BACKING, err) <
        0)
        return -1;
    if (!sw_is_pow2(unit) || unit >> QCOW2_CLUSTER_BITS_MIN == 0 || unit >> QCOW2_CLUSTER_BITS_MAX > 1)
        return sw_fail(err, SW_USAGE,
                       "a qcow2 cluster has 512 bytes to 2 MiB, a power of two, not %llu bytes",
                       (unsigned long long)unit);
    if (check_level(opts, err) < 0)
        return -1;
    if ((opts->backing_name == NULL) != (opts->backing_format == NULL))
        return sw_fail(err, SW_FAILED, "a backing name and its format belong together");
    if (opts->backing_name != NULL &&
        (strlen(opts->backing_name) + strlen(opts->backing_format) + 160 > unit ||
         strlen(opts->backing_name) > QCOW2_BACKING_NAME_MAX))
        return sw_fail(err, SW_USAGE, "the backing name does not fit into the header");
    l1_bytes = sw_div_up(opts->size_bytes, unit / 8 * unit) * 8;
    if (l1_bytes > QCOW2_L1_BYTES_MAX)
        return sw_fail(err, SW_USAGE, "clusters of %llu bytes are too small for a disk of %llu",
                       (unsigned long long)unit, (unsigned long long)opts->size_bytes);
    return 0;
}

static int fill_writer(struct qcow2_writer *writer, const struct sw_create_opts *opts, struct sw_err *err)
{
    uint64_t unit = writer->base.unit_bytes;

    writer->cluster_bits = (unsigned)__builtin_ctzll(unit);
    writer->compress = !is_subformat(opts, "plain");
    writer->compression = is_subformat(opts, "zlib") ? QCOW2_COMPRESSION_ZLIB : QCOW2_COMPRESSION_ZSTD;
    writer->level = opts->level != 0 ? opts->level : DEFAULT_LEVEL;
    writer->l1_size = sw_div_up(opts->size_bytes, unit / 8 * unit);
    writer->l2_index = QCOW2_NO_TABLE;
    writer->l1 = sw_calloc((size_t)writer->l1_size, 8, err);
    writer->l2 = writer->l1 != NULL ? sw_calloc(1, (size_t)unit, err) : NULL;
    if (writer->l2 == NULL)
        return -1;
    if (opts->backing_name == NULL)
        return 0;
    writer->backing_name = sw_strdup(opts->backing_name, err);
    writer->backing_format = writer->backing_name != NULL ? sw_strdup(opts->backing_format, err) : NULL;
    return writer->backing_format != NULL ? 0 : -1;
}

/*
 * A disk that is packed as a whole wants large clusters: zstd is faster on them and its output smaller, as long as a
 * guest's small reads do not wait for it. What a build changed is small and scattered.
 */
static uint64_t default_unit(const struct sw_create_opts *opts)
{
    bool zstd = opts->subformat == NULL || is_subformat(opts, "zstd");

    return zstd && opts->backing_name == NULL ? PACKED_CLUSTER_BYTES : CLUSTER_BYTES;
}

int qcow2_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
                 struct sw_err *err)
{
    uint64_t unit = opts->unit_bytes != 0 ? opts->unit_bytes : default_unit(opts), header;
    SW_CLEANUP(writer_auto) struct qcow2_writer *writer = NULL;

    if (check_create(opts, unit, err) < 0)
        return -1;
    writer = sw_calloc(1, sizeof(*writer), err);
    if (writer == NULL)
        return -1;
    writer->base = (struct sw_image){
        .format = &sw_format_qcow2, .size_bytes = opts->size_bytes, .out = out, .unit_bytes = (uint32_t)unit};
    if (fill_writer(writer, opts, err) < 0 || take_clusters(writer, 1, &header, err) < 0)
        return -1;
    *img = &SW_STEAL_PTR(writer)->base;
    return 0;
}
