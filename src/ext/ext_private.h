/* What the files of the pass share. */
#ifndef SW_EXT_PRIVATE_H
#define SW_EXT_PRIVATE_H

#include "slipway/ext.h"
#include "src/ext/patch.h"

enum {
    EXT_SUPER_AT = 1024,
    EXT_SUPER_BYTES = 1024,
    EXT_INODE_MAX = 65536,  /* bytes; never more than a block */
    EXT_WORK_MAX = 1 << 18, /* blocks of directories and trees that are read in one file system */
};

/* Offsets in the superblock and in an inode: Documentation/filesystems/ext4 of the kernel. Little-endian. */
enum {
    SUPER_BLOCKS = 0x04,
    SUPER_LOG_BLOCK = 0x18,
    SUPER_MTIME = 0x2c,
    SUPER_WTIME = 0x30,
    SUPER_MNT_COUNT = 0x34,
    SUPER_MAGIC = 0x38,
    SUPER_STATE = 0x3a,
    SUPER_LASTCHECK = 0x40,
    SUPER_INODE_SIZE = 0x58,
    SUPER_COMPAT = 0x5c,
    SUPER_INCOMPAT = 0x60,
    SUPER_RO_COMPAT = 0x64,
    SUPER_UUID = 0x68,
    SUPER_JOURNAL_INUM = 0xe0,
    SUPER_LAST_ORPHAN = 0xe8,
    SUPER_DESC_SIZE = 0xfe,
    SUPER_BLOCKS_HI = 0x150, /* with INCOMPAT_64BIT */
    SUPER_KBYTES_WRITTEN = 0x178,
    SUPER_ERROR_COUNT = 0x194,
    SUPER_WTIME_HI = 0x274, /* the high bytes of wtime, mtime, mkfs_time, lastcheck */
    SUPER_MTIME_HI = 0x275,
    SUPER_LASTCHECK_HI = 0x277,
    SUPER_CHECKSUM = 0x3fc,

    INODE_MODE = 0x00,
    INODE_ATIME = 0x08,
    INODE_CTIME = 0x0c,
    INODE_MTIME = 0x10,
    INODE_LINKS = 0x1a,
    INODE_FLAGS = 0x20,
    INODE_VERSION = 0x24,
    INODE_BLOCK = 0x28,
    INODE_BLOCK_BYTES = 60,
    INODE_GENERATION = 0x64,
    INODE_OLD_BYTES = 128,
    INODE_EXTRA_SIZE = 0x80,
    INODE_CTIME_EXTRA = 0x84,
    INODE_MTIME_EXTRA = 0x88,
    INODE_ATIME_EXTRA = 0x8c,
    INODE_CRTIME = 0x90,
    INODE_CRTIME_EXTRA = 0x94,
    INODE_VERSION_HI = 0x98,

    EXT_MAGIC = 0xef53,
    STATE_VALID = 1,
    STATE_ERROR = 2,
    COMPAT_HAS_JOURNAL = 0x4,
    INCOMPAT_RECOVER = 0x4,
    INCOMPAT_JOURNAL_DEV = 0x8,
    INCOMPAT_64BIT = 0x80,
    INCOMPAT_MMP = 0x100,
    RO_COMPAT_ORPHAN_PRESENT = 0x10000,
    RO_COMPAT_METADATA_CSUM = 0x400,
    GROUP_FLAGS = 0x12,
    GROUP_BLOCK_UNINIT = 2,
    GROUP_INODE_ZEROED = 4,
    FLAG_EXTENTS = 0x80000,
    FLAG_EA_INODE = 0x200000,
    FLAG_INLINE_DATA = 0x10000000,
    JOURNAL_INODE = 8,
};

/* An open file system. */
struct ext {
    struct patch *patch;
    void *lib;                      /* the library's own */
    uint8_t super[EXT_SUPER_BYTES]; /* as it is now */
    int64_t epoch;
    bool same;                         /* the parent has the same file system there */
    bool csum;                         /* metadata_csum: checksums hang on generations */
    bool group_csum;                   /* group descriptors say what of the inode tables is unused */
    uint32_t block_bytes, inode_bytes; /* powers of two */
    uint32_t nr_groups, inodes_per_group, blocks_per_group;
    uint64_t first_block, nr_blocks;
    unsigned cluster_bits; /* a bit of a block bitmap stands for 1 << this many blocks */
    uint32_t work;         /* of EXT_WORK_MAX */
    struct sw_ext_fs *report;
};

