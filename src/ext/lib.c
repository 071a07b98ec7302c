/* The one file that speaks with libext2fs: an io manager over what the pass has in memory, and the sums that it knows. */
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/ext/ext_private.h"

#include <et/com_err.h>
#include <ext2fs/ext2fs.h>
#include <ext2fs/ext3_extents.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 5, TREE_STEPS_MAX = 1 << 24 };

/* ---- The library's way to the bytes -------------------------------------------------------------------------- */

static struct patch *patch_of(io_channel channel)
{
    return channel->private_data;
}

static errcode_t io_close(io_channel channel)
{
    if (--channel->refcount > 0)
        return 0;
    ext2fs_free_mem(&channel->name);
    ext2fs_free_mem(&channel);
    return 0;
}

static errcode_t io_set_blksize(io_channel channel, int blksize)
{
    channel->block_size = blksize;
    return 0;
}

/* A negative count is of bytes. */
static bool place(io_channel channel, unsigned long long block, int count, uint64_t *off, size_t *len)
{
    *len = count < 0 ? (size_t) - (long long)count : (size_t)count * (size_t)channel->block_size;
    return !sw_mul_ovf((uint64_t)block, (uint64_t)channel->block_size, off);
}

static errcode_t io_read_blk64(io_channel channel, unsigned long long block, int count, void *data)
{
    struct sw_err ignored = {.code = SW_OK};
    uint64_t off;
    size_t len;

    if (!place(channel, block, count, &off, &len) ||
        patch_read(patch_of(channel), data, len, off, &ignored) < 0)
        return EXT2_ET_SHORT_READ;
    return 0;
}

static errcode_t io_read_blk(io_channel channel, unsigned long block, int count, void *data)
{
    return io_read_blk64(channel, block, count, data);
}

/* The pass writes by itself. */
static errcode_t io_write_blk64(io_channel channel, unsigned long long block, int count, const void *data)
{
    (void)channel, (void)block, (void)count, (void)data;
    return EXT2_ET_RO_FILSYS;
}

static errcode_t io_write_blk(io_channel channel, unsigned long block, int count, const void *data)
{
    return io_write_blk64(channel, block, count, data);
}

static errcode_t io_flush(io_channel channel)
{
    (void)channel;
    return 0;
}

static errcode_t io_open(const char *name, int flags, io_channel *channel);

static struct struct_io_manager manager = {
    .magic = EXT2_ET_MAGIC_IO_MANAGER,
    .name = "slipway",
    .open = io_open,
    .close = io_close,
    .set_blksize = io_set_blksize,
    .read_blk = io_read_blk,
    .write_blk = io_write_blk,
    .flush = io_flush,
    .read_blk64 = io_read_blk64,
    .write_blk64 = io_write_blk64,
};

/* All that the library hands over is the name, which is the address of the patch. */
static errcode_t io_open(const char *name, int flags, io_channel *channel)
{
    io_channel made;
    errcode_t rc = ext2fs_get_memzero(sizeof(struct struct_io_channel), &made);

    (void)flags;
    if (rc != 0)
        return rc;
    rc = ext2fs_get_memzero(strlen(name) + 1, &made->name);
    if (rc != 0) {
        ext2fs_free_mem(&made);
        return rc;
    }
    memcpy(made->name, name, strlen(name));
    made->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    made->manager = &manager;
    made->block_size = EXT_SUPER_AT;
    made->refcount = 1;
    made->private_data = (void *)(uintptr_t)strtoumax(name, NULL, 16); /* NOLINT(performance-no-int-to-ptr) */
    *channel = made;
    return 0;
}

/* ---- Opening ------------------------------------------------------------------------------------------------- */

static ext2_filsys lib_of(const struct ext *ext)
{
    return ext->lib;
}

static int damaged(errcode_t rc, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "%s",
                   rc == EXT2_ET_UNSUPP_FEATURE || rc == EXT2_ET_RO_UNSUPP_FEATURE
                       ? "it has features that libext2fs does not know"
                       : error_message(rc));
}

