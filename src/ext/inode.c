/* The inodes that a layer changed: times, generations and what is summed over them; inodes that are free again. */
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/ext/ext_private.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 65536, MODE_KIND = 0xf000, MODE_FOLDER = 0x4000, MODE_FILE = 0x8000, MODE_LINK = 0xa000 };

/* ---- Times --------------------------------------------------------------------------------------------------- */

/* Where a time lies: seconds, and in large inodes the upper bits and nanoseconds. */
static const struct {
    unsigned at, extra_at; /* 0: none */
} times[] = {
    {INODE_ATIME, INODE_ATIME_EXTRA},
    {INODE_CTIME, INODE_CTIME_EXTRA},
    {INODE_MTIME, INODE_MTIME_EXTRA},
    {INODE_CRTIME, INODE_CRTIME_EXTRA},
};

/* How many bytes of an inode have a meaning. */
static unsigned used_bytes(const struct ext *ext, const uint8_t *inode)
{
    if (ext->inode_bytes == INODE_OLD_BYTES)
        return INODE_OLD_BYTES;
    return (unsigned)sw_min_u64(INODE_OLD_BYTES + le16_get(inode + INODE_EXTRA_SIZE), ext->inode_bytes);
}

static void clamp_time(uint8_t *inode, size_t i, unsigned used, int64_t epoch)
{
    bool wide = times[i].extra_at + 4 <= used;
    uint32_t extra = wide ? le32_get(inode + times[i].extra_at) : 0;
    int64_t seconds;

    if (times[i].at >= INODE_OLD_BYTES && times[i].at + 4 > used)
        return;
    seconds = (int32_t)le32_get(inode + times[i].at);
    seconds += (int64_t)(extra & 3) << 32;
    if (seconds < epoch)
        return;
    le32_put(inode + times[i].at, (uint32_t)epoch);
    if (wide)
        le32_put(inode + times[i].extra_at, (uint32_t)(((epoch - (int32_t)(uint32_t)epoch) >> 32) & 3));
}

/* ---- What is summed with the generation ----------------------------------------------------------------------- */

struct block_list {
    struct ext *ext;
    bool directory; /* data is wanted, too */
    uint64_t *items;
    size_t n, cap;
};
static void block_list_free(struct block_list *list)
{
    free(list->items);
}

/* The lowest bit says that the block is of the tree. */
static int list_block(struct block_list *list, uint64_t block, bool node, struct sw_err *err)
{
    if (list->n == list->cap) {
        size_t more = list->cap == 0 ? 16 : list->cap * 2;
        uint64_t *grown = reallocarray(list->items, more, sizeof(*grown));

        if (grown == NULL)
            return sw_fail(err, SW_FAILED, "out of memory");
        list->items = grown;
        list->cap = more;
    }
    list->items[list->n++] = block << 1 | node;
    return 0;
}

static int on_run(void *arg, uint64_t block, uint64_t n, enum ext_run kind, struct sw_err *err)
{
    struct block_list *list = arg;
    bool node = kind == EXT_RUN_NODE;

    if (!node && !list->directory)
        return 0;
    for (uint64_t i = 0; i < n; i++) {
        if (!node && ++list->ext->work > EXT_WORK_MAX)
            return sw_fail(err, SW_INTEGRITY, "its directories are too large to be gone through");
        if (list_block(list, block + i, node, err) < 0)
            return -1;
    }
    return 0;
}

/* The blocks whose sums hang on the inode's generation, while they still agree with it. */
static int list_summed(struct ext *ext, uint32_t ino, const uint8_t *inode, struct block_list *list,
                       struct sw_err *err)
{
    unsigned kind = le16_get(inode + INODE_MODE) & MODE_KIND;
    uint32_t flags = le32_get(inode + INODE_FLAGS);

    if (!ext->csum || (flags & FLAG_INLINE_DATA) != 0)
        return 0;
    if (kind != MODE_FOLDER && (flags & FLAG_EXTENTS) == 0)
        return 0;
    if (kind != MODE_FOLDER && kind != MODE_FILE && kind != MODE_LINK)
        return 0;
    list->directory = kind == MODE_FOLDER;
    if (ext_lib_each_run(ext, ino, inode, on_run, list, err) < 0)
        return -1;
    for (size_t i = 0; i < list->n; i++) {
        uint8_t block[EXT_INODE_MAX];
        bool node = (list->items[i] & 1) != 0;

        /* Old maps have no sums. */
        if (node && (flags & FLAG_EXTENTS) == 0)
            continue;
        if (ext_read_block(ext, list->items[i] >> 1, block, err) < 0)
            return -1;
        if (!ext_lib_node_ok(ext, ino, block, !node))
            return sw_fail(err, SW_INTEGRITY, "a block of inode %u is damaged", ino);
    }
    return 0;
}

static int sum_again(struct ext *ext, uint32_t ino, const uint8_t *inode, const struct block_list *list,
                     struct sw_err *err)
{
    bool tree = (le32_get(inode + INODE_FLAGS) & FLAG_EXTENTS) != 0;

