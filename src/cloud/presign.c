/* URLs of S3 objects that carry their signature. */
#include "src/cloud/call.h"
#include "src/cloud/sigv4.h"

#include <string.h>

static int presign(struct sw_cloud *cloud, const struct cloud_call *call, const struct cloud_keys *keys,
                   unsigned expires_s, char **url, struct sw_err *err)
{
    const struct cloud_endpoint *endpoint = &cloud->endpoints[call->service];
    TARGET_AUTO struct cloud_target target = {.host = {0}};
    SIGV4_AUTO struct sigv4_result result = {.canonical = {0}};
    char date[SIGV4_DATE];
    struct sw_http_header host = {.name = "host"};
    const struct sigv4_scope scope = {keys->access, keys->secret, endpoint->sign_region,
                                      service_name(call->service), date};
    struct sigv4_request request = {.method = call->method,
                                    .query = "",
                                    .headers = &host,
                                    .header_count = 1,
                                    .payload_hash = SIGV4_UNSIGNED};

    if (cloud_target_find(cloud, call, &target, err) < 0 || sigv4_date(cloud_now_s(cloud), date, err) < 0)
        return -1;
    host.value = target.host.data;
    request.path = target.path.data;
    if (sigv4_presign(&scope, &request, keys->token, expires_s, &result, err) < 0)
        return -1;
    *url = sw_strf(err, "%s://%s%s?%s", endpoint->uri.scheme, target.host.data, target.path.data,
                   result.query.data);
    return *url != NULL ? 0 : -1;
}

int sw_s3_presign(struct sw_cloud *cloud, const char *method, const struct sw_s3_upload *object,
                  unsigned expires_s, char **url, struct sw_err *err)
{
    const struct cloud_call call = {
        .service = CLOUD_S3, .method = method, .bucket = object->bucket, .key = object->key};
    struct keys_ref *ref;
    int rc;

    *url = NULL;
    if (keys_hold(&cloud->keys, cloud_now_s(cloud), &ref, err) < 0)
        return -1;
    rc = ref != NULL ? presign(cloud, &call, &ref->keys, expires_s, url, err)
                     : sw_fail(err, SW_FAILED, "there are no credentials to sign with");
    keys_release(ref);
    return rc < 0 ? sw_context(err, "a URL for 's3://%s/%s'", object->bucket, object->key) : 0;
}
