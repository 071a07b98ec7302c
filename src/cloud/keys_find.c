/* Which source of credentials a session has, in the AWS CLI's order. */
#include "src/cloud/keys_find.h"

#include "src/base/buf.h"

#include <string.h>
#include <strings.h>

enum { CHAIN_MAX = 16 };

/* A profile on the way from a role to the keys that assume it. */
struct link {
    const char *profile;
    const struct link *before;
    unsigned depth;
};

/* ---- the environment and the shared files, which are read again whenever they are asked ---- */

struct file_source {
    struct keys_source base;
    char *profile; /* NULL: the environment */
    bool config;   /* the config file, not the credentials file */
};

static void file_close(struct keys_source *source)
{
    struct file_source *self = (struct file_source *)source;

    free(self->profile);
    free(self);
}

static int env_fetch(struct keys_source *source, struct cloud_keys *out, struct sw_err *err)
{
    struct keys_text text = {settings_env("AWS_ACCESS_KEY_ID"), settings_env("AWS_SECRET_ACCESS_KEY"),
                             settings_env("AWS_SESSION_TOKEN"), NULL};

    if (text.token == NULL)
        text.token = settings_env("AWS_SECURITY_TOKEN");
    (void)source;
    return keys_take(&text, "it", out, err);
}

static struct keys_text static_text(const struct cloud_settings *settings, const char *profile, bool config)
{
    /* The last one is the token's old name. */
    const char *const names[] = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token",
                                 "aws_security_token"};
    const char *found[4];

    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++)
        found[i] = config ? config_get(settings, profile, names[i])
                          : ini_get(settings->credentials, profile, names[i]);
    return (struct keys_text){found[0], found[1], found[2] != NULL ? found[2] : found[3], NULL};
}

static bool has_static(const struct cloud_settings *settings, const char *profile, bool config)
{
    struct keys_text text = static_text(settings, profile, config);

    return (text.access != NULL && text.access[0] != '\0') || (text.secret != NULL && text.secret[0] != '\0');
}

/* The files are read anew: somebody may have put other keys there. */
static int file_fetch(struct keys_source *source, struct cloud_keys *out, struct sw_err *err)
{
    const struct file_source *self = (const struct file_source *)source;
    const struct sw_cloud_config given = {.profile = self->profile};
    struct cloud_settings settings;
    struct keys_text text;
    int rc = settings_open(&given, &settings, err);

    if (rc == 0) {
        text = static_text(&settings, self->profile, self->config);
        rc = keys_take(&text, "it", out, err);
    }
    settings_close(&settings);
    return rc;
}

static struct keys_source *new_file_source(const char *profile, bool config, struct sw_err *err)
{
    struct file_source *self = sw_calloc(1, sizeof(*self), err);

    if (self == NULL)
        return NULL;
    self->base.name = profile == NULL ? "the environment"
                      : config        ? "the config file"
                                      : "the credentials file";
    self->base.local = true;
    self->base.fetch = profile == NULL ? env_fetch : file_fetch;
    self->base.close = file_close;
    self->config = config;
    if (profile != NULL && (self->profile = sw_strdup(profile, err)) == NULL) {
        free(self);
        return NULL;
    }
    return &self->base;
}

/* ---- the order ---- */

static struct keys_source *from_profile(const struct keys_place *place, const struct link *link,
                                        struct sw_err *err);

static bool is_role(const struct cloud_settings *settings, const char *profile)
{
    return profile_get(settings, profile, "role_arn") != NULL &&
           profile_get(settings, profile, "web_identity_token_file") == NULL;
}

static struct keys_source *named_source(const struct keys_place *place, const char *profile, const char *name,
                                        struct sw_err *err)
{
    if (strcasecmp(name, "Environment") == 0) {
        if (settings_env("AWS_ACCESS_KEY_ID") != NULL || settings_env("AWS_SECRET_ACCESS_KEY") != NULL)
            return new_file_source(NULL, false, err);
        sw_fail(err, SW_FAILED,
                "profile '%s' has credential_source = Environment, and there are no AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY",
                profile);
        return NULL;
    }
    if (strcasecmp(name, "EcsContainer") == 0)
        return keys_from_container(place, err);
    if (strcasecmp(name, "Ec2InstanceMetadata") == 0)
        return keys_from_imds(place, err);
    sw_fail(err, SW_FAILED,
            "profile '%s' has credential_source = '%.60s', none of Environment, EcsContainer and "
            "Ec2InstanceMetadata",
            profile, name);
    return NULL;
}

static int check_chain(const struct keys_place *place, const struct link *link, const char *next,
                       struct sw_err *err)
{
    if (link->depth == CHAIN_MAX)
        return sw_fail(err, SW_FAILED, "more than %d profiles lead to one another by source_profile",
                       CHAIN_MAX);
    if (!settings_has_profile(place->settings, next))
        return sw_fail(err, SW_FAILED, "profile '%s' has source_profile '%s', and there is no such profile",
                       link->profile, next);
    /* A profile may be its own source when it has keys. */
    if (strcmp(next, link->profile) == 0 &&
        (has_static(place->settings, next, false) || has_static(place->settings, next, true)))
        return 0;
    for (const struct link *at = link; at != NULL; at = at->before)
        if (strcmp(at->profile, next) == 0)
            return sw_fail(err, SW_FAILED, "profile '%s' leads back to itself by source_profile", next);
    return 0;
}