static int check_geometry(const struct ext *ext, struct sw_err *err)
{
    uint64_t bytes;

    if (ext->block_bytes < 1024 || ext->block_bytes > EXT_INODE_MAX || ext->inode_bytes < INODE_OLD_BYTES ||
        ext->inode_bytes > ext->block_bytes || !sw_is_pow2(ext->inode_bytes) || ext->inodes_per_group == 0 ||
        ext->inodes_per_group > 8 * ext->block_bytes || ext->blocks_per_group == 0 ||
        ext->cluster_bits > 20 || (ext->blocks_per_group >> ext->cluster_bits) > 8 * ext->block_bytes ||
        ext->inodes_per_group % (ext->block_bytes / ext->inode_bytes) != 0)
        return sw_fail(err, SW_INTEGRITY, "its geometry is out of range");
    if (sw_mul_ovf(ext->nr_blocks, (uint64_t)ext->block_bytes, &bytes) || bytes > ext->patch->len)
        return sw_fail(err, SW_INTEGRITY, "it says that it is larger than its place");
    return 0;
}

static void take_geometry(struct ext *ext)
{
    ext2_filsys lib = lib_of(ext);

    ext->block_bytes = lib->blocksize;
    ext->inode_bytes = EXT2_INODE_SIZE(lib->super);
    ext->nr_groups = lib->group_desc_count;
    ext->inodes_per_group = lib->super->s_inodes_per_group;
    ext->blocks_per_group = lib->super->s_blocks_per_group;
    ext->first_block = lib->super->s_first_data_block;
    ext->nr_blocks = ext2fs_blocks_count(lib->super);
    ext->cluster_bits = (unsigned)lib->cluster_ratio_bits;
    ext->csum = ext2fs_has_feature_metadata_csum(lib->super) != 0;
    ext->group_csum = ext2fs_has_group_desc_csum(lib) != 0;
}

int ext_lib_open(struct ext *ext, struct sw_err *err)
{
    char name[2 + 2 * sizeof(uintptr_t) + 1];
    ext2_filsys lib = NULL;
    errcode_t rc;

    initialize_ext2_error_table();
    snprintf(name, sizeof(name), "%" PRIxPTR, (uintptr_t)ext->patch);
    /* To write is not meant, but whoever does must know all features. */
    rc = ext2fs_open2(name, NULL, EXT2_FLAG_64BITS | EXT2_FLAG_RW | EXT2_FLAG_SKIP_MMP, 0, 0, &manager, &lib);
    if (rc != 0)
        return damaged(rc, err);
    ext->lib = lib;
    take_geometry(ext);
    return check_geometry(ext, err);
}

void ext_lib_close(struct ext *ext)
{
    if (ext->lib != NULL)
        ext2fs_free(lib_of(ext));
    ext->lib = NULL;
}

void ext_lib_forget(struct ext *ext)
{
    ext2fs_flush_icache(lib_of(ext));
}

uint32_t ext_lib_crc32c(const void *bytes, size_t len)
{
    return ext2fs_crc32c_le(UINT32_MAX, bytes, len);
}

/* ---- Groups -------------------------------------------------------------------------------------------------- */

int ext_lib_group(const struct ext *ext, uint32_t group, struct ext_group *out, struct sw_err *err)
{
    ext2_filsys lib = lib_of(ext);

    if (ext->group_csum && !ext2fs_group_desc_csum_verify(lib, group))
        return sw_fail(err, SW_INTEGRITY, "the sum of group %u is wrong", group);
    *out = (struct ext_group){
        .block_bitmap = ext2fs_block_bitmap_loc(lib, group),
        .inode_bitmap = ext2fs_inode_bitmap_loc(lib, group),
        .inode_table = ext2fs_inode_table_loc(lib, group),
        .inode_uninit = ext->group_csum && ext2fs_bg_flags_test(lib, group, EXT2_BG_INODE_UNINIT) != 0,
        .block_uninit = ext->group_csum && ext2fs_bg_flags_test(lib, group, EXT2_BG_BLOCK_UNINIT) != 0,
        .itable_zeroed = ext->group_csum && ext2fs_bg_flags_test(lib, group, EXT2_BG_INODE_ZEROED) != 0,
    };
    if (ext->group_csum)
        out->nr_unused_inodes =
            out->inode_uninit ? ext->inodes_per_group : ext2fs_bg_itable_unused(lib, group);
    if (out->nr_unused_inodes > ext->inodes_per_group)
        return sw_fail(err, SW_INTEGRITY, "group %u has more unused inodes than inodes", group);
    return 0;
}

uint64_t ext_lib_descriptor_at(const struct ext *ext, uint32_t group, size_t *len)
{
    ext2_filsys lib = lib_of(ext);
    uint32_t per_block = EXT2_DESC_PER_BLOCK(lib->super);

    *len = EXT2_DESC_SIZE(lib->super);
    return ext2fs_descriptor_block_loc2(lib, lib->super->s_first_data_block, group / per_block) *
               ext->block_bytes +
           (uint64_t)(group % per_block) * *len;
}

