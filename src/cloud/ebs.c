/* Writing a snapshot through the EBS direct APIs: start, put blocks, complete. */
#include "src/base/digest.h"
#include "src/cloud/ebs_call.h"
#include "src/cloud/sigv4.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 255, ARN_MAX = 2048, TIMEOUT_MIN = 10, TIMEOUT_MAX = 4320, TAG_KEY = 127, TAG_VALUE = 255 };

/* Letters of UTF-8, as AWS counts them. */
static size_t letters(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static int check_text(const char *what, const char *text, size_t most, struct sw_err *err)
{
    if (text == NULL || (text[0] != '\0' && letters(text) <= most))
        return 0;
    return sw_fail(err, SW_USAGE, "the snapshot's %s must have 1 to %zu characters", what, most);
}

static int check_tags(const struct sw_ebs_start *start, struct sw_err *err)
{
    if (start->nr_tags > SW_EBS_TAGS_MAX)
        return sw_fail(err, SW_USAGE, "a snapshot takes at most %d tags, not %zu", SW_EBS_TAGS_MAX,
                       start->nr_tags);
    for (size_t i = 0; i < start->nr_tags; i++) {
        const struct sw_ebs_tag *tag = &start->tags[i];

        if (tag->key[0] == '\0' || letters(tag->key) > TAG_KEY || letters(tag->value) > TAG_VALUE)
            return sw_fail(err, SW_USAGE, "tag '%.40s': a key has 1 to %d characters, a value up to %d",
                           tag->key, TAG_KEY, TAG_VALUE);
        if (strncmp(tag->key, "aws:", 4) == 0)
            return sw_fail(err, SW_USAGE, "tag '%.40s': keys with 'aws:' are AWS's own", tag->key);
    }
    return 0;
}

static int check_start(const struct sw_ebs_start *start, struct sw_err *err)
{
    const char *token = start->client_token;

    if (start->volume_gib < 1 || start->volume_gib > SW_EBS_GIB_MAX)
        return sw_fail(err, SW_USAGE, "a snapshot is of 1 to %d GiB, not %llu", SW_EBS_GIB_MAX,
                       (unsigned long long)start->volume_gib);
    if (start->timeout_min != 0 && (start->timeout_min < TIMEOUT_MIN || start->timeout_min > TIMEOUT_MAX))
        return sw_fail(err, SW_USAGE, "a snapshot's time-out is %d to %d minutes", TIMEOUT_MIN, TIMEOUT_MAX);
    if (start->parent != NULL && start->encrypted)
        return sw_fail(err, SW_USAGE,
                       "a parent snapshot and encryption exclude each other: the parent says which it is");
    if (start->kms_key_arn != NULL && !start->encrypted)
        return sw_fail(err, SW_USAGE, "a KMS key is only for an encrypted snapshot");
    if (token != NULL && strpbrk(token, " \t\r\n") != NULL)
        return sw_fail(err, SW_USAGE, "the client token has white space in it");
    if (check_text("client token", token, TEXT_MAX, err) < 0 ||
        check_text("description", start->description, TEXT_MAX, err) < 0 ||
        check_text("KMS key", start->kms_key_arn, ARN_MAX, err) < 0 ||
        (start->parent != NULL && ebs_check_id(start->parent, err) < 0))
        return -1;
    return check_tags(start, err);
}

static json_t *tags_json(const struct sw_ebs_start *start, struct sw_err *err)
{
    SW_AUTO_JSON json_t *tags = json_array();

    for (size_t i = 0; i < start->nr_tags; i++)
        if (sw_json_append(tags,
                           json_pack("{s:s, s:s}", "Key", start->tags[i].key, "Value", start->tags[i].value),
                           err) < 0)
            return NULL;
    return SW_STEAL_PTR(tags);
}

static json_t *start_body(const struct sw_ebs_start *start, struct sw_err *err)
{
    SW_AUTO_JSON json_t *body =
        json_pack("{s:I, s:s*, s:s*, s:s*, s:s*}", "VolumeSize", (json_int_t)start->volume_gib, "ClientToken",
                  start->client_token, "ParentSnapshotId", start->parent, "Description", start->description,
                  "KmsKeyArn", start->kms_key_arn);

    if (body == NULL) {
        sw_fail(err, SW_USAGE, "the snapshot's description or token is not UTF-8");
        return NULL;
    }
    if ((start->encrypted && sw_json_set(body, "Encrypted", json_true(), err) < 0) ||
        (start->timeout_min != 0 &&
         sw_json_set(body, "Timeout", json_integer((json_int_t)start->timeout_min), err) < 0) ||
        (start->nr_tags > 0 && sw_json_set(body, "Tags", tags_json(start, err), err) < 0))
        return NULL;
    return SW_STEAL_PTR(body);
}

static int read_started(const struct sw_ebs_start *start, const json_t *reply, struct sw_ebs_snapshot *out,
                        struct sw_err *err)
{
    uint64_t block_bytes;
    bool there;

    if (ebs_text(reply, "SnapshotId", out->id, sizeof(out->id), &there, err) < 0 ||
        ebs_number(reply, "VolumeSize", 1, SW_EBS_GIB_MAX, &out->volume_gib, err) < 0 ||
        ebs_number(reply, "BlockSize", 1, UINT32_MAX, &block_bytes, err) < 0)
        return -1;
    if (!sw_ebs_is_id(out->id))
        return sw_fail(err, SW_REMOTE, "the reply has no usable SnapshotId");
    if (block_bytes != SW_EBS_BLOCK_BYTES)
        return sw_fail(err, SW_FAILED, "the snapshot has blocks of %llu bytes, not %d",
                       (unsigned long long)block_bytes, SW_EBS_BLOCK_BYTES);
    if (out->volume_gib < start->volume_gib)
        return sw_fail(err, SW_FAILED, "the snapshot is of %llu GiB, and %llu were asked for",
                       (unsigned long long)out->volume_gib, (unsigned long long)start->volume_gib);
    return 0;
}

int sw_ebs_start_snapshot(struct sw_cloud *cloud, const struct sw_ebs_start *start,
                          struct sw_ebs_snapshot *out, struct sw_err *err)
{
    struct cloud_call call = {.service = CLOUD_EBS, .method = "POST", .path = "/snapshots"};
    SW_AUTO_JSON json_t *body = NULL;
    SW_AUTO_JSON json_t *reply = NULL;

    memset(out, 0, sizeof(*out));
    if (check_start(start, err) < 0)
        return -1;
    body = start_body(start, err);
    if (body == NULL)
        return -1;
    reply = rest_json_send(cloud, &call, body, NULL, err);
    if (reply == NULL || read_started(start, reply, out, err) < 0)
        return sw_context(err, "starting a snapshot of %llu GiB", (unsigned long long)start->volume_gib);
    return 0;
}

/* The body's own signature where TLS does not vouch for it. */
static bool is_plain_http(const struct sw_cloud *cloud)
{
    return strcmp(cloud->endpoints[CLOUD_EBS].uri.scheme, "http") == 0;
}

static int read_echo(const struct sw_http_reply *reply, const char *checksum, struct sw_err *err)
{
    char echo[EBS_CHECKSUM + 1] = "";

    if (sw_http_header_get(reply, "x-amz-checksum", echo, sizeof(echo)) && strcmp(echo, checksum) != 0)
        return sw_fail(err, SW_REMOTE, "EBS answers with another checksum than that of the block");
    return 0;
}

static int put(struct sw_cloud *cloud, struct sw_ebs_block *block, const char *path, bool *gone,
               struct sw_err *err)
{
    REPLY_AUTO struct sw_http_reply reply = {0};
    char checksum[EBS_CHECKSUM], length[16], progress[16], hash[SW_SHA256_HEX];
    struct cloud_call call = {.service = CLOUD_EBS,
                              .method = "PUT",
                              .path = path,
                              .headers = {{"Content-Type", "application/octet-stream"},
                                          {"x-amz-Data-Length", length},
                                          {"x-amz-Checksum", checksum},
                                          {"x-amz-Checksum-Algorithm", "SHA256"},
                                          {"x-amz-Progress", progress}},
                              .body = block->bytes,
                              .body_len = SW_EBS_BLOCK_BYTES,
                              .payload_hash = is_plain_http(cloud) ? hash : SIGV4_UNSIGNED,
                              .stall_s = EBS_STALL_S,
                              .retried = &block->slow};

    if (ebs_checksum(block->digest, checksum, err) < 0)
        return -1;
    sw_hex(block->digest, SW_EBS_DIGEST, hash);
    snprintf(length, sizeof(length), "%d", SW_EBS_BLOCK_BYTES);
    snprintf(progress, sizeof(progress), "%u", block->progress < 100 ? block->progress : 100);
    if (ebs_send(cloud, &call, &reply, gone, err) < 0)
        return -1;
    return *gone ? 0 : read_echo(&reply, checksum, err);
}

int sw_ebs_put_block(struct sw_cloud *cloud, struct sw_ebs_block *block, bool *gone, struct sw_err *err)
{
    SW_AUTO_FREE char *path = NULL;

    *gone = false;
    if (ebs_check_id(block->snapshot, err) < 0)
        return -1;
    path = sw_strf(err, "/snapshots/%s/blocks/%u", block->snapshot, block->index);
    if (path == NULL)
        return -1;
    if (put(cloud, block, path, gone, err) < 0)
        return sw_context(err, "block %u of snapshot '%s'", block->index, block->snapshot);
    return 0;
}

static int complete(struct sw_cloud *cloud, const struct cloud_call *given, const uint8_t *linear, bool *gone,
                    struct sw_err *err)
{
    struct cloud_call call = *given;
    SW_AUTO_JSON json_t *object = NULL;
    struct cloud_fault fault;
    char checksum[EBS_CHECKSUM];
    const char *status;

    if (linear != NULL) {
        if (ebs_checksum(linear, checksum, err) < 0)
            return -1;
        call.headers[1] = (struct sw_http_header){"x-amz-Checksum", checksum};
        call.headers[2] = (struct sw_http_header){"x-amz-Checksum-Algorithm", "SHA256"};
        call.headers[3] = (struct sw_http_header){"x-amz-Checksum-Aggregation-Method", "LINEAR"};
    }
    object = rest_json_send(cloud, &call, NULL, &fault, err);
    if (object == NULL) {
        *gone = ebs_is_gone(&fault);
        if (*gone)
            *err = (struct sw_err){.code = SW_OK};
        return *gone ? 0 : -1;
    }
    status = sw_json_text(object, "Status");
    if (status != NULL && strcmp(status, "error") == 0)
        return sw_fail(err, SW_REMOTE, "EBS could not make a snapshot of the blocks");
    return 0;
}

int sw_ebs_complete_snapshot(struct sw_cloud *cloud, const char *snapshot, uint64_t blocks,
                             const uint8_t *linear, bool *gone, struct sw_err *err)
{
    SW_AUTO_FREE char *path = NULL;
    char count[24];
    struct cloud_call call = {
        .service = CLOUD_EBS, .method = "POST", .headers = {{"x-amz-ChangedBlocksCount", count}}};

    *gone = false;
    if (ebs_check_id(snapshot, err) < 0)
        return -1;
    path = sw_strf(err, "/snapshots/completion/%s", snapshot);
    if (path == NULL)
        return -1;
    call.path = path;
    snprintf(count, sizeof(count), "%llu", (unsigned long long)blocks);
    if (complete(cloud, &call, linear, gone, err) < 0)
        return sw_context(err, "completing snapshot '%s'", snapshot);
    return 0;
}
