/* The S3 verbs of a download: one object, and the keys beneath a prefix. */
#include "src/base/log.h"
#include "src/cloud/call.h"
#include "src/cloud/xml.h"

#include <string.h>

enum { MAX_LIST_PAGES = 1000 };

#define OWNER_HEADER "x-amz-expected-bucket-owner"

/* It goes into a header: an account is twelve digits. */
static int check_owner(const char *owner, struct sw_err *err)
{
    if (owner == NULL || (strlen(owner) == 12 && strspn(owner, "0123456789") == 12))
        return 0;
    return sw_fail(err, SW_USAGE, "the bucket's owner must be an account of 12 digits, and is '%.40s'",
                   owner);
}

int sw_s3_get(struct sw_cloud *cloud, const struct sw_s3_upload *object, const char *owner,
              struct sw_http_sink *sink, struct sw_err *err)
{
    REPLY_AUTO struct sw_http_reply reply = {0};
    struct cloud_call call = {.service = CLOUD_S3,
                              .method = "GET",
                              .bucket = object->bucket,
                              .key = object->key,
                              .headers = {{owner != NULL ? OWNER_HEADER : NULL, owner}},
                              .sink = sink};

    sw_log(SW_LOG_INFO, "fetching s3://%s/%s", object->bucket, object->key);
    if (check_owner(owner, err) == 0 && cloud_send(cloud, &call, &reply, NULL, err) == 0) {
        if (reply.status == 200)
            return 0;
        sw_fail(err, SW_FAILED, "the server answered HTTP %d, not 200", reply.status);
    }
    return sw_context(err, "fetching 's3://%s/%s'", object->bucket, object->key);
}

/* A list on its way. */
struct listing {
    const char *prefix;
    size_t max;
    struct sw_s3_keys *out;
    char *token; /* where the next page begins; NULL: there is none, or it is the first */
};

static int add_key(const struct listing *list, const char *key, struct sw_err *err)
{
    struct sw_s3_keys *out = list->out;
    char **grown;

    if (out->n == list->max)
        return sw_fail(err, SW_FAILED, "there are more than %zu objects", list->max);
    grown = realloc(out->items, (out->n + 1) * sizeof(*grown));
    if (grown == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    out->items = grown;
    grown[out->n] = sw_strdup(key, err);
    if (grown[out->n] == NULL)
        return -1;
    out->n++;
    return 0;
}

/* Adds a page's keys, and learns whether there is another. */
static int read_page(struct listing *list, const struct sw_http_reply *reply, struct sw_err *err)
{
    XML_AUTO struct xml_node *document =
        xml_parse(reply->body != NULL ? reply->body : "", reply->body_len, err);

    if (document == NULL)
        return -1;
    if (strcmp(document->name, "ListBucketResult") != 0)
        return sw_fail(err, SW_REMOTE, "the reply is a '%s', not a 'ListBucketResult'", document->name);
    for (const struct xml_node *node = document->first; node != NULL; node = node->next) {
        const char *key = xml_text(node, "Key");

        if (strcmp(node->name, "Contents") != 0)
            continue;
        if (strncmp(key, list->prefix, strlen(list->prefix)) != 0)
            return sw_fail(err, SW_REMOTE, "the reply lists a key that does not begin with the prefix");
        if (add_key(list, key, err) < 0)
            return -1;
    }
    if (strcmp(xml_text(document, "IsTruncated"), "true") != 0)
        return 0;
    if (xml_text(document, "NextContinuationToken")[0] == '\0')
        return sw_fail(err, SW_REMOTE, "the reply promises more objects and does not say from where");
    list->token = sw_strdup(xml_text(document, "NextContinuationToken"), err);
    return list->token != NULL ? 0 : -1;
}

static int list_page(struct sw_cloud *cloud, struct cloud_call *call, struct listing *list,
                     struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf query = {0};
    REPLY_AUTO struct sw_http_reply reply = {0};
    SW_AUTO_FREE char *token = SW_STEAL_PTR(list->token);

    if (uri_add(&query, "continuation-token", token, err) < 0 || uri_add(&query, "list-type", "2", err) < 0 ||
        uri_add(&query, "prefix", list->prefix, err) < 0)
        return -1;
    call->query = query.data;
    if (cloud_send(cloud, call, &reply, NULL, err) < 0)
        return -1;
    return read_page(list, &reply, err);
}

int sw_s3_list(struct sw_cloud *cloud, const struct sw_s3_upload *prefix, const char *owner, size_t max,
               struct sw_s3_keys *out, struct sw_err *err)
{
    struct cloud_call call = {.service = CLOUD_S3,
                              .method = "GET",
                              .bucket = prefix->bucket,
                              .headers = {{owner != NULL ? OWNER_HEADER : NULL, owner}}};
    struct listing list = {.prefix = prefix->key, .max = max, .out = out};
    int rc = check_owner(owner, err);

    *out = (struct sw_s3_keys){.items = NULL};
    for (unsigned page = 0; rc == 0 && (page == 0 || list.token != NULL); page++) {
        rc = list_page(cloud, &call, &list, err);
        if (rc == 0 && page == MAX_LIST_PAGES)
            rc = sw_fail(err, SW_REMOTE, "the bucket lists objects without end");
    }
    free(list.token);
    return rc == 0 ? 0 : sw_context(err, "listing 's3://%s/%s'", prefix->bucket, prefix->key);
}

void sw_s3_keys_free(struct sw_s3_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++)
        free(keys->items[i]);
    free(keys->items);
    *keys = (struct sw_s3_keys){.items = NULL};
}
