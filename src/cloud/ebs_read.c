/* Reading snapshots through the EBS direct APIs: which blocks there are, and what is in them. */
#include "src/base/base64.h"
#include "src/base/digest.h"
#include "src/cloud/ebs_call.h"

#include <stdio.h>
#include <string.h>

/* Pages without a block may come; that they do for ever is no answer. */
enum { PAGE_BLOCKS = 10000, MAX_FRUITLESS = 16 };

void sw_ebs_page_free(struct sw_ebs_page *page)
{
    free(page->items);
    memset(page, 0, sizeof(*page));
}

/* token_name: the member that holds the token of the block, which may be missing. */
static int read_listed(const json_t *item, const char *token_name, struct sw_ebs_page *page,
                       struct sw_err *err)
{
    struct sw_ebs_listed *listed = &page->items[page->n];
    uint64_t index, most = page->volume_gib * SW_EBS_BLOCKS_PER_GIB - 1;
    bool there;

    if (ebs_number(item, "BlockIndex", 0, most, &index, err) < 0 ||
        ebs_text(item, token_name, listed->token, sizeof(listed->token), &there, err) < 0)
        return -1;
    if (index < page->after)
        return sw_fail(err, SW_REMOTE, "the reply lists block %llu out of order", (unsigned long long)index);
    page->after = index + 1;
    listed->index = (uint32_t)index;
    page->n++;
    return 0;
}

static int read_blocks(const json_t *reply, const char *list_name, const char *token_name,
                       struct sw_ebs_page *page, struct sw_err *err)
{
    const json_t *list = json_object_get(reply, list_name);
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n > PAGE_BLOCKS)
        return sw_fail(err, SW_REMOTE, "the reply's %s is no list of at most %d", list_name, PAGE_BLOCKS);
    page->n = 0;
    if (page->items == NULL && (page->items = sw_calloc(PAGE_BLOCKS, sizeof(*page->items), err)) == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (read_listed(json_array_get(list, i), token_name, page, err) < 0)
            return -1;
    return 0;
}

static int read_page(const json_t *reply, bool changed, struct sw_ebs_page *page, struct sw_err *err)
{
    uint64_t block_bytes, volume_gib = page->volume_gib;
    char before[SW_EBS_TOKEN];

    memcpy(before, page->next, sizeof(before));
    if (ebs_number(reply, "VolumeSize", 1, SW_EBS_GIB_MAX, &page->volume_gib, err) < 0 ||
        ebs_number(reply, "BlockSize", 1, UINT32_MAX, &block_bytes, err) < 0 ||
        read_blocks(reply, changed ? "ChangedBlocks" : "Blocks", changed ? "SecondBlockToken" : "BlockToken",
                    page, err) < 0 ||
        ebs_text(reply, "NextToken", page->next, sizeof(page->next), &page->more, err) < 0)
        return -1;
    if (block_bytes != SW_EBS_BLOCK_BYTES)
        return sw_fail(err, SW_FAILED, "the snapshot has blocks of %llu bytes, not %d",
                       (unsigned long long)block_bytes, SW_EBS_BLOCK_BYTES);
    if (before[0] != '\0' && page->volume_gib != volume_gib)
        return sw_fail(err, SW_REMOTE, "the replies are of volumes of %llu and of %llu GiB",
                       (unsigned long long)volume_gib, (unsigned long long)page->volume_gib);
    if (page->more && strcmp(before, page->next) == 0)
        return sw_fail(err, SW_REMOTE, "the reply leads back to its own page");
    page->fruitless = page->n == 0 ? page->fruitless + 1 : 0;
    if (page->more && page->fruitless == MAX_FRUITLESS)
        return sw_fail(err, SW_REMOTE, "%d replies in a row list no block, and name a next page",
                       MAX_FRUITLESS);
    return 0;
}