struct ext_group {
    uint64_t block_bitmap, inode_bitmap, inode_table; /* block numbers: untrusted */
    bool inode_uninit, block_uninit, itable_zeroed;
    uint32_t nr_unused_inodes; /* at the table's end; at most inodes_per_group */
};

/* lib.c: the one file that speaks with libext2fs. All but close may say SW_INTEGRITY: the file system is damaged. */
SW_MUST_CHECK int ext_lib_open(struct ext *ext, struct sw_err *err);
void ext_lib_close(struct ext *ext);
/* Checks the descriptor's sum, too. */
SW_MUST_CHECK int ext_lib_group(const struct ext *ext, uint32_t group, struct ext_group *out,
                                struct sw_err *err);
/* The group's descriptor gets that flag taken away and is written. */
SW_MUST_CHECK int ext_lib_clear_zeroed(struct ext *ext, uint32_t group, struct sw_err *err);
/* Bitmaps of a block's size, whose sums are checked. */
SW_MUST_CHECK int ext_lib_inode_bitmap(const struct ext *ext, uint32_t group, const struct ext_group *of,
                                       uint8_t *bitmap, struct sw_err *err);
SW_MUST_CHECK int ext_lib_block_bitmap(const struct ext *ext, uint32_t group, const struct ext_group *of,
                                       uint8_t *bitmap, struct sw_err *err);
/* False when the inode's sum is wrong. inode: inode_bytes. */
bool ext_lib_inode_ok(const struct ext *ext, uint32_t ino, const uint8_t *inode);
SW_MUST_CHECK int ext_lib_inode_sum(const struct ext *ext, uint32_t ino, uint8_t *inode, struct sw_err *err);
uint32_t ext_lib_crc32c(const void *bytes, size_t len);
/* Where the parent's descriptor of a group would lie: byte of the file system, and its bytes. */
uint64_t ext_lib_descriptor_at(const struct ext *ext, uint32_t group, size_t *len);
bool ext_lib_has_super(const struct ext *ext, uint32_t group);

enum ext_run {
    EXT_RUN_DATA,
    EXT_RUN_UNWRITTEN, /* data that reads as zeros, whatever the blocks hold */
    EXT_RUN_NODE,      /* of the inode's tree */
};
/* Blocks of an inode. */
typedef int ext_block_fn(void *arg, uint64_t block, uint64_t n, enum ext_run kind, struct sw_err *err);
/*
 * Each run of blocks of the inode, as it lies on the disk now, in order; the tree's own blocks singly. Bounded by work. data
 * false: the tree's own only.
 */
SW_MUST_CHECK int ext_lib_each_run(struct ext *ext, uint32_t ino, const uint8_t *inode, ext_block_fn *fn,
                                   void *arg, struct sw_err *err);
/* The sum of a block of a tree or a directory (as the inode on the disk has it), checked or set. block_bytes. */
bool ext_lib_node_ok(const struct ext *ext, uint32_t ino, uint8_t *block, bool directory);
SW_MUST_CHECK int ext_lib_node_sum(struct ext *ext, uint32_t ino, uint8_t *block, bool directory,
                                   struct sw_err *err);
/* Whoever writes an inode past the library tells it. */
void ext_lib_forget(struct ext *ext);

/* A block of the file system, all of it. */
SW_MUST_CHECK int ext_read_block(const struct ext *ext, uint64_t block, uint8_t *buf, struct sw_err *err);

/* inode.c, blocks.c, super.c: the parts of the pass. */
SW_MUST_CHECK int ext_pass_inodes(struct ext *ext, struct sw_err *err);
SW_MUST_CHECK int ext_pass_free(struct ext *ext, struct sw_err *err);
SW_MUST_CHECK int ext_pass_journal(struct ext *ext, struct sw_err *err);
SW_MUST_CHECK int ext_pass_supers(struct ext *ext, struct sw_err *err);

/* view.c: one image over another. */
struct ext_view {
    struct sw_image base;
    struct sw_image *under;      /* not owned */
    const struct patch *patches; /* by offset, apart from each other */
    size_t nr_patches;
    bool is_top; /* what it shows is what the top holds, and what was changed in memory */
};
void ext_view_init(struct ext_view *view, struct sw_image *under, bool is_top);

#endif
