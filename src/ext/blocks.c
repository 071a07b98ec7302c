/*
 * Blocks whose bytes have no meaning: free ones, and a journal that is clean. They read as the parent's and cost nothing; what the
 * parent has in use is gone, and reads as zeros, so that nothing deleted is in a layer's disk.
 */
#include "slipway/copy.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/ext/ext_private.h"

#include <string.h>

int ext_read_block(const struct ext *ext, uint64_t block, uint8_t *buf, struct sw_err *err)
{
    if (block >= ext->nr_blocks)
        return sw_fail(err, SW_INTEGRITY, "it points at block %llu, beyond its end",
                       (unsigned long long)block);
    return patch_read(ext->patch, buf, ext->block_bytes, block * ext->block_bytes, err);
}

/* ---- Free blocks ------------------------------------------------------------------------------------------------ */

/* The bitmaps of the group that was looked at last. */
struct bitmap {
    uint32_t group; /* UINT32_MAX: none yet */
    uint8_t now[EXT_INODE_MAX];
    uint8_t old[EXT_INODE_MAX]; /* the parent's; nothing in use where that has no such group */
};

/* Unchecked: it is only asked of blocks that are free now. */
static int load_old(const struct ext *ext, struct bitmap *bitmap, uint32_t group, const struct ext_group *of,
                    struct sw_err *err)
{
    uint8_t descriptor[EXT_SUPER_BYTES];
    size_t len;
    uint64_t at = ext_lib_descriptor_at(ext, group, &len);

    memset(bitmap->old, 0, sizeof(bitmap->old));
    if (!ext->same || len > sizeof(descriptor))
        return 0;
    if (patch_read_parent(ext->patch, descriptor, len, at, err) < 0)
        return -1;
    if (ext->group_csum && (le16_get(descriptor + GROUP_FLAGS) & GROUP_BLOCK_UNINIT) != 0)
        return 0;
    return patch_read_parent(ext->patch, bitmap->old, ext->block_bytes, of->block_bitmap * ext->block_bytes,
                             err);
}

static int load_bitmap(struct ext *ext, struct bitmap *bitmap, uint32_t group, struct sw_err *err)
{
    struct ext_group of;

    if (bitmap->group == group)
        return 0;
    if (sw_check_interrupt(err) < 0 || ext_lib_group(ext, group, &of, err) < 0 ||
        ext_lib_block_bitmap(ext, group, &of, bitmap->now, err) < 0 ||
        load_old(ext, bitmap, group, &of, err) < 0)
        return -1;
    bitmap->group = group;
    return 0;
}

static bool has_bit(const uint8_t *bits, uint32_t bit)
{
    return (bits[bit / 8] >> (bit % 8) & 1) != 0;
}

static int hide(struct ext *ext, uint64_t block, bool zero, struct sw_err *err)
{
    const struct patch_range range = {block * ext->block_bytes, ext->block_bytes, zero};

    ext->report->hidden_bytes += range.len;
    return patch_hide(ext->patch, &range, err);
}

/* Blocks from block to end that the top holds: what was in use is the other pass's. */
static int hide_free(struct ext *ext, struct bitmap *bitmap, uint64_t block, uint64_t end, struct sw_err *err)
{
    for (; block < end; block++) {
        uint64_t n = block - ext->first_block;
        uint32_t bit = (uint32_t)(n % ext->blocks_per_group) >> ext->cluster_bits;
        uint8_t bytes[EXT_INODE_MAX];

        if (load_bitmap(ext, bitmap, (uint32_t)(n / ext->blocks_per_group), err) < 0)
            return -1;
        if (has_bit(bitmap->now, bit) || has_bit(bitmap->old, bit))
            continue;
        /* Whoever fills what is free with zeros means it. */
        if (ext_read_block(ext, block, bytes, err) < 0 ||
            hide(ext, block, !ext->same || sw_is_zero(bytes, ext->block_bytes), err) < 0)
            return -1;
    }
    return 0;
}

