/* A session inside the cloud room: keys, region, endpoints, the clock's correction. */
#ifndef SW_CLOUD_SESSION_H
#define SW_CLOUD_SESSION_H

#include "slipway/cloud.h"
#include "src/cloud/ini.h"
#include "src/cloud/uri.h"

#include <stdatomic.h>

enum { CLOUD_MAX_ATTEMPTS = 8 };

struct cloud_keys {
    char *access;
    char *secret;
    char *token; /* NULL when the keys are long-lived */
};

enum cloud_service { CLOUD_S3, CLOUD_EC2, CLOUD_KMS, CLOUD_SERVICES };

struct cloud_endpoint {
    struct uri uri;
    bool custom; /* named by the user: buckets go into the path */
};

struct sw_cloud {
    struct sw_transport *transport;
    bool own_transport;
    struct cloud_keys keys;
    char *region;
    char *s3_url;
    struct cloud_endpoint endpoints[CLOUD_SERVICES];
    unsigned max_attempts;
    _Atomic int64_t clock_offset_s; /* the server's clock less ours */
};

/* Where settings are looked up: the command line, then the environment, then the profile of the shared files. */
struct cloud_settings {
    const struct sw_cloud_config *given;
    struct ini *config;
    struct ini *credentials;
    char *profile;
    char *section;      /* the profile's name in the config file */
    bool profile_named; /* by --profile: then keys in the environment do not count */
};

SW_MUST_CHECK int settings_open(const struct sw_cloud_config *given, struct cloud_settings *out,
                                struct sw_err *err);
void settings_close(struct cloud_settings *settings);
/* A key of the profile in the config file, or NULL. */
const char *settings_get(const struct cloud_settings *settings, const char *key);
/* An environment variable; an empty one counts as unset. */
const char *settings_env(const char *name);

SW_MUST_CHECK int keys_find(const struct cloud_settings *settings, struct cloud_keys *out,
                            struct sw_err *err);
void keys_free(struct cloud_keys *keys);
SW_MUST_CHECK char *region_find(const struct cloud_settings *settings, struct sw_err *err);
SW_MUST_CHECK int endpoint_find(const struct cloud_settings *settings, enum cloud_service service,
                                const char *region, struct cloud_endpoint *out, struct sw_err *err);
/* "s3", "ec2", "kms": the name that signs and that stands in a host. */
const char *service_name(enum cloud_service service);

#endif
