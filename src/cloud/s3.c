/* The S3 verbs of an import: multipart uploads, and a look at objects. */
#include "src/cloud/s3.h"
#include "src/base/base64.h"
#include "src/base/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MARK_HEADER     "x-amz-meta-slipway-upload"
#define CHECKSUM_HEADER "x-amz-checksum-sha256"

/* base64 of a SHA-256, with the NUL. */
enum { SUM = 45 };

static int s3_context(const struct sw_s3_upload *object, const char *verb, struct sw_err *err)
{
    return sw_context(err, "%s 's3://%s/%s'", verb, object->bucket, object->key != NULL ? object->key : "");
}

/* A decimal of the server's; SW_REMOTE names the element when it is none or too large. */
static int read_number(const struct xml_node *node, const char *name, uint64_t most, uint64_t *out,
                       struct sw_err *err)
{
    const char *text = xml_text(node, name);
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || *out > most)
        return sw_fail(err, SW_REMOTE, "the reply's %s is '%s', no number up to %llu", name, text,
                       (unsigned long long)most);
    return 0;
}

bool s3_header_number(const struct sw_http_reply *reply, const char *name, uint64_t *out)
{
    char text[32] = "", *end;

    if (!sw_http_header_get(reply, name, text, sizeof(text)) || text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

int s3_head(struct sw_cloud *cloud, const struct cloud_call *call, struct sw_http_reply *reply,
            struct cloud_fault *fault, struct sw_err *err)
{
    const struct cloud_call byte = {.service = CLOUD_S3,
                                    .method = "GET",
                                    .bucket = call->bucket,
                                    .key = call->key,
                                    .headers = {{"Range", "bytes=0-0"}}};
    REPLY_AUTO struct sw_http_reply answer = {0};

    if (cloud_send(cloud, call, reply, fault, err) == 0)
        return 0;
    if ((fault->status != 400 && fault->status != 403) || fault->code[0] != '\0')
        return -1;
    /* An empty object has no byte to give. */
    if (cloud_send(cloud, &byte, &answer, fault, err) < 0 && fault->status != 416)
        return -1;
    return cloud_send(cloud, call, reply, fault, err);
}

int s3_read_etag(const char *text, char out[SW_S3_ETAG], struct sw_err *err)
{
    size_t len = strlen(text);

    if (len >= 2 && text[0] == '"' && text[len - 1] == '"')
        text++, len -= 2;
    if (len == 0 || len >= SW_S3_ETAG || memchr(text, '"', len) != NULL)
        return sw_fail(err, SW_REMOTE, "the reply has no usable ETag");
    memcpy(out, text, len);
    out[len] = '\0';
    return 0;
}

struct xml_node *s3_document(const struct sw_http_reply *reply, const char *root, struct sw_err *err)
{
    XML_AUTO struct xml_node *document =
        xml_parse(reply->body != NULL ? reply->body : "", reply->body_len, err);

    if (document != NULL && strcmp(document->name, root) != 0) {
        sw_fail(err, SW_REMOTE, "the reply is a '%s', not a '%s'", document->name, root);
        return NULL;
    }
    return SW_STEAL_PTR(document);
}

static int put_sum(const uint8_t digest[SW_SHA256_BYTES], char out[SUM], struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};

    if (sw_base64_put(&text, digest, SW_SHA256_BYTES, err) < 0)
        return -1;
    memcpy(out, text.data, SUM);
    return 0;
}

/* The same of a digest in hex. */
static int convert_sum(const char *hex, char out[SUM], struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];

    if (sw_unhex(hex, strlen(hex), digest, sizeof(digest)) < 0)
        return sw_fail(err, SW_FAILED, "'%.70s' is no SHA-256", hex);
    return put_sum(digest, out, err);
}