/* Blocks of the group that the parent has in use, and that are free. */
static int clear_freed(struct ext *ext, struct bitmap *bitmap, uint32_t group, struct sw_err *err)
{
    uint64_t first = ext->first_block + (uint64_t)group * ext->blocks_per_group;
    uint64_t n = sw_min_u64(ext->blocks_per_group, ext->nr_blocks - first);

    if (load_bitmap(ext, bitmap, group, err) < 0)
        return -1;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t bit = i >> ext->cluster_bits;

        if (!has_bit(bitmap->now, bit) && has_bit(bitmap->old, bit) && hide(ext, first + i, true, err) < 0)
            return -1;
    }
    return 0;
}

/* A block that was freed changed its group's bitmap, and that one is held by the top. */
static int pass_freed(struct ext *ext, struct bitmap *bitmap, struct sw_err *err)
{
    for (uint32_t group = 0; ext->same && group < ext->nr_groups; group++) {
        struct ext_group of;
        uint64_t len = ext->block_bytes;
        bool holds;

        if (ext_lib_group(ext, group, &of, err) < 0)
            return -1;
        if (of.block_bitmap >= ext->nr_blocks)
            return sw_fail(err, SW_INTEGRITY, "the bitmap of group %u lies beyond its end", group);
        if (patch_run(ext->patch, of.block_bitmap * ext->block_bytes, &len, &holds, err) < 0 ||
            (holds && clear_freed(ext, bitmap, group, err) < 0))
            return -1;
    }
    return 0;
}

int ext_pass_free(struct ext *ext, struct sw_err *err)
{
    SW_AUTO_FREE struct bitmap *bitmap = sw_calloc(1, sizeof(*bitmap), err);
    uint64_t size = ext->nr_blocks * ext->block_bytes, len;
    bool holds;

    if (bitmap == NULL)
        return -1;
    bitmap->group = UINT32_MAX;
    if (pass_freed(ext, bitmap, err) < 0)
        return -1;
    for (uint64_t pos = ext->first_block * ext->block_bytes; pos < size; pos += len) {
        len = size - pos;
        if (patch_run(ext->patch, pos, &len, &holds, err) < 0)
            return -1;
        /* Of a block that the top has in part, all of it. */
        if (holds &&
            hide_free(ext, bitmap, pos / ext->block_bytes,
                      sw_min_u64((pos + len + ext->block_bytes - 1) / ext->block_bytes, ext->nr_blocks),
                      err) < 0)
            return -1;
    }
    return 0;
}

/* ---- The journal -------------------------------------------------------------------------------------------------- */

enum {
    JOURNAL_BYTES = 1024, /* the fields are big-endian */
    JOURNAL_SEQUENCE = 0x18,
    JOURNAL_START = 0x1c,
    JOURNAL_INCOMPAT = 0x28,
    JOURNAL_HEAD = 0x58,
    JOURNAL_SUM = 0xfc,
    JOURNAL_SUMS = 0x18, /* checksums of the second and third kind */
};
#define JOURNAL_MAGIC_NUMBER UINT32_C(0xc03b3998)

static bool is_clean(const uint8_t *journal)
{
    return be32_get(journal) == JOURNAL_MAGIC_NUMBER && be32_get(journal + JOURNAL_START) == 0;
}

struct journal {
    struct ext *ext;
    bool zero;      /* the parent's is no good */
    bool any;       /* the first block was met */
    uint64_t first; /* byte of the file system */
};

static int on_journal(void *arg, uint64_t block, uint64_t n, enum ext_run kind, struct sw_err *err)
{
    struct journal *journal = arg;
    uint32_t unit = journal->ext->block_bytes;
    struct patch_range range = {block * unit, n * unit, journal->zero};

    if (kind == EXT_RUN_NODE)
        return 0;
    if (!journal->any) {
        journal->any = true;
        journal->first = range.off;
        if (journal->zero) {
            range.off += unit;
            range.len -= unit;
        }
    }
    return patch_hide(journal->ext->patch, &range, err);
}

