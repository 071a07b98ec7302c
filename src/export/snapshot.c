/* An EBS snapshot as an image: its blocks come through the EBS direct APIs, many at once, each checked against its digest. */
#include "slipway/snapshot.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/export/ahead.h"
#include "src/export/block_map.h"

#include <stdatomic.h>
#include <string.h>

#define BLOCK          ((uint64_t)SW_EBS_BLOCK_BYTES)
#define SPAN_BYTES_MAX (UINT64_C(64) << 20)

/* Blocks that a base is compared with, before it is taken for what the parent snapshot is. */
enum { SAMPLES = 8 };

struct snapshot {
    struct sw_image base;
    struct sw_in in; /* for names: nothing reads through it but whoever knows no images */
    struct sw_snapshot_opts opts;
    struct sw_image *under; /* what it was laid on; NULL: nothing */
    char *id, *parent;
    struct block_map map;
    struct ahead *ahead;
    atomic_ullong fetched;
};

static struct snapshot *snapshot_of(const struct sw_image *img)
{
    return (struct snapshot *)(uintptr_t)img;
}

static int fetch(struct sw_cloud *cloud, const char *id, uint64_t index, const char *token, uint8_t *buf,
                 struct sw_err *err)
{
    struct sw_ebs_block block = {.snapshot = id, .index = (uint32_t)index, .bytes = buf};

    return sw_check_interrupt(err) < 0 ? -1 : sw_ebs_get_block(cloud, &block, token, err);
}

static int load_block(void *arg, uint64_t index, uint8_t *buf, struct sw_err *err)
{
    struct snapshot *snapshot = arg;
    char token[SW_EBS_TOKEN];

    if (block_map_token(&snapshot->map, index, token, err) < 0 ||
        fetch(snapshot->opts.cloud, snapshot->id, index, token, buf, err) < 0)
        return -1;
    atomic_fetch_add(&snapshot->fetched, 1);
    return 0;
}

static uint64_t next_block(void *arg, uint64_t index)
{
    return sw_bitset_next(&((struct snapshot *)arg)->map.held, index + 1);
}

/* The base's bytes; zeros past its end. */
static int read_base(struct sw_image *base, uint8_t *buf, size_t len, uint64_t off, struct sw_err *err)
{
    size_t there = off < base->size_bytes ? (size_t)sw_min_u64(len, base->size_bytes - off) : 0;

    memset(buf + there, 0, len - there);
    return there > 0 ? sw_image_pread(base, buf, there, off, err) : 0;
}

/* Within one block. */
static int read_within(struct snapshot *snapshot, uint8_t *buf, size_t len, uint64_t off, struct sw_err *err)
{
    uint64_t index = off / BLOCK;

    if (sw_bitset_has(&snapshot->map.held, index))
        return ahead_read(snapshot->ahead, buf, len, off, err);
    if (snapshot->under != NULL && !sw_bitset_has(&snapshot->map.changed, index))
        return read_base(snapshot->under, buf, len, off, err);
    memset(buf, 0, len);
    return 0;
}

static int snapshot_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    uint8_t *to = buf;

    while (len > 0) {
        size_t part = (size_t)sw_min_u64(len, BLOCK - off % BLOCK);

        if (read_within(snapshot_of(img), to, part, off, err) < 0)
            return -1;
        to += part;
        off += part;
        len -= part;
    }
    return 0;
}

static int snapshot_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent,
                                struct sw_err *err)
{
    const struct block_map *map = &snapshot_of(img)->map;
    uint64_t index = off / BLOCK, end = sw_bitset_run_end(&map->held, index);
    bool held = sw_bitset_has(&map->held, index), changed = sw_bitset_has(&map->changed, index);

    (void)err;
    if (map->parent != NULL)
        end = sw_min_u64(end, sw_bitset_run_end(&map->changed, index));
    *extent = (struct sw_extent){.off = off,
                                 .len = sw_min_u64(end * BLOCK, img->size_bytes) - off,
                                 .kind = held      ? SW_EXTENT_DATA
                                         : changed ? SW_EXTENT_ZERO
                                                   : SW_EXTENT_HOLE};
    return 0;
}

static void snapshot_close(struct sw_image *img)
{
    struct snapshot *snapshot = snapshot_of(img);

    ahead_close(snapshot->ahead);
    block_map_free(&snapshot->map);
    free(snapshot->id);
    free(snapshot->parent);
    free(snapshot);
}

/* Not of the registry: no file has this format. */
static const struct sw_format format_of_snapshots = {
    .name = "ebs",
    .caps = SW_FORMAT_CAN_READ | SW_FORMAT_WHOLE_UNITS,
    .pread = snapshot_pread,
    .next_extent = snapshot_next_extent,
    .close = snapshot_close,
};

static int read_in(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct snapshot *snapshot = (struct snapshot *)((char *)in - offsetof(struct snapshot, in));

    return snapshot_pread(&snapshot->base, buf, len, off, err);
}