int ext_lib_clear_zeroed(struct ext *ext, uint32_t group, struct sw_err *err)
{
    ext2_filsys lib = lib_of(ext);
    size_t len;
    uint64_t at = ext_lib_descriptor_at(ext, group, &len);

    ext2fs_bg_flags_clear(lib, group, EXT2_BG_INODE_ZEROED);
    ext2fs_group_desc_csum_set(lib, group);
    return patch_write(ext->patch, ext2fs_group_desc(lib, lib->group_desc, group), len, at, err);
}

bool ext_lib_has_super(const struct ext *ext, uint32_t group)
{
    return ext2fs_bg_has_super(lib_of(ext), group) != 0;
}

int ext_lib_inode_bitmap(const struct ext *ext, uint32_t group, const struct ext_group *of, uint8_t *bitmap,
                         struct sw_err *err)
{
    if (of->inode_uninit) {
        memset(bitmap, 0, ext->block_bytes);
        return 0;
    }
    if (ext_read_block(ext, of->inode_bitmap, bitmap, err) < 0)
        return -1;
    if (!ext2fs_inode_bitmap_csum_verify(lib_of(ext), group, (char *)bitmap,
                                         (int)(ext->inodes_per_group / 8)))
        return sw_fail(err, SW_INTEGRITY, "the sum of group %u's inode bitmap is wrong", group);
    return 0;
}

int ext_lib_block_bitmap(const struct ext *ext, uint32_t group, const struct ext_group *of, uint8_t *bitmap,
                         struct sw_err *err)
{
    if (of->block_uninit) {
        memset(bitmap, 0xff, ext->block_bytes);
        return 0;
    }
    if (ext_read_block(ext, of->block_bitmap, bitmap, err) < 0)
        return -1;
    if (!ext2fs_block_bitmap_csum_verify(lib_of(ext), group, (char *)bitmap,
                                         (int)((ext->blocks_per_group >> ext->cluster_bits) / 8)))
        return sw_fail(err, SW_INTEGRITY, "the sum of group %u's block bitmap is wrong", group);
    return 0;
}

/* ---- Inodes and their blocks --------------------------------------------------------------------------------- */

bool ext_lib_inode_ok(const struct ext *ext, uint32_t ino, const uint8_t *inode)
{
    uint8_t copy[EXT_INODE_MAX];

    memcpy(copy, inode, ext->inode_bytes);
    return ext2fs_inode_csum_verify(lib_of(ext), ino, (struct ext2_inode_large *)(void *)copy) != 0;
}

int ext_lib_inode_sum(const struct ext *ext, uint32_t ino, uint8_t *inode, struct sw_err *err)
{
    errcode_t rc = ext2fs_inode_csum_set(lib_of(ext), ino, (struct ext2_inode_large *)(void *)inode);

    return rc == 0 ? 0 : damaged(rc, err);
}

/* A header says how many entries there is room for, and the sum lies behind that. */
static bool header_ok(const uint8_t *header, size_t room)
{
    return le16_get(header) == EXT3_EXT_MAGIC && le16_get(header + 2) <= le16_get(header + 4) &&
           le16_get(header + 6) <= DEPTH_MAX &&
           sizeof(struct ext3_extent_header) * ((size_t)le16_get(header + 4) + 1) <= room;
}

bool ext_lib_node_ok(const struct ext *ext, uint32_t ino, uint8_t *block, bool directory)
{
    ext2_filsys lib = lib_of(ext);

    if (directory)
        return ext2fs_dir_block_csum_verify(lib, ino, (struct ext2_dir_entry *)(void *)block) != 0;
    return header_ok(block, ext->block_bytes - sizeof(struct ext3_extent_tail)) &&
           ext2fs_extent_block_csum_verify(lib, ino, (struct ext3_extent_header *)(void *)block) != 0;
}

int ext_lib_node_sum(struct ext *ext, uint32_t ino, uint8_t *block, bool directory, struct sw_err *err)
{
    ext2_filsys lib = lib_of(ext);
    errcode_t rc;

    if (directory)
        rc = ext2fs_dir_block_csum_set(lib, ino, (struct ext2_dir_entry *)(void *)block);
    else
        rc = ext2fs_extent_block_csum_set(lib, ino, (struct ext3_extent_header *)(void *)block);
    return rc == 0 ? 0 : damaged(rc, err);
}

static int too_much(struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "its directories or trees are too large to be gone through");
}

