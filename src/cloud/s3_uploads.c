/* Multipart uploads that were begun and not ended: they are listed, and aborted. */
#include "src/cloud/s3.h"

#include <stdio.h>
#include <string.h>

enum { MAX_LIST_PAGES = 1000, MAX_FOUND = 10000 };

/* Where the next page of ListMultipartUploads begins. */
struct mark {
    char *key;
    char *upload_id;
};

static void mark_free(struct mark *mark)
{
    free(mark->key);
    free(mark->upload_id);
}

static int next_page(const struct xml_node *document, struct mark *mark, bool *more, struct sw_err *err)
{
    *more = strcmp(xml_text(document, "IsTruncated"), "true") == 0;
    mark_free(mark);
    mark->key = sw_strdup(xml_text(document, "NextKeyMarker"), err);
    mark->upload_id = sw_strdup(xml_text(document, "NextUploadIdMarker"), err);
    if (mark->key == NULL || mark->upload_id == NULL)
        return -1;
    if (*more && mark->key[0] == '\0')
        return sw_fail(err, SW_REMOTE, "the reply promises more uploads and does not say from where");
    return 0;
}

static int take(const struct xml_node *node, struct sw_s3_uploads *out, struct sw_err *err)
{
    struct sw_s3_open_upload *grown, *upload;

    if (out->n == MAX_FOUND)
        return sw_fail(err, SW_REMOTE, "there are more than %d unfinished uploads of it", MAX_FOUND);
    grown = realloc(out->items, (out->n + 1) * sizeof(*grown));
    if (grown == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    out->items = grown;
    upload = &grown[out->n];
    *upload = (struct sw_s3_open_upload){.upload_id = sw_strdup(xml_text(node, "UploadId"), err)};
    snprintf(upload->initiated, sizeof(upload->initiated), "%.39s", xml_text(node, "Initiated"));
    if (upload->upload_id == NULL)
        return -1;
    out->n++;
    return 0;
}

static int read_page(struct sw_cloud *cloud, const struct sw_s3_upload *object, struct mark *mark, bool *more,
                     struct sw_s3_uploads *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf query = {0};
    REPLY_AUTO struct sw_http_reply reply = {0};
    XML_AUTO struct xml_node *document = NULL;
    struct cloud_call call = {.service = CLOUD_S3, .method = "GET", .bucket = object->bucket};

    if (uri_add(&query, "key-marker", mark->key, err) < 0 ||
        uri_add(&query, "prefix", object->key, err) < 0 ||
        uri_add(&query, "upload-id-marker", mark->upload_id, err) < 0 ||
        sw_buf_puts(&query, "&uploads=", err) < 0)
        return -1;
    call.query = query.data;
    if (cloud_send(cloud, &call, &reply, NULL, err) < 0 ||
        (document = s3_document(&reply, "ListMultipartUploadsResult", err)) == NULL)
        return -1;
    for (const struct xml_node *node = document->first; node != NULL; node = node->next)
        if (strcmp(node->name, "Upload") == 0 && strcmp(xml_text(node, "Key"), object->key) == 0 &&
            take(node, out, err) < 0)
            return -1;
    return next_page(document, mark, more, err);
}

int sw_s3_list_uploads(struct sw_cloud *cloud, const struct sw_s3_upload *object, struct sw_s3_uploads *out,
                       struct sw_err *err)
{
    SW_CLEANUP(mark_free) struct mark mark = {NULL, NULL};
    bool more = true;
    int rc = 0;

    *out = (struct sw_s3_uploads){.items = NULL};
    for (unsigned page = 0; more && rc == 0; page++) {
        if (page == MAX_LIST_PAGES)
            rc = sw_fail(err, SW_REMOTE, "bucket '%s' lists unfinished uploads without end", object->bucket);
        else
            rc = read_page(cloud, object, &mark, &more, out, err);
    }
    if (rc == 0)
        return 0;
    sw_s3_uploads_free(out);
    return sw_context(err, "looking for unfinished uploads of 's3://%s/%s'", object->bucket, object->key);
}

void sw_s3_uploads_free(struct sw_s3_uploads *uploads)
{
    for (size_t i = 0; i < uploads->n; i++)
        free(uploads->items[i].upload_id);
    free(uploads->items);
    *uploads = (struct sw_s3_uploads){.items = NULL};
}

int sw_s3_abort_all(struct sw_cloud *cloud, const struct sw_s3_upload *object, unsigned *aborted,
                    struct sw_err *err)
{
    SW_CLEANUP(sw_s3_uploads_free) struct sw_s3_uploads uploads;

    *aborted = 0;
    if (sw_s3_list_uploads(cloud, object, &uploads, err) < 0)
        return -1;
    for (size_t i = 0; i < uploads.n; i++) {
        struct sw_s3_upload found = {object->bucket, object->key, uploads.items[i].upload_id};

        if (object->upload_id != NULL && strcmp(found.upload_id, object->upload_id) == 0)
            continue;
        if (sw_s3_abort_upload(cloud, &found, err) < 0)
            return -1;
        (*aborted)++;
    }
    return 0;
}
