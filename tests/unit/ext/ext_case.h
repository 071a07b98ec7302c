/* File systems for the cases: made by mke2fs and debugfs, changed as a kernel would change them at different moments. */
#ifndef TESTS_UNIT_EXT_CASE_H
#define TESTS_UNIT_EXT_CASE_H

#include "slipway/ext.h"
#include "tests/unit/files.h"

#include <ext2fs/ext2fs.h>

#include <time.h>

enum { EPOCH = 1700000000 };

#define RUN(...)                                         \
    do {                                                 \
        char script_[2048];                              \
        snprintf(script_, sizeof(script_), __VA_ARGS__); \
        run_shell(script_);                              \
    } while (0)

static inline struct sw_image *open_raw(const char *path)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in = NULL;
    struct sw_image *img = NULL;

    assert_ok(sw_in_open_file(path, &in, &err), err);
    assert_ok(sw_image_open(in, "raw", NULL, &img, &err), err);
    return img;
}

/* A disk, the disk before it, and the pass over both. */
struct pass {
    struct sw_image *now, *parent;
    struct sw_ext *ext;
};

static inline struct pass open_pass(const char *now, const char *parent)
{
    struct pass pass = {open_raw(now), open_raw(parent), NULL};
    struct sw_ext_ask ask = {.now = pass.now, .top = pass.now, .parent = pass.parent, .epoch = EPOCH};
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_ext_open(&ask, &pass.ext, &err), err);
    return pass;
}

static inline void close_pass(struct pass *pass)
{
    sw_ext_close(pass->ext);
    sw_image_close(pass->now);
    sw_image_close(pass->parent);
}

/* What the pass shows, as a file; its only file system is done. */
static inline void show(const char *now, const char *parent, const char *out)
{
    struct pass pass = open_pass(now, parent);
    struct sw_image *view = sw_ext_now(pass.ext);
    struct sw_err err = {.code = SW_OK};
    FILE *file = fopen(out, "wb");
    static uint8_t piece[1 << 18];

    assert_non_null(file);
    assert_int_equal(sw_ext_count(pass.ext), 1);
    if (!sw_ext_at(pass.ext, 0)->done)
        fail_msg("%s is left as it is: %s", now, sw_ext_at(pass.ext, 0)->why);
    for (uint64_t off = 0; off < view->size_bytes; off += sizeof(piece)) {
        size_t len =
            view->size_bytes - off < sizeof(piece) ? (size_t)(view->size_bytes - off) : sizeof(piece);

        assert_ok(sw_image_pread(view, piece, len, off, &err), err);
        assert_int_equal(fwrite(piece, 1, len, file), len);
    }
    fclose(file);
    close_pass(&pass);
}

/* Why the one file system of now is left as it is; "" when it is done. */
static inline const char *refusal(const char *now, const char *parent)
{
    static char why[200];
    struct pass pass = open_pass(now, parent);

    assert_int_equal(sw_ext_count(pass.ext), 1);
    snprintf(why, sizeof(why), "%s", sw_ext_at(pass.ext, 0)->why);
    if (sw_ext_at(pass.ext, 0)->done)
        why[0] = '\0';
    close_pass(&pass);
    return why;
}

/* ---- What differs between two runs ------------------------------------------------------------------------------ */

struct stirring {
    ext2_filsys fs;
    unsigned seed;
};

static inline unsigned drawn(struct stirring *stir)
{
    stir->seed = stir->seed * 1103515245u + 12345u;
    return stir->seed >> 8;
}

struct sums {
    blk64_t blocks[4096];
    bool nodes[4096];
    unsigned n;
};

static inline int note_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t count, blk64_t ref, int off,
                             void *arg)
{
    struct sums *sums = arg;

    (void)fs, (void)ref, (void)off;
    if (sums->n < 4096) {
        sums->nodes[sums->n] = count < 0;
        sums->blocks[sums->n++] = *block;
    }
    return 0;
}

/* Another generation, and what is summed with it, as a kernel would have written it. */
static inline void stir_generation(struct stirring *stir, ext2_ino_t ino, struct ext2_inode_large *inode)
{
    bool folder = LINUX_S_ISDIR(inode->i_mode), tree = (inode->i_flags & EXT4_EXTENTS_FL) != 0;
    bool inlined = (inode->i_flags & EXT4_INLINE_DATA_FL) != 0;
    static struct sums sums;
    static char block[65536];

    sums.n = 0;
    if (!inlined && (folder || (LINUX_S_ISREG(inode->i_mode) && tree)))
        assert_int_equal(ext2fs_block_iterate3(stir->fs, ino, BLOCK_FLAG_READ_ONLY, NULL, note_block, &sums),
                         0);
    inode->i_generation = drawn(stir) + 1;
    assert_int_equal(
        ext2fs_write_inode_full(stir->fs, ino, (struct ext2_inode *)inode, EXT2_INODE_SIZE(stir->fs->super)),
        0);
    if (!ext2fs_has_feature_metadata_csum(stir->fs->super))
        return;
    for (unsigned i = 0; i < sums.n; i++) {
        if ((sums.nodes[i] && !tree) || (!sums.nodes[i] && !folder))
            continue;
        assert_int_equal(io_channel_read_blk64(stir->fs->io, sums.blocks[i], 1, block), 0);
        if (sums.nodes[i])
            assert_int_equal(ext2fs_extent_block_csum_set(stir->fs, ino, (void *)block), 0);
        else
            assert_int_equal(ext2fs_dir_block_csum_set(stir->fs, ino, (void *)block), 0);
        assert_int_equal(io_channel_write_blk64(stir->fs->io, sums.blocks[i], 1, block), 0);
    }
}