/* The keys that assume the profile's role. */
static struct keys_source *role_keys(const struct keys_place *place, const struct link *link,
                                     struct sw_err *err)
{
    const char *next = profile_get(place->settings, link->profile, "source_profile");
    const char *named = profile_get(place->settings, link->profile, "credential_source");
    const struct link step = {next, link, link->depth + 1};

    if ((next != NULL) == (named != NULL)) {
        sw_fail(err, SW_FAILED,
                "profile '%s' has a role_arn with %s of source_profile and credential_source; it needs one",
                link->profile, next != NULL ? "both" : "neither");
        return NULL;
    }
    if (named != NULL)
        return named_source(place, link->profile, named, err);
    return check_chain(place, link, next, err) == 0 ? from_profile(place, &step, err) : NULL;
}

static struct keys_source *from_role(const struct keys_place *place, const struct link *link,
                                     struct sw_err *err)
{
    struct keys_source *source;

    if (profile_get(place->settings, link->profile, "mfa_serial") != NULL) {
        sw_fail(err, SW_FAILED,
                "profile '%s' asks for a second factor (mfa_serial), which is not supported: put a session's "
                "keys into the environment with `aws configure export-credentials --profile %s --format env`",
                link->profile, link->profile);
        return NULL;
    }
    source = role_keys(place, link, err);
    return source != NULL ? keys_from_role(place, link->profile, source, err) : NULL;
}

static bool has_sso(const struct cloud_settings *settings, const char *profile)
{
    return profile_get(settings, profile, "sso_session") != NULL ||
           profile_get(settings, profile, "sso_start_url") != NULL;
}

/* True when the profile, or where it counts the environment, names a web identity. */
static bool find_web_identity(const struct cloud_settings *settings, const char *profile, bool environment,
                              struct web_identity *out)
{
    const struct {
        const char *variable;
        const char *key;
        const char **value;
    } parts[] = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file", &out->token_file},
                 {"AWS_ROLE_ARN", "role_arn", &out->role_arn},
                 {"AWS_ROLE_SESSION_NAME", "role_session_name", &out->session_name}};

    for (size_t i = 0; i < SW_ARRAY_LEN(parts); i++) {
        *parts[i].value = environment ? settings_env(parts[i].variable) : NULL;
        if (*parts[i].value == NULL)
            *parts[i].value = profile_get(settings, profile, parts[i].key);
    }
    return out->token_file != NULL;
}

/*
 * What a profile holds, in its order. NULL with err untouched (SW_OK) when it holds nothing. Only the profile that the session
 * was opened with looks at the environment, and not when it was named.
 */
static struct keys_source *in_profile(const struct keys_place *place, const struct link *link,
                                      struct sw_err *err)
{
    const struct cloud_settings *settings = place->settings;
    bool environment = link->before == NULL && !settings->profile_named;
    bool own_source = link->before != NULL && (has_static(settings, link->profile, false) ||
                                               has_static(settings, link->profile, true));
    const char *process = profile_get(settings, link->profile, "credential_process");
    struct web_identity identity;

    if (is_role(settings, link->profile) && !own_source)
        return from_role(place, link, err);
    if (find_web_identity(settings, link->profile, environment, &identity))
        return keys_from_web_identity(place, &identity, err);
    if (has_sso(settings, link->profile))
        return keys_from_sso(place, link->profile, err);
    if (has_static(settings, link->profile, false))
        return new_file_source(link->profile, false, err);
    if (process != NULL)
        return keys_from_process(process, err);
    if (has_static(settings, link->profile, true))
        return new_file_source(link->profile, true, err);
    return NULL;
}

static struct keys_source *from_profile(const struct keys_place *place, const struct link *link,
                                        struct sw_err *err)
{
    struct keys_source *source = in_profile(place, link, err);

    if (source == NULL && err->code == SW_OK)
        sw_fail(err, SW_FAILED, "profile '%s' is a source_profile and has no credentials", link->profile);
    return source;
}

static struct keys_source *no_keys(const struct keys_place *place, struct sw_err *err)
{
    sw_fail(err, SW_FAILED,
            "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, put them into "
            "~/.aws/credentials beneath [%s], or on an EC2 instance with a role pass --use-imds",
            place->settings->profile);
    return NULL;
}

struct keys_source *keys_find(const struct keys_place *place, struct sw_err *err)
{
    const struct cloud_settings *settings = place->settings;
    const struct link first = {settings->profile, NULL, 0};
    struct keys_source *source;

    if (!settings->profile_named &&
        (settings_env("AWS_ACCESS_KEY_ID") != NULL || settings_env("AWS_SECRET_ACCESS_KEY") != NULL))
        return new_file_source(NULL, false, err);
    *err = (struct sw_err){.code = SW_OK};
    source = in_profile(place, &first, err);
    if (source != NULL || err->code != SW_OK)
        return source;
    if (keys_container_named())
        return keys_from_container(place, err);
    if (settings->given->use_imds)
        return keys_from_imds(place, err);
    return no_keys(place, err);
}