static int list(struct sw_cloud *cloud, const char *path, const char *first, struct sw_ebs_page *page,
                struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf query = {0};
    SW_AUTO_JSON json_t *reply = NULL;
    struct cloud_call call = {.service = CLOUD_EBS, .method = "GET", .path = path};
    char start[16];

    if (!page->more) {
        page->after = page->start;
        page->fruitless = 0;
        page->next[0] = '\0';
    }
    snprintf(start, sizeof(start), "%u", page->start);
    if (sw_buf_printf(&query, err, "maxResults=%d", PAGE_BLOCKS) < 0 ||
        uri_add(&query, "firstSnapshotId", first, err) < 0 ||
        uri_add(&query, "pageToken", page->more ? page->next : NULL, err) < 0 ||
        uri_add(&query, "startingBlockIndex", !page->more && page->start > 0 ? start : NULL, err) < 0)
        return -1;
    call.query = query.data;
    reply = rest_json_send(cloud, &call, NULL, NULL, err);
    return reply != NULL ? read_page(reply, first != NULL, page, err) : -1;
}

int sw_ebs_list_blocks(struct sw_cloud *cloud, const char *snapshot, struct sw_ebs_page *page,
                       struct sw_err *err)
{
    SW_AUTO_FREE char *path = NULL;

    if (ebs_check_id(snapshot, err) < 0)
        return -1;
    path = sw_strf(err, "/snapshots/%s/blocks", snapshot);
    if (path == NULL)
        return -1;
    if (list(cloud, path, NULL, page, err) < 0)
        return sw_context(err, "listing the blocks of snapshot '%s'", snapshot);
    return 0;
}

int sw_ebs_list_changed(struct sw_cloud *cloud, const char *first, const char *second,
                        struct sw_ebs_page *page, struct sw_err *err)
{
    SW_AUTO_FREE char *path = NULL;

    if (ebs_check_id(first, err) < 0 || ebs_check_id(second, err) < 0)
        return -1;
    path = sw_strf(err, "/snapshots/%s/changedblocks", second);
    if (path == NULL)
        return -1;
    if (list(cloud, path, first, page, err) < 0)
        return sw_context(err, "listing what differs between snapshots '%s' and '%s'", first, second);
    return 0;
}

/* The block's bytes out of a reply, checked against the header that came with them. */
static int read_block(const struct sw_http_reply *reply, struct sw_ebs_block *block, struct sw_err *err)
{
    char text[EBS_CHECKSUM + 1], algorithm[16] = "SHA256";
    uint8_t claimed[SW_EBS_DIGEST];
    size_t len;

    sw_http_header_get(reply, "x-amz-checksum-algorithm", algorithm, sizeof(algorithm));
    if (reply->body_len != SW_EBS_BLOCK_BYTES)
        return sw_fail(err, SW_REMOTE, "the reply has %zu bytes, not %d", reply->body_len,
                       SW_EBS_BLOCK_BYTES);
    if (!sw_http_header_get(reply, "x-amz-checksum", text, sizeof(text)) ||
        strcmp(algorithm, "SHA256") != 0 ||
        sw_base64_get(text, strlen(text), claimed, sizeof(claimed), &len) < 0 || len != sizeof(claimed))
        return sw_fail(err, SW_REMOTE, "the reply has no SHA-256 of the block");
    if (sw_sha256(reply->body, reply->body_len, block->digest, err) < 0)
        return -1;
    if (memcmp(claimed, block->digest, sizeof(claimed)) != 0)
        return sw_fail(err, SW_INTEGRITY, "the bytes are not those that the reply's checksum is of");
    memcpy(block->bytes, reply->body, SW_EBS_BLOCK_BYTES);
    return 0;
}

int sw_ebs_get_block(struct sw_cloud *cloud, struct sw_ebs_block *block, const char *token,
                     struct sw_err *err)
{
    REPLY_AUTO struct sw_http_reply reply = {0};
    SW_AUTO_BUF struct sw_buf query = {0};
    SW_AUTO_FREE char *path = NULL;
    struct cloud_call call = {
        .service = CLOUD_EBS, .method = "GET", .stall_s = EBS_STALL_S, .retried = &block->slow};

    if (ebs_check_id(block->snapshot, err) < 0)
        return -1;
    path = sw_strf(err, "/snapshots/%s/blocks/%u", block->snapshot, block->index);
    if (path == NULL || uri_add(&query, "blockToken", token, err) < 0)
        return -1;
    call.path = path;
    call.query = query.data;
    if (ebs_send(cloud, &call, &reply, NULL, err) < 0 || read_block(&reply, block, err) < 0)
        return sw_context(err, "reading block %u of snapshot '%s'", block->index, block->snapshot);
    return 0;
}