static inline void stir_inode(struct stirring *stir, ext2_ino_t ino, bool is_new)
{
    union {
        struct ext2_inode_large inode;
        char bytes[4096];
    } u = {.bytes = {0}};
    unsigned later = EPOCH + 1000 + drawn(stir) % 100000;
    int size = EXT2_INODE_SIZE(stir->fs->super);

    assert_int_equal(ext2fs_read_inode_full(stir->fs, ino, (struct ext2_inode *)&u, size), 0);
    u.inode.i_atime = u.inode.i_ctime = u.inode.i_mtime = later;
    u.inode.osd1.linux1.l_i_version = drawn(stir);
    if (size > EXT2_GOOD_OLD_INODE_SIZE && u.inode.i_extra_isize >= 28) {
        u.inode.i_crtime = later;
        u.inode.i_atime_extra = u.inode.i_ctime_extra = (drawn(stir) % 1000000000) << 2;
        u.inode.i_mtime_extra = u.inode.i_crtime_extra = (drawn(stir) % 1000000000) << 2;
        u.inode.i_version_hi = drawn(stir);
    }
    assert_int_equal(ext2fs_write_inode_full(stir->fs, ino, (struct ext2_inode *)&u, size), 0);
    if (is_new)
        stir_generation(stir, ino, &u.inode);
}

/* An inode that was used in between: it has a time of deletion. */
static inline void stir_freed(struct stirring *stir, ext2_ino_t ino)
{
    union {
        struct ext2_inode_large inode;
        char bytes[4096];
    } u = {.bytes = {0}};
    int size = EXT2_INODE_SIZE(stir->fs->super);

    u.inode.i_mode = LINUX_S_IFREG | 0600;
    u.inode.i_dtime = EPOCH + drawn(stir) % 1000;
    u.inode.i_generation = drawn(stir);
    assert_int_equal(ext2fs_write_inode_full(stir->fs, ino, (struct ext2_inode *)&u, size), 0);
}

static inline int stir_journal(ext2_filsys fs, blk64_t *block, e2_blkcnt_t count, blk64_t ref, int off,
                               void *arg)
{
    struct stirring *stir = arg;
    static char bytes[65536];

    (void)ref, (void)off;
    if (count <= 0 || count > 40)
        return 0;
    for (unsigned i = 0; i < fs->blocksize; i++)
        bytes[i] = (char)drawn(stir);
    return io_channel_write_blk64(fs->io, *block, 1, bytes) == 0 ? 0 : BLOCK_ABORT;
}

static inline void stir_free_blocks(struct stirring *stir)
{
    static char bytes[65536];
    unsigned done = 0;

    for (blk64_t at = ext2fs_blocks_count(stir->fs->super) - 1; at > 0 && done < 20; at--) {
        if (ext2fs_test_block_bitmap2(stir->fs->block_map, at))
            continue;
        for (unsigned i = 0; i < stir->fs->blocksize; i++)
            bytes[i] = (char)drawn(stir);
        assert_int_equal(io_channel_write_blk64(stir->fs->io, at, 1, bytes), 0);
        done++;
    }
}

/*
 * The file system at path as another run would have left it: stamps, generations, versions, the journal's content, blocks and
 * inodes that were used in between. Inodes that before has as well keep their generation.
 */
static inline void stir(const char *path, const char *before, unsigned seed)
{
    struct stirring stirring = {.seed = seed};
    ext2_filsys fs, old;

    assert_int_equal(ext2fs_open(before, EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &old), 0);
    assert_int_equal(ext2fs_read_inode_bitmap(old), 0);
    assert_int_equal(ext2fs_open(path, EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &fs), 0);
    assert_int_equal(ext2fs_read_bitmaps(fs), 0);
    stirring.fs = fs;
    for (ext2_ino_t ino = EXT2_FIRST_INODE(fs->super); ino <= fs->super->s_first_ino + 60; ino++) {
        bool used = ext2fs_test_inode_bitmap2(fs->inode_map, ino) != 0;

        if (used)
            stir_inode(&stirring, ino, !ext2fs_test_inode_bitmap2(old->inode_map, ino));
        else if (ino < fs->super->s_first_ino + 50 && ino < fs->super->s_inodes_count)
            stir_freed(&stirring, ino);
    }
    stir_inode(&stirring, EXT2_ROOT_INO, false);
    if (ext2fs_has_feature_journal(fs->super))
        assert_int_equal(ext2fs_block_iterate3(fs, EXT2_JOURNAL_INO,
                                               BLOCK_FLAG_READ_ONLY | BLOCK_FLAG_DATA_ONLY, NULL,
                                               stir_journal, &stirring),
                         0);
    stir_free_blocks(&stirring);
    fs->super->s_mtime = EPOCH + drawn(&stirring) % 10000;
    fs->super->s_mnt_count = (__u16)(drawn(&stirring) % 90);
    fs->super->s_kbytes_written = drawn(&stirring);
    fs->now = EPOCH + drawn(&stirring) % 10000;
    ext2fs_mark_super_dirty(fs);
    fs->flags |= EXT2_FLAG_MASTER_SB_ONLY;
    assert_int_equal(ext2fs_close(fs), 0);
    ext2fs_free(old);
}

#endif
