/* Objects are removed. */
#include "src/cloud/call.h"

int sw_s3_delete(struct sw_cloud *cloud, const struct sw_s3_upload *object, struct sw_err *err)
{
    REPLY_AUTO struct sw_http_reply reply = {0};
    struct cloud_call call = {
        .service = CLOUD_S3, .method = "DELETE", .bucket = object->bucket, .key = object->key};

    if (cloud_send(cloud, &call, &reply, NULL, err) < 0)
        return sw_context(err, "removing 's3://%s/%s'", object->bucket, object->key);
    return 0;
}
