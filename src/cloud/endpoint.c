/* Where a service is reached: what the user named, else AWS's own host of the region. */
#include "src/cloud/session.h"

#include "src/base/buf.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    const char *variable;
    const char *nested; /* in the profile's services section */
} services[CLOUD_SERVICES] = {
    [CLOUD_S3] = {"s3", "AWS_ENDPOINT_URL_S3", "s3.endpoint_url"},
    [CLOUD_EC2] = {"ec2", "AWS_ENDPOINT_URL_EC2", "ec2.endpoint_url"},
    [CLOUD_KMS] = {"kms", "AWS_ENDPOINT_URL_KMS", "kms.endpoint_url"},
    [CLOUD_EBS] = {"ebs", "AWS_ENDPOINT_URL_EBS", "ebs.endpoint_url"},
    [CLOUD_IAM] = {"iam", "AWS_ENDPOINT_URL_IAM", "iam.endpoint_url"},
    [CLOUD_STS] = {"sts", "AWS_ENDPOINT_URL_STS", "sts.endpoint_url"},
    [CLOUD_SSO] = {"sso", "AWS_ENDPOINT_URL_SSO", "sso.endpoint_url"},
};

const char *service_name(enum cloud_service service)
{
    return services[service].name;
}

/* variable, else the profile's key: *out becomes true or false; what is neither word is SW_USAGE. */
static int read_flag(const struct cloud_settings *settings, const char *variable, const char *key, bool *out,
                     struct sw_err *err)
{
    const char *value = settings_env(variable), *where = variable;

    if (value == NULL) {
        value = settings_get(settings, key);
        where = key;
    }
    *out = value != NULL && strcasecmp(value, "true") == 0;
    if (value != NULL && !*out && strcasecmp(value, "false") != 0)
        return sw_fail(err, SW_USAGE, "%s is '%.40s', neither true nor false", where, value);
    return 0;
}

/*
 * True for the name of an interface VPC endpoint, "vpce-ID….SERVICE.REGION.vpce.SUFFIX" with or without words before it (and
 * perhaps SERVICE-fips), of another service than this one: what was named for every service cannot be meant for this one.
 */
static bool is_others_vpce(const char *url, const char *service)
{
    const char *id = strstr(url, "vpce-"), *end = strstr(url, ".vpce."), *name;
    size_t len = strlen(service);

    if (id == NULL || end == NULL || id > end || (id > url && id[-1] != '/' && id[-1] != '.'))
        return false;
    name = strchr(id, '.') + 1;
    return name <= end && !(strncmp(name, service, len) == 0 &&
                            (name[len] == '.' || strncmp(name + len, "-fips.", strlen("-fips.")) == 0));
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

/* value, unless it is empty or the name of another service's interface endpoint. */
static const char *for_all(const char *value, enum cloud_service service)
{
    return value != NULL && value[0] != '\0' && !is_others_vpce(value, services[service].name) ? value : NULL;
}

/* *what: where it was found, for messages; *out stays NULL when nobody named one. */
static int configured(const struct cloud_settings *settings, enum cloud_service service, const char **out,
                      const char **what, struct sw_err *err)
{
    bool ignored;

    *what = "--endpoint-url";
    *out = for_all(settings->given->endpoint_url, service);
    if (*out != NULL)
        return 0;
    if (read_flag(settings, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls",
                  &ignored, err) < 0)
        return -1;
    if (ignored)
        return 0;
    *what = services[service].variable;
    *out = settings_env(*what);
    if (*out != NULL)
        return 0;
    *what = "AWS_ENDPOINT_URL";
    *out = for_all(settings_env(*what), service);
    if (*out != NULL)
        return 0;
    *what = "the profile's endpoint_url";
    if (from_services(settings, service, out, err) < 0)
        return -1;
    if (*out == NULL)
        *out = for_all(settings_get(settings, "endpoint_url"), service);
    return 0;
}

/* AWS's own host as a URL; NULL with out->problem when there is none, NULL without it on failure. */
static char *default_url(const json_t *table, const struct host_wish *wish, struct cloud_endpoint *out,
                         struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf host = {0};
    struct sw_err why = {.code = SW_OK};

    if (partition_host(table, wish, &host, out->sign_region, &why) == 0)
        return sw_strf(err, "https://%s", host.data);
    out->problem = sw_strdup(why.text, err);
    return NULL;
}

/* An interface endpoint of S3 answers to "bucket.vpce-…" only: the certificate has no other name. */
static int name_vpce_host(struct uri *uri, struct sw_err *err)
{
    char *host;

    if (strncmp(uri->host, "vpce-", 5) != 0 || strstr(uri->host, ".s3.") == NULL ||
        strstr(uri->host, ".vpce.") == NULL)
        return 0;
    host = sw_strf(err, "bucket.%s", uri->host);
    if (host == NULL)
        return -1;
    free(uri->host);
    uri->host = host;
    return 0;
}

/* A host that is an address has no names beneath it. */
static bool is_address(const char *host)
{
    return host[0] == '[' || strspn(host, "0123456789.:") == strlen(host);
}

/* As the AWS CLI has it: the path where the user named the endpoint, the host else, and s3.addressing_style over both. */
static int find_style(const struct cloud_settings *settings, bool custom, struct cloud_endpoint *out,
                      struct sw_err *err)
{
    const char *style = settings_get(settings, "s3.addressing_style");

    out->path_style = custom;
    if (style == NULL || strcmp(style, "auto") == 0)
        return 0;
    if (strcmp(style, "path") != 0 && strcmp(style, "virtual") != 0)
        return sw_fail(err, SW_USAGE, "s3.addressing_style is '%.40s', none of path, virtual and auto",
                       style);
    out->path_style = strcmp(style, "path") == 0 || is_address(out->uri.host);
    return 0;
}

static int read_wish(const struct cloud_settings *settings, struct host_wish *wish, struct sw_err *err)
{
    const char *own = settings_get(settings, "s3.use_dualstack_endpoint");

    if (read_flag(settings, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", &wish->fips, err) < 0 ||
        read_flag(settings, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", &wish->dual_stack, err) <
            0)
        return -1;
    if (strcmp(wish->service, "s3") == 0 && own != NULL && strcasecmp(own, "true") == 0)
        wish->dual_stack = true;
    return 0;
}

int endpoint_find(const struct cloud_settings *settings, const json_t *table, enum cloud_service service,
                  const char *region, struct cloud_endpoint *out, struct sw_err *err)
{
    struct host_wish wish = {.service = services[service].name, .region = region};
    SW_AUTO_FREE char *standard = NULL;
    const char *url = NULL, *what = NULL;
    bool custom;

    memset(out, 0, sizeof(*out));
    if (configured(settings, service, &url, &what, err) < 0)
        return -1;
    custom = url != NULL;
    if (custom) {
        partition_sign_region(table, wish.service, region, out->sign_region);
    } else {
        if (read_wish(settings, &wish, err) < 0)
            return -1;
        standard = default_url(table, &wish, out, err);
        if (standard == NULL)
            return out->problem != NULL ? 0 : -1;
        url = standard;
        what = "the endpoint";
    }
    if (uri_parse(url, what, &out->uri, err) < 0)
        return -1;
    if (service != CLOUD_S3)
        return 0;
    return name_vpce_host(&out->uri, err) < 0 ? -1 : find_style(settings, custom, out, err);
}

void endpoint_free(struct cloud_endpoint *endpoint)
{
    uri_free(&endpoint->uri);
    free(endpoint->problem);
    endpoint->problem = NULL;
}
