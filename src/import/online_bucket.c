/* The online check: where the bucket is, whose, how it encrypts, and whether it takes an upload. */
#include "src/base/digest.h"
#include "src/import/online.h"

#include <stdio.h>
#include <string.h>

static char *bucket_permission(const struct online *online, const char *action, struct sw_err *err)
{
    return sw_strf(err, "%s on arn:%s:s3:::%s", action, online->partition, online->plan.bucket);
}

static int ask_region(struct online *online, bool *there, struct sw_err *err)
{
    SW_AUTO_FREE char *permission = bucket_permission(online, "s3:GetBucketLocation", err);
    SW_AUTO_FREE char *remedy = NULL;
    struct online_words words = {.name = "bucket-region",
                                 .permission = permission,
                                 .remedy = online->lane == NEED_EXPORT
                                               ? "name a bucket that is there, in the region of the export"
                                               : "name a bucket that is there, in the region of the import"};
    struct sw_refusal why;
    char region[64];

    *there = false;
    if (permission == NULL)
        return -1;
    if (sw_s3_bucket_where(online->cloud, online->plan.bucket, NULL, region, &why, err) < 0) {
        /* What only cannot be told may still take an upload. */
        *there = sw_refusal_is_denial(&why);
        return online_failed(online, &words, &why, err);
    }
    *there = true;
    words.permission = words.remedy = NULL;
    if (strcmp(region, online->plan.region) == 0)
        return online_say(online, &words, err, "'%s' is in %s, as the %s", online->plan.bucket, region,
                          online_what(online));
    remedy = sw_strf(err, "pass --region %s, or use a bucket in %s", region, online->plan.region);
    words.status = SW_ONLINE_REFUSED;
    words.remedy = remedy;
    return remedy == NULL ? -1
                          : online_say(online, &words, err,
                                       "'%s' is in %s, the %s in %s: EC2 takes no bucket of another region",
                                       online->plan.bucket, region, online_what(online), online->plan.region);
}

static int ask_owner(struct online *online, struct sw_err *err)
{
    SW_AUTO_FREE char *permission = bucket_permission(online, "s3:GetBucketLocation", err);
    struct online_words words = {.name = "bucket-owner", .permission = permission};
    struct sw_refusal why;
    char region[64];

    if (permission == NULL)
        return -1;
    if (sw_s3_bucket_where(online->cloud, online->plan.bucket, online->plan.account, region, &why, err) == 0)
        return online_say(online, &(struct online_words){.name = words.name}, err, "account %s owns '%s'",
                          online->plan.account, online->plan.bucket);
    if (!sw_refusal_is_denial(&why))
        return online_failed(online, &words, &why, err);
    *err = (struct sw_err){.code = SW_OK};
    words.status = SW_ONLINE_UNKNOWN;
    words.remedy =
        "make sure that the bucket is the one that is meant; its policy must let the service role use it";
    return online_say(online, &words, err,
                      "account %s does not own '%s', or may not ask: whoever owns it reads the image",
                      online->plan.account, online->plan.bucket);
}

static int refuse_encryption(struct online *online, const struct sw_s3_encryption *found, struct sw_err *err)
{
    const struct online_words words = {
        "bucket-encryption", SW_ONLINE_REFUSED, NULL,
        "use a bucket that encrypts with S3's own keys (AES256), or export a SNAPSHOT, which needs no bucket"};

    return online_say(online, &words, err, "%s%s%s: EC2 exports to no bucket that encrypts with keys of KMS",
                      found->algorithm, found->key[0] != '\0' ? ", key " : "", found->key);
}

static int ask_encryption(struct online *online, struct sw_err *err)
{
    SW_AUTO_FREE char *permission = bucket_permission(online, "s3:GetEncryptionConfiguration", err);
    const struct online_words words = {.name = "bucket-encryption", .permission = permission};
    struct sw_s3_encryption found;
    struct sw_refusal why;

    if (permission == NULL)
        return -1;
    if (sw_s3_bucket_encryption(online->cloud, online->plan.bucket, &found, &why, err) < 0)
        return online_failed(online, &words, &why, err);
    if (online->lane == NEED_EXPORT && strncmp(found.algorithm, "aws:kms", 7) == 0)
        return refuse_encryption(online, &found, err);
    if (strncmp(found.algorithm, "aws:kms", 7) == 0 && found.key[0] != '\0') {
        online->bucket_key = sw_strdup(found.key, err);
        if (online->bucket_key == NULL)
            return -1;
    }
    return online_say(online, &(struct online_words){.name = words.name}, err, "%s%s%s",
                      found.algorithm[0] != '\0' ? found.algorithm : "none by default",
                      found.key[0] != '\0' ? ", key " : "", found.key);
}