int sw_s3_checksum(const struct sw_s3_part *parts, size_t n, char out[SW_S3_CHECKSUM], struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new(err);
    uint8_t bytes[SW_SHA256_BYTES];
    char sum[SUM];

    out[0] = '\0';
    if (digest == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (sw_unhex(parts[i].sha256, strlen(parts[i].sha256), bytes, sizeof(bytes)) < 0)
            return 0;
        if (sw_digest_update(digest, bytes, sizeof(bytes), err) < 0)
            return -1;
    }
    if (sw_digest_final(digest, bytes, err) < 0 || put_sum(bytes, sum, err) < 0)
        return -1;
    snprintf(out, SW_S3_CHECKSUM, "%s-%zu", sum, n);
    return 0;
}

int sw_s3_create_upload(struct sw_cloud *cloud, const struct sw_s3_upload *object, const char *mark,
                        char **upload_id, bool *retried, struct sw_err *err)
{
    struct cloud_call call = {
        .service = CLOUD_S3,
        .method = "POST",
        .bucket = object->bucket,
        .key = object->key,
        .query = "uploads=",
        .headers = {{MARK_HEADER, mark}, {cloud->checksums ? "x-amz-checksum-algorithm" : NULL, "SHA256"}},
        .retried = retried};
    REPLY_AUTO struct sw_http_reply reply = {0};
    XML_AUTO struct xml_node *document = NULL;
    const char *id;

    if (cloud_send(cloud, &call, &reply, NULL, err) < 0 ||
        (document = s3_document(&reply, "InitiateMultipartUploadResult", err)) == NULL)
        return s3_context(object, "starting the upload of", err);
    id = xml_text(document, "UploadId");
    if (id[0] == '\0') {
        sw_fail(err, SW_REMOTE, "the reply has no UploadId");
        return s3_context(object, "starting the upload of", err);
    }
    *upload_id = sw_strdup(id, err);
    return *upload_id != NULL ? 0 : -1;
}

int sw_s3_put_part(struct sw_cloud *cloud, const struct sw_s3_upload *upload, struct sw_s3_part *part,
                   const void *bytes, const char *sha256, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf query = {0};
    REPLY_AUTO struct sw_http_reply reply = {0};
    struct cloud_call call = {.service = CLOUD_S3,
                              .method = "PUT",
                              .bucket = upload->bucket,
                              .key = upload->key,
                              .body = bytes,
                              .body_len = part->size_bytes,
                              .payload_hash = sha256};
    char etag[SW_S3_ETAG + 2] = "", sum[SUM];

    if (cloud->checksums && convert_sum(sha256, sum, err) < 0)
        return -1;
    if (cloud->checksums)
        call.headers[0] = (struct sw_http_header){CHECKSUM_HEADER, sum};
    snprintf(part->sha256, sizeof(part->sha256), "%s", sha256);
    if (sw_buf_printf(&query, err, "partNumber=%u", part->number) < 0 ||
        uri_add(&query, "uploadId", upload->upload_id, err) < 0)
        return -1;
    call.query = query.data;
    if (cloud_send(cloud, &call, &reply, NULL, err) == 0) {
        sw_http_header_get(&reply, "etag", etag, sizeof(etag));
        if (s3_read_etag(etag, part->etag, err) == 0)
            return 0;
    }
    sw_context(err, "part %u", part->number);
    return s3_context(upload, "uploading", err);
}