/* It is the image's own, and goes with it. */
static void close_in(struct sw_in *in)
{
    (void)in;
}

static const struct sw_in_ops in_ops = {.pread = read_in, .close = close_in};

static int compare_sample(struct snapshot *snapshot, const struct sw_ebs_listed *listed, uint8_t *buf,
                          struct sw_err *err)
{
    struct sw_image *base = snapshot->under;
    uint8_t *theirs = buf, *ours = buf + BLOCK;

    if (fetch(snapshot->opts.cloud, snapshot->parent, listed->index, listed->token, theirs, err) < 0 ||
        read_base(base, ours, BLOCK, listed->index * BLOCK, err) < 0)
        return -1;
    if (memcmp(theirs, ours, BLOCK) != 0)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s' is no disk of snapshot '%s': block %u, at byte %llu, is another", base->in->name,
                       snapshot->parent, listed->index, (unsigned long long)(listed->index * BLOCK));
    return 0;
}

/* A base that is another disk would make a wrong one without anybody's noticing. */
int sw_snapshot_lay_on(struct sw_image *img, struct sw_image *base, struct sw_err *err)
{
    struct snapshot *snapshot = snapshot_of(img);
    SW_CLEANUP(sw_ebs_page_free) struct sw_ebs_page page = {.items = NULL};
    SW_AUTO_FREE uint8_t *buf = sw_calloc(2, BLOCK, err);
    size_t samples;

    snapshot->under = base;
    if (buf == NULL || sw_ebs_list_blocks(snapshot->opts.cloud, snapshot->parent, &page, err) < 0)
        return -1;
    if (page.volume_gib > snapshot->map.volume_gib)
        return sw_fail(err, SW_FAILED, "snapshot '%s' is of %llu GiB, larger than '%s' with %llu",
                       snapshot->parent, (unsigned long long)page.volume_gib, snapshot->id,
                       (unsigned long long)snapshot->map.volume_gib);
    samples = (size_t)sw_min_u64(SAMPLES, page.n);
    for (size_t i = 0; i < samples; i++)
        if (compare_sample(snapshot, &page.items[i * page.n / samples], buf, err) < 0)
            return -1;
    return 0;
}

static int begin_reading(struct snapshot *snapshot, struct sw_err *err)
{
    struct ahead_opts ahead = {.arg = snapshot,
                               .load = load_block,
                               .next = next_block,
                               .piece_bytes = BLOCK,
                               .connections = snapshot->opts.connections};

    if (ahead.connections == 0)
        ahead.connections = SW_SNAPSHOT_CONNECTIONS;
    ahead.connections = (unsigned)sw_min_u64(ahead.connections, SW_SNAPSHOT_MAX_CONNECTIONS);
    ahead.nr_pieces = 2 * (size_t)ahead.connections + AHEAD_MORE_PIECES +
                      (size_t)(sw_min_u64(snapshot->opts.span_bytes, SPAN_BYTES_MAX) / BLOCK);
    return ahead_open(&ahead, &snapshot->ahead, err);
}

static void fill_image(struct snapshot *snapshot)
{
    uint64_t size_bytes = snapshot->map.volume_gib << 30;

    snapshot->in = (struct sw_in){
        .ops = &in_ops, .size_bytes = size_bytes, .fd = -1, .name = snapshot->id, .identity = snapshot->id};
    snapshot->base = (struct sw_image){.format = &format_of_snapshots,
                                       .size_bytes = size_bytes,
                                       .in = &snapshot->in,
                                       .unit_bytes = SW_EBS_BLOCK_BYTES};
}

static int load(struct snapshot *snapshot, struct sw_err *err)
{
    const struct sw_snapshot_opts *opts = &snapshot->opts;

    snapshot->id = sw_strdup(opts->id, err);
    if (snapshot->id == NULL ||
        (opts->parent != NULL && (snapshot->parent = sw_strdup(opts->parent, err)) == NULL))
        return -1;
    snapshot->map.cloud = opts->cloud;
    snapshot->map.id = snapshot->id;
    snapshot->map.parent = snapshot->parent;
    return block_map_load(&snapshot->map, err) < 0 ? -1 : begin_reading(snapshot, err);
}

int sw_snapshot_open(const struct sw_snapshot_opts *opts, struct sw_image **out, struct sw_err *err)
{
    struct snapshot *snapshot = sw_calloc(1, sizeof(*snapshot), err);

    *out = NULL;
    if (snapshot == NULL)
        return -1;
    snapshot->opts = *opts;
    if (load(snapshot, err) < 0) {
        snapshot_close(&snapshot->base);
        return -1;
    }
    fill_image(snapshot);
    *out = &snapshot->base;
    return 0;
}

void sw_snapshot_stats(const struct sw_image *img, struct sw_snapshot_stats *out)
{
    struct snapshot *snapshot = snapshot_of(img);

    out->held_bytes = snapshot->map.nr_held * BLOCK;
    out->fetched_bytes = atomic_load(&snapshot->fetched) * BLOCK;
}