static int find_first(void *arg, uint64_t block, uint64_t n, enum ext_run kind, struct sw_err *err)
{
    struct journal *journal = arg;

    (void)n, (void)err;
    if (kind != EXT_RUN_NODE && !journal->any) {
        journal->any = true;
        journal->first = block * journal->ext->block_bytes;
    }
    return 0;
}

/* The parent's journal lies in the same blocks, and nothing waits in it. */
static int parent_is_good(const struct ext *ext, const uint8_t *inode, const uint8_t *old, uint64_t first,
                          bool *good, struct sw_err *err)
{
    uint8_t bytes[EXT_SUPER_BYTES];

    *good = false;
    if (!ext->same || memcmp(inode + INODE_BLOCK, old + INODE_BLOCK, INODE_BLOCK_BYTES) != 0 ||
        le32_get(inode + INODE_FLAGS) != le32_get(old + INODE_FLAGS))
        return 0;
    if (patch_read_parent(ext->patch, bytes, EXT_SUPER_BYTES, EXT_SUPER_AT, err) < 0)
        return -1;
    if ((le32_get(bytes + SUPER_INCOMPAT) & INCOMPAT_RECOVER) != 0)
        return 0;
    if (patch_read_parent(ext->patch, bytes, JOURNAL_BYTES, first, err) < 0)
        return -1;
    *good = is_clean(bytes);
    return 0;
}

/* An empty journal whose first block is as it is at the first mount. */
static int reset(const struct ext *ext, uint8_t *journal, uint64_t at, struct sw_err *err)
{
    be32_put(journal + JOURNAL_SEQUENCE, 1);
    be32_put(journal + JOURNAL_HEAD, 0);
    if ((be32_get(journal + JOURNAL_INCOMPAT) & JOURNAL_SUMS) != 0) {
        be32_put(journal + JOURNAL_SUM, 0);
        be32_put(journal + JOURNAL_SUM, ext_lib_crc32c(journal, JOURNAL_BYTES));
    }
    return patch_write(ext->patch, journal, JOURNAL_BYTES, at, err);
}

int ext_pass_journal(struct ext *ext, struct sw_err *err)
{
    uint8_t inode[EXT_INODE_MAX], old[EXT_INODE_MAX], super[JOURNAL_BYTES];
    struct journal journal = {.ext = ext};
    struct ext_group group;
    uint64_t at;
    bool good;

    if ((le32_get(ext->super + SUPER_COMPAT) & COMPAT_HAS_JOURNAL) == 0 ||
        le32_get(ext->super + SUPER_JOURNAL_INUM) != JOURNAL_INODE || ext->inodes_per_group < JOURNAL_INODE)
        return 0;
    if (ext_lib_group(ext, 0, &group, err) < 0)
        return -1;
    at = group.inode_table * ext->block_bytes + (uint64_t)(JOURNAL_INODE - 1) * ext->inode_bytes;
    if (patch_read(ext->patch, inode, ext->inode_bytes, at, err) < 0 ||
        patch_read_parent(ext->patch, old, ext->inode_bytes, at, err) < 0 ||
        ext_lib_each_run(ext, JOURNAL_INODE, inode, find_first, &journal, err) < 0)
        return -1;
    if (!journal.any || patch_read(ext->patch, super, sizeof(super), journal.first, err) < 0 ||
        !is_clean(super))
        return sw_fail(err, SW_INTEGRITY, "its journal is not empty");
    if (parent_is_good(ext, inode, old, journal.first, &good, err) < 0)
        return -1;
    journal.any = false;
    journal.zero = !good;
    if (journal.zero && reset(ext, super, journal.first, err) < 0)
        return -1;
    return ext_lib_each_run(ext, JOURNAL_INODE, inode, on_journal, &journal, err);
}
