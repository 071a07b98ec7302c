/* Opens and closes a session: everything that a signed call needs to know. */
#include "src/cloud/session.h"

#include "src/base/buf.h"

#include <string.h>

static unsigned attempts(const struct cloud_settings *settings)
{
    const char *text = settings_env("AWS_MAX_ATTEMPTS");
    long n;

    if (text == NULL)
        text = settings_get(settings, "max_attempts");
    n = text != NULL ? strtol(text, NULL, 10) : 0;
    return n > 0 && n <= 100 ? (unsigned)n : CLOUD_MAX_ATTEMPTS;
}

static int open_transport(struct sw_cloud *cloud, const struct cloud_settings *settings,
                          struct sw_transport *transport, struct sw_err *err)
{
    const char *bundle = settings_env("AWS_CA_BUNDLE");

    cloud->transport = transport;
    if (transport != NULL)
        return 0;
    if (bundle == NULL)
        bundle = settings_get(settings, "ca_bundle");
    if (sw_transport_open_curl(bundle, &cloud->transport, err) < 0)
        return -1;
    cloud->own_transport = true;
    return 0;
}

static int fill(struct sw_cloud *cloud, const struct cloud_settings *settings, struct sw_err *err)
{
    const struct uri *s3 = &cloud->endpoints[CLOUD_S3].uri;

    if (keys_find(settings, &cloud->keys, err) < 0)
        return -1;
    cloud->region = region_find(settings, err);
    if (cloud->region == NULL)
        return -1;
    for (int service = 0; service < CLOUD_SERVICES; service++)
        if (endpoint_find(settings, (enum cloud_service)service, cloud->region, &cloud->endpoints[service],
                          err) < 0)
            return -1;
    cloud->s3_url = sw_strf(err, "%s://%s%s", s3->scheme, s3->host, s3->path);
    cloud->max_attempts = attempts(settings);
    return cloud->s3_url != NULL ? 0 : -1;
}

int sw_cloud_open(const struct sw_cloud_config *config, struct sw_transport *transport, struct sw_cloud **out,
                  struct sw_err *err)
{
    struct sw_cloud *cloud = sw_calloc(1, sizeof(*cloud), err);
    struct cloud_settings settings;
    int rc;

    if (cloud == NULL)
        return -1;
    rc = settings_open(config, &settings, err);
    if (rc == 0)
        rc = fill(cloud, &settings, err);
    if (rc == 0)
        rc = open_transport(cloud, &settings, transport, err);
    settings_close(&settings);
    if (rc < 0)
        sw_cloud_close(cloud);
    else
        *out = cloud;
    return rc;
}

void sw_cloud_close(struct sw_cloud *cloud)
{
    if (cloud == NULL)
        return;
    if (cloud->own_transport)
        sw_transport_close(cloud->transport);
    keys_free(&cloud->keys);
    for (int service = 0; service < CLOUD_SERVICES; service++)
        uri_free(&cloud->endpoints[service].uri);
    free(cloud->region);
    free(cloud->s3_url);
    free(cloud);
}

const char *sw_cloud_region(const struct sw_cloud *cloud)
{
    return cloud->region;
}

const char *sw_cloud_s3_url(const struct sw_cloud *cloud)
{
    return cloud->s3_url;
}

struct sw_transport *sw_cloud_transport(const struct sw_cloud *cloud)
{
    return cloud->transport;
}
