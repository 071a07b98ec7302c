/* What a bucket is: where it lies, whose it is, how it encrypts. */
#include "src/cloud/refusal.h"

#include <stdio.h>
#include <string.h>

/* GETs the sub-resource; the document must have that root. */
static struct xml_node *ask(struct sw_cloud *cloud, const struct cloud_call *call, const char *root,
                            struct sw_refusal *why, struct sw_err *err)
{
    REPLY_AUTO struct sw_http_reply reply = {0};
    XML_AUTO struct xml_node *document = NULL;
    struct cloud_fault fault = {.status = 0};

    memset(why, 0, sizeof(*why));
    if (cloud_send(cloud, call, &reply, &fault, err) < 0) {
        refusal_take(why, &fault);
        return NULL;
    }
    document = xml_parse(reply.body != NULL ? reply.body : "", reply.body_len, err);
    if (document != NULL && strcmp(document->name, root) != 0) {
        sw_fail(err, SW_REMOTE, "the reply is a '%.60s', not a '%s'", document->name, root);
        return NULL;
    }
    return SW_STEAL_PTR(document);
}

int sw_s3_bucket_where(struct sw_cloud *cloud, const char *bucket, const char *owner, char region[64],
                       struct sw_refusal *why, struct sw_err *err)
{
    const struct cloud_call call = {
        .service = CLOUD_S3,
        .method = "GET",
        .bucket = bucket,
        .query = "location=",
        .headers = {{owner != NULL ? "x-amz-expected-bucket-owner" : NULL, owner}}};
    XML_AUTO struct xml_node *document = ask(cloud, &call, "LocationConstraint", why, err);
    const char *text;

    if (document == NULL)
        return sw_context(err, "asking for the region of bucket '%s'", bucket);
    text = document->text;
    if (text[0] == '\0')
        text = "us-east-1";
    else if (strcmp(text, "EU") == 0)
        text = "eu-west-1";
    snprintf(region, 64, "%s", text);
    return 0;
}

int sw_s3_bucket_encryption(struct sw_cloud *cloud, const char *bucket, struct sw_s3_encryption *out,
                            struct sw_refusal *why, struct sw_err *err)
{
    const struct cloud_call call = {
        .service = CLOUD_S3, .method = "GET", .bucket = bucket, .query = "encryption="};
    XML_AUTO struct xml_node *document = ask(cloud, &call, "ServerSideEncryptionConfiguration", why, err);
    const struct xml_node *rule;

    memset(out, 0, sizeof(*out));
    if (document == NULL) {
        if (strcmp(why->code, "ServerSideEncryptionConfigurationNotFoundError") != 0)
            return sw_context(err, "asking how bucket '%s' encrypts", bucket);
        *err = (struct sw_err){.code = SW_OK};
        return 0;
    }
    rule = xml_child(xml_child(document, "Rule"), "ApplyServerSideEncryptionByDefault");
    if (refusal_text(rule, "SSEAlgorithm", out->algorithm, sizeof(out->algorithm), err) < 0 ||
        (xml_text(rule, "KMSMasterKeyID")[0] != '\0' &&
         refusal_text(rule, "KMSMasterKeyID", out->key, sizeof(out->key), err) < 0))
        return sw_context(err, "asking how bucket '%s' encrypts", bucket);
    return 0;
}
