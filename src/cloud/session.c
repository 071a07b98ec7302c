/* Opens and closes a session: everything that a signed call needs to know. */
#include "src/cloud/keys_find.h"

#include "src/base/buf.h"
#include "src/base/core.h"

#include <string.h>
#include <strings.h>

enum { MOST_ATTEMPTS = 100 };

static int read_attempts(const struct cloud_settings *settings, struct sw_cloud *cloud, struct sw_err *err)
{
    const char *text = settings_env("AWS_MAX_ATTEMPTS");
    char *end;
    long n;

    cloud->max_attempts = CLOUD_MAX_ATTEMPTS;
    if (text == NULL)
        text = settings_get(settings, "max_attempts");
    if (text == NULL)
        return 0;
    n = strtol(text, &end, 10);
    if (*end != '\0' || n < 1 || n > MOST_ATTEMPTS)
        return sw_fail(err, SW_USAGE, "AWS_MAX_ATTEMPTS (max_attempts) is '%.40s', no number from 1 to %d",
                       text, MOST_ATTEMPTS);
    cloud->max_attempts = (unsigned)n;
    cloud->attempts_given = true;
    return 0;
}

/* There is one way to try again, the standard one; the words are checked, so that a slip is seen. */
static int check_mode(const struct cloud_settings *settings, struct sw_err *err)
{
    static const char *const modes[] = {"standard", "adaptive", "legacy"};
    const char *mode = settings_env("AWS_RETRY_MODE");

    if (mode == NULL)
        mode = settings_get(settings, "retry_mode");
    for (size_t i = 0; mode != NULL && i < SW_ARRAY_LEN(modes); i++)
        if (strcasecmp(mode, modes[i]) == 0)
            mode = NULL;
    if (mode == NULL)
        return 0;
    return sw_fail(err, SW_USAGE,
                   "AWS_RETRY_MODE (retry_mode) is '%.40s', none of standard, adaptive and legacy", mode);
}

static int read_checksums(const struct cloud_settings *settings, struct sw_cloud *cloud, struct sw_err *err)
{
    const char *when = settings_env("AWS_REQUEST_CHECKSUM_CALCULATION");

    if (when == NULL)
        when = settings_get(settings, "request_checksum_calculation");
    cloud->checksums = when == NULL || strcasecmp(when, "when_supported") == 0;
    if (cloud->checksums || strcasecmp(when, "when_required") == 0)
        return 0;
    return sw_fail(err, SW_USAGE,
                   "AWS_REQUEST_CHECKSUM_CALCULATION (request_checksum_calculation) is '%.40s', neither "
                   "when_supported nor when_required",
                   when);
}

static int open_transport(struct sw_cloud *cloud, const struct cloud_settings *settings,
                          struct sw_transport *transport, struct sw_err *err)
{
    const char *bundle = settings_env("AWS_CA_BUNDLE");
    SW_AUTO_FREE char *path = NULL;

    cloud->transport = transport;
    if (transport != NULL)
        return 0;
    if (bundle == NULL)
        bundle = settings_get(settings, "ca_bundle");
    if (bundle != NULL && (path = settings_path(bundle, err)) == NULL)
        return -1;
    if (sw_transport_open_curl(path, &cloud->transport, err) < 0)
        return -1;
    cloud->own_transport = true;
    return 0;
}

/* Everything but keys and transport. */
static int fill(struct sw_cloud *cloud, const struct cloud_settings *settings, const char *region,
                struct sw_err *err)
{
    const struct cloud_endpoint *s3 = &cloud->endpoints[CLOUD_S3];
    SW_AUTO_JSON json_t *table = partition_table(err);

    if (table == NULL)
        return -1;
    cloud->region = sw_strdup(region, err);
    if (cloud->region == NULL)
        return -1;
    for (int service = 0; service < CLOUD_SERVICES; service++)
        if (endpoint_find(settings, table, (enum cloud_service)service, cloud->region,
                          &cloud->endpoints[service], err) < 0)
            return -1;
    if (s3->problem == NULL) {
        cloud->s3_url = sw_strf(err, "%s://%s%s", s3->uri.scheme, s3->uri.host, s3->uri.path);
        if (cloud->s3_url == NULL)
            return -1;
    }
    if (read_attempts(settings, cloud, err) < 0 || check_mode(settings, err) < 0 ||
        read_checksums(settings, cloud, err) < 0)
        return -1;
    atomic_init(&cloud->retry_quota, (int)cloud->max_attempts * CLOUD_QUOTA_PER_ATTEMPT);
    return 0;
}

