/* A session inside the cloud room: keys, region, endpoints, the clock's correction, what retries may cost. */
#ifndef SW_CLOUD_SESSION_H
#define SW_CLOUD_SESSION_H

#include "slipway/cloud.h"
#include "src/cloud/ini.h"
#include "src/cloud/keys.h"
#include "src/cloud/partition.h"
#include "src/cloud/uri.h"

#include <stdatomic.h>

enum { CLOUD_MAX_ATTEMPTS = 8, CLOUD_QUOTA_PER_ATTEMPT = 170 };

enum cloud_service {
    CLOUD_S3,
    CLOUD_EC2,
    CLOUD_KMS,
    CLOUD_EBS,
    CLOUD_IAM,
    CLOUD_STS,
    CLOUD_SSO, /* the portal that turns a token into keys; never signed */
    CLOUD_SERVICES
};

struct cloud_endpoint {
    struct uri uri;
    char sign_region[REGION_TEXT]; /* the session's, but for what is global */
    bool path_style;               /* S3: buckets go into the path, never into the host */
    char *problem; /* NULL; else why the service has no endpoint, which whoever calls it is told */
};

struct sw_cloud {
    struct sw_transport *transport;
    bool own_transport;
    struct keys_cache keys; /* without a source: requests are not signed */
    char *region;
    char *s3_url;
    struct cloud_endpoint endpoints[CLOUD_SERVICES];
    bool checksums; /* S3 is given SHA-256s to keep */
    unsigned max_attempts;
    bool attempts_given;            /* by the user: then a lost line is not waited for longer */
    _Atomic int64_t clock_offset_s; /* the server's clock less ours */
    atomic_int retry_quota;         /* what is left for tries after the first */
    atomic_bool reached[CLOUD_SERVICES];
    atomic_bool bare_told; /* that requests go without TLS */
};

struct keys_place;
/*
 * A session for what credentials come from: settings and transport are the place's, requests are signed with source's keys (NULL:
 * not at all), and --endpoint-url does not count. Takes source, also on failure. Close it with sw_cloud_close.
 */
SW_MUST_CHECK struct sw_cloud *cloud_open_via(const struct keys_place *place, const char *region,
                                              struct keys_source *source, struct sw_err *err);
/* Now, as the server has it: seconds since 1970. */
int64_t cloud_now_s(const struct sw_cloud *cloud);

/* Where settings are looked up: the command line, then the environment, then the profile of the shared files. */
struct cloud_settings {
    const struct sw_cloud_config *given;
    struct ini *config;
    struct ini *credentials;
    char *profile;
    bool profile_named; /* by --profile: then keys in the environment do not count */
};

SW_MUST_CHECK int settings_open(const struct sw_cloud_config *given, struct cloud_settings *out,
                                struct sw_err *err);
void settings_close(struct cloud_settings *settings);
/* A key of the session's profile or of any: in the credentials file, else in the config file, else NULL. */
const char *settings_get(const struct cloud_settings *settings, const char *key);
const char *profile_get(const struct cloud_settings *settings, const char *profile, const char *key);
/* In the config file alone. */
const char *config_get(const struct cloud_settings *settings, const char *profile, const char *key);
bool settings_has_profile(const struct cloud_settings *settings, const char *profile);
/* path with a leading "~/" made the home folder's. Free it. */
SW_MUST_CHECK char *settings_path(const char *path, struct sw_err *err);
/* An environment variable; an empty one counts as unset. */
const char *settings_env(const char *name);

/* SW_USAGE for what cannot be part of a host's name. */
SW_MUST_CHECK int region_check(const char *region, struct sw_err *err);
SW_MUST_CHECK char *region_find(const struct cloud_settings *settings, struct sw_err *err);
/*
 * What the user named, else AWS's own host out of table (partition.h). A malformed setting fails (SW_USAGE); that AWS has no such host becomes
 * out->problem.
 */
SW_MUST_CHECK int endpoint_find(const struct cloud_settings *settings, const json_t *table,
                                enum cloud_service service, const char *region, struct cloud_endpoint *out,
                                struct sw_err *err);
void endpoint_free(struct cloud_endpoint *endpoint);
/* "s3", "ec2", "kms", …: the name that signs. */
const char *service_name(enum cloud_service service);

#endif
