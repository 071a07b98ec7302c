/* Where a service is reached: what the user named, else AWS's own host of the region. */
#include "src/cloud/session.h"

#include "src/base/buf.h"

#include <string.h>
#include <strings.h>

/* From botocore's partitions.json; a region of no known partition needs an endpoint URL. */
static const struct {
    const char *prefix;
    const char *suffix;
} partitions[] = {
    {"us-iso-", "c2s.ic.gov"}, {"us-isob-", "sc2s.sgov.gov"}, {"cn-", "amazonaws.com.cn"},
    {"us-", "amazonaws.com"},  {"eu-", "amazonaws.com"},      {"ap-", "amazonaws.com"},
    {"sa-", "amazonaws.com"},  {"ca-", "amazonaws.com"},      {"me-", "amazonaws.com"},
    {"af-", "amazonaws.com"},  {"il-", "amazonaws.com"},      {"mx-", "amazonaws.com"},
};

static const struct {
    const char *name;
    const char *variable;
    const char *nested; /* in the profile's services section */
} services[CLOUD_SERVICES] = {
    [CLOUD_S3] = {"s3", "AWS_ENDPOINT_URL_S3", "s3.endpoint_url"},
    [CLOUD_EC2] = {"ec2", "AWS_ENDPOINT_URL_EC2", "ec2.endpoint_url"},
    [CLOUD_KMS] = {"kms", "AWS_ENDPOINT_URL_KMS", "kms.endpoint_url"},
};

const char *service_name(enum cloud_service service)
{
    return services[service].name;
}

static bool configured_ignored(const struct cloud_settings *settings)
{
    const char *value = settings_env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");

    if (value == NULL)
        value = settings_get(settings, "ignore_configured_endpoint_urls");
    return value != NULL && strcasecmp(value, "true") == 0;
}

/* The profile's `services = NAME` leads to [services NAME] and there to the service. */
static int from_services(const struct cloud_settings *settings, enum cloud_service service, const char **out,
                         struct sw_err *err)
{
    const char *name = settings_get(settings, "services");
    SW_AUTO_FREE char *section = NULL;

    if (name == NULL)
        return 0;
    section = sw_strf(err, "services %s", name);
    if (section == NULL)
        return -1;
    *out = ini_get(settings->config, section, services[service].nested);
    return 0;
}

/* *what: where it was found, for messages; *out stays NULL when nobody named one. */
static int configured(const struct cloud_settings *settings, enum cloud_service service, const char **out,
                      const char **what, struct sw_err *err)
{
    *what = "--endpoint-url";
    *out = settings->given->endpoint_url;
    if (*out != NULL || configured_ignored(settings))
        return 0;
    *what = services[service].variable;
    *out = settings_env(*what);
    if (*out != NULL)
        return 0;
    *what = "AWS_ENDPOINT_URL";
    *out = settings_env(*what);
    if (*out != NULL)
        return 0;
    *what = "the profile's endpoint_url";
    if (from_services(settings, service, out, err) < 0)
        return -1;
    if (*out == NULL)
        *out = settings_get(settings, "endpoint_url");
    return 0;
}

static char *default_url(enum cloud_service service, const char *region, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(partitions); i++)
        if (strncmp(region, partitions[i].prefix, strlen(partitions[i].prefix)) == 0)
            return sw_strf(err, "https://%s.%s.%s", service_name(service), region, partitions[i].suffix);
    sw_fail(err, SW_USAGE, "the partition of region '%s' is not known: pass --endpoint-url", region);
    return NULL;
}

int endpoint_find(const struct cloud_settings *settings, enum cloud_service service, const char *region,
                  struct cloud_endpoint *out, struct sw_err *err)
{
    SW_AUTO_FREE char *standard = NULL;
    const char *url = NULL, *what = NULL;

    if (configured(settings, service, &url, &what, err) < 0)
        return -1;
    out->custom = url != NULL;
    if (url == NULL) {
        standard = default_url(service, region, err);
        url = standard;
        what = "the endpoint";
    }
    if (url == NULL)
        return -1;
    return uri_parse(url, what, &out->uri, err);
}