/* What costs nothing is read now, so that what is missing is said before any work. */
static int look_at_keys(struct sw_cloud *cloud, struct sw_err *err)
{
    struct keys_ref *ref;

    if (!cloud->keys.source->local)
        return 0;
    if (keys_hold(&cloud->keys, cloud_now_s(cloud), &ref, err) < 0)
        return -1;
    keys_release(ref);
    return 0;
}

static int open_all(struct sw_cloud *cloud, const struct cloud_settings *settings,
                    struct sw_transport *transport, struct sw_err *err)
{
    SW_AUTO_FREE char *region = NULL;
    struct keys_place place = {.settings = settings};

    if (open_transport(cloud, settings, transport, err) < 0 || (region = region_find(settings, err)) == NULL)
        return -1;
    place.transport = cloud->transport;
    place.region = region;
    cloud->keys.source = keys_find(&place, err);
    if (cloud->keys.source == NULL || look_at_keys(cloud, err) < 0 || fill(cloud, settings, region, err) < 0)
        return -1;
    return cloud->endpoints[CLOUD_S3].problem == NULL
               ? 0
               : sw_fail(err, SW_USAGE, "%s", cloud->endpoints[CLOUD_S3].problem);
}

static struct sw_cloud *new_cloud(struct keys_source *source, struct sw_err *err)
{
    struct sw_cloud *cloud = sw_calloc(1, sizeof(*cloud), err);

    if (cloud != NULL)
        keys_cache_init(&cloud->keys, source);
    else if (source != NULL)
        source->close(source);
    return cloud;
}

int sw_cloud_open(const struct sw_cloud_config *config, struct sw_transport *transport, struct sw_cloud **out,
                  struct sw_err *err)
{
    struct sw_cloud *cloud = new_cloud(NULL, err);
    struct cloud_settings settings;
    int rc;

    if (cloud == NULL)
        return -1;
    rc = sw_core_off(err);
    if (rc == 0) {
        rc = settings_open(config, &settings, err);
        if (rc == 0)
            rc = open_all(cloud, &settings, transport, err);
        settings_close(&settings);
    }
    if (rc < 0)
        sw_cloud_close(cloud);
    else
        *out = cloud;
    return rc;
}

struct sw_cloud *cloud_open_via(const struct keys_place *place, const char *region,
                                struct keys_source *source, struct sw_err *err)
{
    struct sw_cloud_config config = *place->settings->given;
    struct cloud_settings settings = *place->settings;
    struct sw_cloud *cloud = new_cloud(source, err);

    if (cloud == NULL)
        return NULL;
    config.endpoint_url = NULL;
    settings.given = &config;
    cloud->transport = place->transport;
    if (fill(cloud, &settings, region, err) < 0) {
        sw_cloud_close(cloud);
        return NULL;
    }
    return cloud;
}

void sw_cloud_close(struct sw_cloud *cloud)
{
    if (cloud == NULL)
        return;
    keys_cache_free(&cloud->keys);
    if (cloud->own_transport)
        sw_transport_close(cloud->transport);
    for (int service = 0; service < CLOUD_SERVICES; service++)
        endpoint_free(&cloud->endpoints[service]);
    free(cloud->region);
    free(cloud->s3_url);
    free(cloud);
}

int64_t cloud_now_s(const struct sw_cloud *cloud)
{
    return cloud->transport->ops->now_s(cloud->transport) + atomic_load(&cloud->clock_offset_s);
}

const char *sw_cloud_region(const struct sw_cloud *cloud)
{
    return cloud->region;
}

bool sw_cloud_checksums(const struct sw_cloud *cloud)
{
    return cloud->checksums;
}

const char *sw_cloud_s3_url(const struct sw_cloud *cloud)
{
    return cloud->s3_url;
}

struct sw_transport *sw_cloud_transport(const struct sw_cloud *cloud)
{
    return cloud->transport;
}