/* The object that the probe begins and never completes. */
static char *probe_key(const struct online *online, struct sw_err *err)
{
    const char *prefix = online->plan.prefix != NULL ? online->plan.prefix : "";
    bool slash = prefix[0] != '\0' && prefix[strlen(prefix) - 1] != '/';
    uint8_t random[8];
    char hex[2 * sizeof(random) + 1];

    if (sw_random(random, sizeof(random), err) < 0)
        return NULL;
    sw_hex(random, sizeof(random), hex);
    return sw_strf(err, "%s%sslipway-check-%s", prefix, slash ? "/" : "", hex);
}

/* One step of the probe failed: with the permission that it wants, and the key's where KMS says so. */
static int probe_failed(struct online *online, const char *name, const char *action, struct sw_err *err)
{
    SW_AUTO_FREE char *permission = NULL, *remedy = NULL;
    struct online_words words = {.name = name};
    const struct sw_refusal nobody = {.status = 0};

    if (err->code == SW_REMOTE)
        return online_failed(online, &words, &nobody, err);
    if (strstr(err->text, "kms:") != NULL)
        permission = sw_strf(err, "kms:GenerateDataKey, kms:Decrypt on %s",
                             online->bucket_key != NULL ? online->bucket_key : "the bucket's key");
    else
        permission = sw_strf(err, "%s on arn:%s:s3:::%s/%s*", action, online->partition, online->plan.bucket,
                             online->plan.prefix != NULL ? online->plan.prefix : "");
    remedy = sw_strdup(
        "give the caller the operator policy of --print-iam, and see what the bucket's own policy denies",
        err);
    words.permission = permission;
    words.remedy = remedy;
    return permission != NULL && remedy != NULL ? online_refused(online, &words, err) : -1;
}

/* What was begun goes again; a bucket where that is not allowed keeps it, and that is said. */
static int end_probe(struct online *online, const struct sw_s3_upload *probe, bool written, bool retried,
                     struct sw_err *err)
{
    const struct sw_s3_upload all = {probe->bucket, probe->key, NULL};
    unsigned aborted;

    /* A reply that was lost may have begun one more. */
    if (sw_s3_abort_upload(online->cloud, probe, err) < 0 ||
        (retried && sw_s3_abort_all(online->cloud, &all, &aborted, err) < 0)) {
        sw_context(err, "the upload '%.80s' of 's3://%s/%s' is left behind", probe->upload_id, probe->bucket,
                   probe->key);
        return probe_failed(online, "object-abort", "s3:AbortMultipartUpload", err);
    }
    if (!written)
        return 0;
    return online_say(online, &(struct online_words){.name = "object-abort"}, err,
                      "the upload is aborted; no object was made");
}

static int send_part(struct online *online, const struct sw_s3_upload *probe, struct sw_err *err)
{
    static const char bytes[] = "slipway import --check";
    struct sw_s3_part part = {.number = 1, .size_bytes = sizeof(bytes) - 1};
    uint8_t digest[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];

    if (sw_sha256(bytes, sizeof(bytes) - 1, digest, err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), hex);
    return sw_s3_put_part(online->cloud, probe, &part, bytes, hex, err);
}

static int list_part(struct online *online, const struct sw_s3_upload *probe, struct sw_err *err)
{
    struct sw_s3_parts parts = {.items = NULL};

    if (sw_s3_list_parts(online->cloud, probe, &parts, err) < 0)
        return probe_failed(online, "object-list", "s3:ListMultipartUploadParts", err);
    free(parts.items);
    return online_say(online, &(struct online_words){.name = "object-list"}, err,
                      "an interrupted upload can be gone on with");
}

/*
 * A multipart upload that is never completed asks for the same permissions as the import, the key's too, and leaves nothing: no
 * object, no version, no event.
 */
static int probe(struct online *online, struct sw_err *err)
{
    SW_AUTO_FREE char *key = probe_key(online, err), *upload_id = NULL;
    struct sw_s3_upload object = {online->plan.bucket, key, NULL};
    bool retried, written;

    if (key == NULL)
        return -1;
    if (sw_s3_create_upload(online->cloud, &object, "check", &upload_id, &retried, err) < 0)
        return probe_failed(online, "object-write", "s3:PutObject", err);
    object.upload_id = upload_id;
    written = send_part(online, &object, err) == 0;
    if (written ? online_say(online, &(struct online_words){.name = "object-write"}, err,
                             "'s3://%s/%s' can be written", online->plan.bucket, key) < 0 ||
                      list_part(online, &object, err) < 0
                : probe_failed(online, "object-write", "s3:PutObject", err) < 0)
        return sw_context(err, "the upload '%.80s' of 's3://%s/%s' is left behind", upload_id, object.bucket,
                          key);
    return end_probe(online, &object, written, retried, err);
}

int online_bucket(struct online *online, struct sw_err *err)
{
    bool there;

    if (ask_region(online, &there, err) < 0)
        return -1;
    if (!there)
        return 0;
    if (ask_owner(online, err) < 0 || ask_encryption(online, err) < 0)
        return -1;
    return online->check->probe && online->lane != NEED_EXPORT ? probe(online, err) : 0;
}