/* One entry of a tree: a run of data, or a block of the tree itself. Nodes are met once, on the way down. */
static int take_extent(struct ext *ext, const struct ext2fs_extent *extent, ext_block_fn *fn, void *arg,
                       struct sw_err *err)
{
    bool leaf = (extent->e_flags & EXT2_EXTENT_FLAGS_LEAF) != 0;
    uint64_t n = leaf ? extent->e_len : 1;

    if (!leaf && (extent->e_flags & EXT2_EXTENT_FLAGS_SECOND_VISIT) != 0)
        return 0;
    if (!leaf && ++ext->work > EXT_WORK_MAX)
        return too_much(err);
    if (extent->e_pblk >= ext->nr_blocks || n > ext->nr_blocks - extent->e_pblk)
        return sw_fail(err, SW_INTEGRITY, "a file has blocks beyond its end");
    if (!leaf)
        return fn(arg, extent->e_pblk, n, EXT_RUN_NODE, err);
    return fn(arg, extent->e_pblk, n,
              (extent->e_flags & EXT2_EXTENT_FLAGS_UNINIT) != 0 ? EXT_RUN_UNWRITTEN : EXT_RUN_DATA, err);
}

static int each_extent(struct ext *ext, ext2_extent_handle_t handle, ext_block_fn *fn, void *arg,
                       struct sw_err *err)
{
    struct ext2fs_extent extent;
    errcode_t rc = ext2fs_extent_get(handle, EXT2_EXTENT_ROOT, &extent);

    for (uint32_t steps = 0; rc == 0; steps++) {
        if (steps == TREE_STEPS_MAX)
            return too_much(err);
        if (take_extent(ext, &extent, fn, arg, err) < 0)
            return -1;
        rc = ext2fs_extent_get(handle, EXT2_EXTENT_NEXT, &extent);
    }
    return rc == EXT2_ET_EXTENT_NO_NEXT || rc == EXT2_ET_NO_CURRENT_NODE ? 0 : damaged(rc, err);
}

static int each_in_tree(struct ext *ext, uint32_t ino, const uint8_t *inode, ext_block_fn *fn, void *arg,
                        struct sw_err *err)
{
    ext2_extent_handle_t handle;
    errcode_t rc;
    int done;

    if (!header_ok(inode + INODE_BLOCK, INODE_BLOCK_BYTES))
        return sw_fail(err, SW_INTEGRITY, "inode %u has no sound tree of blocks", ino);
    if (le16_get(inode + INODE_BLOCK + 2) == 0)
        return 0;
    rc = ext2fs_extent_open(lib_of(ext), ino, &handle);
    if (rc != 0)
        return damaged(rc, err);
    done = each_extent(ext, handle, fn, arg, err);
    ext2fs_extent_free(handle);
    return done;
}

/* An old map of blocks. */
struct map_walk {
    struct ext *ext;
    ext_block_fn *fn;
    void *arg;
    struct sw_err *err;
    uint64_t nr;
    int rc;
};

/* The shape is libext2fs's. NOLINTNEXTLINE(readability-function-size) */
static int take_mapped(ext2_filsys lib, blk64_t *block, e2_blkcnt_t count, blk64_t ref, int offset, void *arg)
{
    struct map_walk *walk = arg;

    (void)lib, (void)ref, (void)offset;
    if (++walk->nr > walk->ext->nr_blocks || (count < 0 && ++walk->ext->work > EXT_WORK_MAX))
        walk->rc = too_much(walk->err);
    else if (*block >= walk->ext->nr_blocks)
        walk->rc = sw_fail(walk->err, SW_INTEGRITY, "a file has blocks beyond its end");
    else
        walk->rc = walk->fn(walk->arg, *block, 1, count < 0 ? EXT_RUN_NODE : EXT_RUN_DATA, walk->err);
    return walk->rc < 0 ? BLOCK_ABORT : 0;
}

int ext_lib_each_run(struct ext *ext, uint32_t ino, const uint8_t *inode, ext_block_fn *fn, void *arg,
                     struct sw_err *err)
{
    struct map_walk walk = {.ext = ext, .fn = fn, .arg = arg, .err = err};
    errcode_t rc;

    if ((le32_get(inode + INODE_FLAGS) & FLAG_EXTENTS) != 0)
        return each_in_tree(ext, ino, inode, fn, arg, err);
    rc = ext2fs_block_iterate3(lib_of(ext), ino, BLOCK_FLAG_READ_ONLY, NULL, take_mapped, &walk);
    if (walk.rc < 0)
        return -1;
    return rc == 0 ? 0 : damaged(rc, err);
}
