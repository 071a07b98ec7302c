/* The EBS direct APIs: snapshots that are written and read block by block, without a bucket or a volume. */
#ifndef SLIPWAY_EBS_H
#define SLIPWAY_EBS_H

#include "slipway/cloud.h"

enum {
    SW_EBS_BLOCK_BYTES = 512 << 10,
    SW_EBS_GIB_MAX = 65536,
    SW_EBS_ID = 65,     /* "snap-" and hex, with the NUL */
    SW_EBS_TOKEN = 257, /* base64, with the NUL: of a block or a page */
    SW_EBS_DIGEST = 32, /* SHA-256 */
    SW_EBS_TAGS_MAX = 50,
};
#define SW_EBS_BLOCKS_PER_GIB ((uint64_t)(1 << 30) / SW_EBS_BLOCK_BYTES)

/* True for "snap-" and hex digits, 64 characters at most: it goes into a URL's path. */
bool sw_ebs_is_id(const char *id);

struct sw_ebs_tag {
    const char *key;
    const char *value;
};

/* NULL and 0 members are not sent. */
struct sw_ebs_start {
    uint64_t volume_gib;      /* 1 … SW_EBS_GIB_MAX */
    const char *client_token; /* the same one brings the same snapshot */
    const char *parent;       /* a snapshot; not with encrypted */
    const char *description;
    const char *kms_key_arn; /* only with encrypted */
    const struct sw_ebs_tag *tags;
    size_t nr_tags;
    bool encrypted;
    unsigned timeout_min; /* without a block the snapshot ends then; 10 … 4320, AWS's default is 60 */
};

struct sw_ebs_snapshot {
    char id[SW_EBS_ID];
    uint64_t volume_gib;
};

/* SW_USAGE, before anything is sent, for what the API does not take. */
SW_MUST_CHECK int sw_ebs_start_snapshot(struct sw_cloud *cloud, const struct sw_ebs_start *start,
                                        struct sw_ebs_snapshot *out, struct sw_err *err);

struct sw_ebs_block {
    const char *snapshot;
    uint32_t index;
    uint8_t *bytes;                /* SW_EBS_BLOCK_BYTES of them */
    uint8_t digest[SW_EBS_DIGEST]; /* of the bytes; get fills it in */
    unsigned progress;             /* put: how much is written already, percent */
    bool slow; /* filled in: it took more than one request, so that fewer at once may be better */
};

/*
 * Writes one block; any thread, any order, again and again. Over TLS the body is not signed (its digest is in a signed header);
 * without TLS it is. *gone, and no failure: there is no such snapshot (any more; a new one may be unknown for two minutes), or
 * it takes no blocks, for it was completed or has timed out.
 */
SW_MUST_CHECK int sw_ebs_put_block(struct sw_cloud *cloud, struct sw_ebs_block *block, bool *gone,
                                   struct sw_err *err);

/*
 * No more blocks. linear: the SHA-256 over the digests of all blocks that were written, ascending by index; NULL when there
 * were none. The snapshot is usable once EC2's DescribeSnapshots says so, and may still end in an error there. *gone as above.
 */
SW_MUST_CHECK int sw_ebs_complete_snapshot(struct sw_cloud *cloud, const char *snapshot, uint64_t blocks,
                                           const uint8_t *linear, bool *gone, struct sw_err *err);

/* A block that a snapshot holds. */
struct sw_ebs_listed {
    uint32_t index;
    char token[SW_EBS_TOKEN]; /* to get it with; "" when the snapshot does not hold the block (any more) */
};

/* Zero-initialise it but for start, call again while more, with more false to begin anew; free with sw_ebs_page_free. */
struct sw_ebs_page {
    uint32_t start;              /* the first block to list */
    struct sw_ebs_listed *items; /* ascending, from page to page too */
    size_t n;
    uint64_t volume_gib;
    bool more;
    char next[SW_EBS_TOKEN];
    uint64_t after;     /* no block below it may come */
    unsigned fruitless; /* pages in a row without a block */
};
void sw_ebs_page_free(struct sw_ebs_page *page);

/* The next page of the blocks that a completed snapshot holds; all others of its volume read as zeros. */
SW_MUST_CHECK int sw_ebs_list_blocks(struct sw_cloud *cloud, const char *snapshot, struct sw_ebs_page *page,
                                     struct sw_err *err);
/* Of those that differ between two snapshots of one volume; tokens are for the second. */
SW_MUST_CHECK int sw_ebs_list_changed(struct sw_cloud *cloud, const char *first, const char *second,
                                      struct sw_ebs_page *page, struct sw_err *err);
/* Reads a block of a page and checks it against the digest that came with it; another is SW_INTEGRITY. Any thread. */
SW_MUST_CHECK int sw_ebs_get_block(struct sw_cloud *cloud, struct sw_ebs_block *block, const char *token,
                                   struct sw_err *err);

#endif