static int read_part(const struct xml_node *node, struct sw_s3_parts *out, struct sw_err *err)
{
    struct sw_s3_part *grown = realloc(out->items, (out->n + 1) * sizeof(*grown)), *part;
    uint64_t number;

    if (grown == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    out->items = grown;
    part = &grown[out->n];
    if (read_number(node, "PartNumber", SW_S3_MAX_PARTS, &number, err) < 0 ||
        read_number(node, "Size", SW_S3_MAX_PART_BYTES, &part->size_bytes, err) < 0 ||
        s3_read_etag(xml_text(node, "ETag"), part->etag, err) < 0)
        return -1;
    if (number == 0 || (out->n > 0 && number <= grown[out->n - 1].number))
        return sw_fail(err, SW_REMOTE, "the reply lists part %llu out of order", (unsigned long long)number);
    part->number = (unsigned)number;
    part->sha256[0] = '\0';
    out->n++;
    return 0;
}

/* *more: there is another page, after the last part read. */
static int read_parts_page(const struct sw_http_reply *reply, struct sw_s3_parts *out, bool *more,
                           struct sw_err *err)
{
    XML_AUTO struct xml_node *document = s3_document(reply, "ListPartsResult", err);

    if (document == NULL)
        return -1;
    for (const struct xml_node *node = document->first; node != NULL; node = node->next)
        if (strcmp(node->name, "Part") == 0 && read_part(node, out, err) < 0)
            return -1;
    *more = strcmp(xml_text(document, "IsTruncated"), "true") == 0;
    if (*more && xml_child(document, "Part") == NULL)
        return sw_fail(err, SW_REMOTE, "the reply promises more parts and lists none");
    return 0;
}

static int list_page(struct sw_cloud *cloud, const struct sw_s3_upload *upload, struct sw_s3_parts *out,
                     bool *more, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf query = {0};
    REPLY_AUTO struct sw_http_reply reply = {0};
    struct cloud_fault fault;
    struct cloud_call call = {
        .service = CLOUD_S3, .method = "GET", .bucket = upload->bucket, .key = upload->key};

    if (out->n > 0 && sw_buf_printf(&query, err, "part-number-marker=%u", out->items[out->n - 1].number) < 0)
        return -1;
    if (uri_add(&query, "uploadId", upload->upload_id, err) < 0)
        return -1;
    call.query = query.data;
    if (cloud_send(cloud, &call, &reply, &fault, err) == 0)
        return read_parts_page(&reply, out, more, err);
    /* Ceph's word for it is the second. */
    if (strcmp(fault.code, "NoSuchUpload") != 0 && strcmp(fault.code, "NoSuchKey") != 0)
        return -1;
    *err = (struct sw_err){.code = SW_OK};
    out->gone = true;
    *more = false;
    return 0;
}

int sw_s3_list_parts(struct sw_cloud *cloud, const struct sw_s3_upload *upload, struct sw_s3_parts *out,
                     struct sw_err *err)
{
    bool more = true;

    *out = (struct sw_s3_parts){.items = NULL};
    while (more) {
        if (list_page(cloud, upload, out, &more, err) < 0) {
            free(out->items);
            out->items = NULL;
            return s3_context(upload, "listing the parts of", err);
        }
    }
    return 0;
}

/* sums: S3 was given them with the parts, and wants them again. */
static int list_part(const struct sw_s3_part *part, bool sums, struct sw_buf *body, struct sw_err *err)
{
    char sum[SUM];

    /* An ETag is hex with a dash; whatever else a server gave must not become markup. */
    if (strpbrk(part->etag, "<>&") != NULL)
        return sw_fail(err, SW_REMOTE, "part %u has an ETag with markup in it", part->number);
    if (sw_buf_printf(body, err, "<Part><PartNumber>%u</PartNumber><ETag>\"%s\"</ETag>", part->number,
                      part->etag) < 0)
        return -1;
    if (sums && part->sha256[0] != '\0' &&
        (convert_sum(part->sha256, sum, err) < 0 ||
         sw_buf_printf(body, err, "<ChecksumSHA256>%s</ChecksumSHA256>", sum) < 0))
        return -1;
    return sw_buf_puts(body, "</Part>", err);
}

static int complete_body(const struct sw_s3_part *parts, size_t n, bool sums, struct sw_buf *body,
                         struct sw_err *err)
{
    if (sw_buf_puts(body, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">",
                    err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (list_part(&parts[i], sums, body, err) < 0)
            return -1;
    return sw_buf_puts(body, "</CompleteMultipartUpload>", err);
}

/* What S3 made, by the checksum that it took itself; a server that keeps none says nothing. */
static int check_made(const struct sw_http_reply *reply, const struct sw_s3_part *parts, size_t n,
                      struct sw_err *err)
{
    XML_AUTO struct xml_node *document = s3_document(reply, "CompleteMultipartUploadResult", err);
    char want[SW_S3_CHECKSUM];
    const char *made;

    if (document == NULL || sw_s3_checksum(parts, n, want, err) < 0)
        return -1;
    made = xml_text(document, "ChecksumSHA256");
    if (made[0] == '\0' || want[0] == '\0' || strcmp(made, want) == 0)
        return 0;
    return sw_fail(err, SW_INTEGRITY, "S3 made an object whose SHA-256 is %.60s, and the parts' is %s", made,
                   want);
}

int sw_s3_complete_upload(struct sw_cloud *cloud, const struct sw_s3_upload *upload,
                          const struct sw_s3_part *parts, size_t n, bool *gone, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf query = {0};
    SW_AUTO_BUF struct sw_buf body = {0};
    REPLY_AUTO struct sw_http_reply reply = {0};
    struct cloud_fault fault;
    struct cloud_call call = {.service = CLOUD_S3,
                              .method = "POST",
                              .bucket = upload->bucket,
                              .key = upload->key,
                              .headers = {{"Content-Type", "application/xml"}}};

    *gone = false;
    if (uri_add(&query, "uploadId", upload->upload_id, err) < 0 ||
        complete_body(parts, n, cloud->checksums, &body, err) < 0)
        return -1;
    call.query = query.data;
    call.body = body.data;
    call.body_len = body.len;
    if (cloud_send(cloud, &call, &reply, &fault, err) == 0)
        return check_made(&reply, parts, n, err) == 0 ? 0
                                                      : s3_context(upload, "completing the upload of", err);
    if (strcmp(fault.code, "NoSuchUpload") != 0)
        return s3_context(upload, "completing the upload of", err);
    *err = (struct sw_err){.code = SW_OK};
    *gone = true;
    return 0;
}

int sw_s3_abort_upload(struct sw_cloud *cloud, const struct sw_s3_upload *upload, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf query = {0};
    REPLY_AUTO struct sw_http_reply reply = {0};
    struct cloud_fault fault;
    struct cloud_call call = {
        .service = CLOUD_S3, .method = "DELETE", .bucket = upload->bucket, .key = upload->key};

    if (uri_add(&query, "uploadId", upload->upload_id, err) < 0)
        return -1;
    call.query = query.data;
    if (cloud_send(cloud, &call, &reply, &fault, err) == 0)
        return 0;
    if (strcmp(fault.code, "NoSuchUpload") != 0)
        return s3_context(upload, "aborting an upload of", err);
    *err = (struct sw_err){.code = SW_OK};
    return 0;
}

int sw_s3_head(struct sw_cloud *cloud, const struct sw_s3_upload *object, struct sw_s3_head *out,
               struct sw_err *err)
{
    REPLY_AUTO struct sw_http_reply reply = {0};
    struct cloud_fault fault;
    struct cloud_call call = {.service = CLOUD_S3,
                              .method = "HEAD",
                              .bucket = object->bucket,
                              .key = object->key,
                              .headers = {{cloud->checksums ? "x-amz-checksum-mode" : NULL, "ENABLED"}}};

    memset(out, 0, sizeof(*out));
    if (s3_head(cloud, &call, &reply, &fault, err) < 0) {
        if (fault.status != 404)
            return s3_context(object, "looking at", err);
        *err = (struct sw_err){.code = SW_OK};
        return 0;
    }
    if (!s3_header_number(&reply, "content-length", &out->size_bytes))
        return sw_fail(err, SW_REMOTE, "the server does not say how long 's3://%s/%s' is", object->bucket,
                       object->key);
    out->found = true;
    sw_http_header_get(&reply, MARK_HEADER, out->mark, sizeof(out->mark));
    sw_http_header_get(&reply, CHECKSUM_HEADER, out->checksum, sizeof(out->checksum));
    return 0;
}