    ext_lib_forget(ext);
    for (size_t i = 0; i < list->n; i++) {
        uint8_t block[EXT_INODE_MAX];
        bool node = (list->items[i] & 1) != 0;
        uint64_t at = list->items[i] >> 1;

        if (node && !tree)
            continue;
        if (ext_read_block(ext, at, block, err) < 0 || ext_lib_node_sum(ext, ino, block, !node, err) < 0 ||
            patch_write(ext->patch, block, ext->block_bytes, at * ext->block_bytes, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- What is unwritten ----------------------------------------------------------------------------------------- */

/* Whether the tree's root says that there is something, or leaves that to other nodes. */
static bool may_have_unwritten(const uint8_t *inode)
{
    enum {
        ENTRIES = 2,
        DEPTH = 6,
        HEADER = 12,
        ENTRY = 12,
        LENGTH = 4,
        ENTRIES_MAX = 4,
        WRITTEN_MAX = 32768
    };
    const uint8_t *root = inode + INODE_BLOCK;

    if (le16_get(root + DEPTH) != 0)
        return true;
    for (unsigned i = 0; i < le16_get(root + ENTRIES) && i < ENTRIES_MAX; i++)
        if (le16_get(root + HEADER + (size_t)i * ENTRY + LENGTH) > WRITTEN_MAX)
            return true;
    return false;
}

static int on_unwritten(void *arg, uint64_t block, uint64_t n, enum ext_run kind, struct sw_err *err)
{
    struct ext *ext = arg;
    const struct patch_range range = {block * ext->block_bytes, n * ext->block_bytes, true};

    return kind == EXT_RUN_UNWRITTEN ? patch_hide(ext->patch, &range, err) : 0;
}

/* Blocks that were reserved and never written hold what lay there before, which depends on what was deleted when. */
static int clear_unwritten(struct ext *ext, uint32_t ino, const uint8_t *inode, struct sw_err *err)
{
    uint32_t flags = le32_get(inode + INODE_FLAGS);

    if ((le16_get(inode + INODE_MODE) & MODE_KIND) != MODE_FILE || (flags & FLAG_EXTENTS) == 0 ||
        (flags & FLAG_INLINE_DATA) != 0 || !may_have_unwritten(inode))
        return 0;
    return ext_lib_each_run(ext, ino, inode, on_unwritten, ext, err);
}

/* ---- One inode ------------------------------------------------------------------------------------------------ */

/* An inode of the table: as it is, as the parent has it. */
struct slot {
    uint32_t ino;
    uint64_t at; /* byte of the file system */
    uint8_t *now;
    const uint8_t *old;
    bool used;
};

static uint32_t generation_of(uint32_t ino)
{
    uint8_t bytes[4];

    le32_put(bytes, ino);
    return ext_lib_crc32c(bytes, sizeof(bytes));
}

static int write_slot(struct ext *ext, const struct slot *slot, const uint8_t *inode, struct sw_err *err)
{
    if (memcmp(slot->now, inode, ext->inode_bytes) == 0)
        return 0;
    ext->report->nr_inodes++;
    return patch_write(ext->patch, inode, ext->inode_bytes, slot->at, err);
}

/* What a freed inode leaves: what the parent has where that one was free, too. */
static int free_slot(struct ext *ext, const struct slot *slot, struct sw_err *err)
{
    static const uint8_t none[EXT_INODE_MAX];

    return write_slot(ext, slot, le16_get(slot->old + INODE_LINKS) == 0 ? slot->old : none, err);
}

static int used_slot(struct ext *ext, const struct slot *slot, struct sw_err *err)
{
    SW_CLEANUP(block_list_free) struct block_list list = {.ext = ext};
    uint8_t inode[EXT_INODE_MAX];
    unsigned used = used_bytes(ext, slot->now);
    uint32_t generation = le32_get(slot->now + INODE_GENERATION);
    bool anew =
        generation != le32_get(slot->old + INODE_GENERATION) && generation != generation_of(slot->ino);

    /* Its times and version are a hash and a count of references. */
    if ((le32_get(slot->now + INODE_FLAGS) & FLAG_EA_INODE) != 0)
        return 0;
    if (ext->csum && !ext_lib_inode_ok(ext, slot->ino, slot->now))
        return sw_fail(err, SW_INTEGRITY, "inode %u is damaged", slot->ino);
    if ((anew && list_summed(ext, slot->ino, slot->now, &list, err) < 0) ||
        clear_unwritten(ext, slot->ino, slot->now, err) < 0)
        return -1;
    memcpy(inode, slot->now, ext->inode_bytes);
    for (size_t i = 0; i < SW_ARRAY_LEN(times); i++)
        clamp_time(inode, i, used, ext->epoch);
    le32_put(inode + INODE_VERSION, 0);
    if (INODE_VERSION_HI + 4 <= used)
        le32_put(inode + INODE_VERSION_HI, 0);
    if (anew)
        le32_put(inode + INODE_GENERATION, generation_of(slot->ino));
    if (ext->csum && ext_lib_inode_sum(ext, slot->ino, inode, err) < 0)
        return -1;
    if (write_slot(ext, slot, inode, err) < 0)
        return -1;
    return anew ? sum_again(ext, slot->ino, inode, &list, err) : 0;
}

/* ---- Tables ---------------------------------------------------------------------------------------------------- */

/* A group whose table is gone through. */
struct table {
    uint32_t group;
    struct ext_group of;
    uint64_t at, len; /* of the table, bytes */
    bool loaded;      /* the bitmap */
    uint8_t bitmap[EXT_INODE_MAX];
    uint8_t now[CHUNK], old[CHUNK];
};

static int pass_chunk(struct ext *ext, struct table *table, uint64_t from, size_t len, struct sw_err *err)
{
    uint32_t first = (uint32_t)(from / ext->inode_bytes);

    if (patch_read(ext->patch, table->now, len, table->at + from, err) < 0)
        return -1;
    memset(table->old, 0, len);
    if (ext->same && patch_read_parent(ext->patch, table->old, len, table->at + from, err) < 0)
        return -1;
    for (uint32_t i = 0; i < len / ext->inode_bytes; i++) {
        size_t within = (size_t)i * ext->inode_bytes;
        uint32_t n = first + i;
        struct slot slot = {.ino = table->group * ext->inodes_per_group + n + 1,
                            .at = table->at + from + within,
                            .now = table->now + within,
                            .old = table->old + within};

        if (memcmp(slot.now, slot.old, ext->inode_bytes) == 0)
            continue;
        slot.used = n < ext->inodes_per_group - table->of.nr_unused_inodes &&
                    (table->bitmap[n / 8] >> (n % 8) & 1) != 0;
        if ((slot.used ? used_slot(ext, &slot, err) : free_slot(ext, &slot, err)) < 0)
            return -1;
    }
    return 0;
}

/* What the top holds of the used part of the table, in chunks of whole blocks. */
static int pass_run(struct ext *ext, struct table *table, uint64_t from, uint64_t to, struct sw_err *err)
{
    uint32_t unit = ext->block_bytes;

    if (!table->loaded && ext_lib_inode_bitmap(ext, table->group, &table->of, table->bitmap, err) < 0)
        return -1;
    table->loaded = true;
    for (from = from / unit * unit; from < to; from += CHUNK) {
        uint64_t end = sw_min_u64(sw_round_up(to, unit), table->len);

        if (sw_check_interrupt(err) < 0 ||
            pass_chunk(ext, table, from, (size_t)sw_min_u64(CHUNK, end - from), err) < 0)
            return -1;
    }
    return 0;
}

/* Blocks of which no inode has ever been used: the kernel clears them in its own time. */
static int hide_unused(struct ext *ext, const struct table *table, uint64_t used, struct sw_err *err)
{
    struct patch_range range = {table->at + used, table->len - used, !ext->same};

    return patch_hide(ext->patch, &range, err);
}

static int keep_flag(struct ext *ext, const struct table *table, struct sw_err *err)
{
    uint8_t old[EXT_SUPER_BYTES];
    size_t len;
    uint64_t at = ext_lib_descriptor_at(ext, table->group, &len);

    if (!table->of.itable_zeroed || !ext->same || len > sizeof(old))
        return 0;
    if (patch_read_parent(ext->patch, old, len, at, err) < 0)
        return -1;
    return (le16_get(old + GROUP_FLAGS) & GROUP_INODE_ZEROED) == 0
               ? ext_lib_clear_zeroed(ext, table->group, err)
               : 0;
}

static int pass_table(struct ext *ext, struct table *table, struct sw_err *err)
{
    uint64_t used = (uint64_t)(ext->inodes_per_group - table->of.nr_unused_inodes) * ext->inode_bytes;
    uint64_t pos = 0, len;
    bool holds, touched = false;

    used = sw_round_up(used, ext->block_bytes);
    while (pos < table->len) {
        len = table->len - pos;
        if (patch_run(ext->patch, table->at + pos, &len, &holds, err) < 0)
            return -1;
        touched |= holds;
        if (holds && pos < used && pass_run(ext, table, pos, sw_min_u64(pos + len, used), err) < 0)
            return -1;
        pos += len;
    }
    if (touched && used < table->len && hide_unused(ext, table, used, err) < 0)
        return -1;
    return keep_flag(ext, table, err);
}

int ext_pass_inodes(struct ext *ext, struct sw_err *err)
{
    SW_AUTO_FREE struct table *table = sw_calloc(1, sizeof(*table), err);

    if (table == NULL)
        return -1;
    table->len = (uint64_t)ext->inodes_per_group * ext->inode_bytes;
    for (uint32_t group = 0; group < ext->nr_groups; group++) {
        table->group = group;
        table->loaded = false;
        if (ext_lib_group(ext, group, &table->of, err) < 0)
            return -1;
        if (sw_mul_ovf(table->of.inode_table, (uint64_t)ext->block_bytes, &table->at) ||
            table->at > ext->patch->len || table->len > ext->patch->len - table->at)
            return sw_fail(err, SW_INTEGRITY, "the inodes of group %u lie beyond its end", group);
        if (pass_table(ext, table, err) < 0)
            return -1;
    }
    return 0;
}
