/* The environment and the shared files: which profile, which keys, which region. */
#include "src/cloud/session.h"

#include "src/base/buf.h"
#include "src/base/fs.h"

#include <string.h>

const char *settings_env(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The file that NAME names ("~/" is home), else ~/.aws/leaf. */
static struct ini *read_shared(const char *name, const char *leaf, struct sw_err *err)
{
    const char *given = settings_env(name), *home = settings_env("HOME");
    SW_AUTO_FREE char *path = NULL;

    if (given != NULL && strncmp(given, "~/", 2) == 0 && home != NULL)
        path = sw_strf(err, "%s/%s", home, given + 2);
    else if (given != NULL)
        path = sw_strdup(given, err);
    else if (home != NULL)
        path = sw_strf(err, "%s/.aws/%s", home, leaf);
    else
        path = sw_strdup("/dev/null", err);
    return path != NULL ? ini_read(path, err) : NULL;
}

static const char *profile_name(const struct sw_cloud_config *given)
{
    if (given->profile != NULL)
        return given->profile;
    if (settings_env("AWS_PROFILE") != NULL)
        return settings_env("AWS_PROFILE");
    if (settings_env("AWS_DEFAULT_PROFILE") != NULL)
        return settings_env("AWS_DEFAULT_PROFILE");
    return "default";
}

/* "[default]" or "[profile default]" for the default one; "[profile x]" for any other. */
static char *profile_section(const struct ini *config, const char *profile, struct sw_err *err)
{
    SW_AUTO_FREE char *section = sw_strf(err, "profile %s", profile);

    if (section != NULL && strcmp(profile, "default") == 0 && !ini_has_section(config, section))
        return sw_strdup("default", err);
    return SW_STEAL_PTR(section);
}

int settings_open(const struct sw_cloud_config *given, struct cloud_settings *out, struct sw_err *err)
{
    *out = (struct cloud_settings){.given = given, .profile_named = given->profile != NULL};
    out->config = read_shared("AWS_CONFIG_FILE", "config", err);
    if (out->config == NULL)
        return -1;
    out->credentials = read_shared("AWS_SHARED_CREDENTIALS_FILE", "credentials", err);
    if (out->credentials == NULL)
        return -1;
    out->profile = sw_strdup(profile_name(given), err);
    if (out->profile == NULL)
        return -1;
    out->section = profile_section(out->config, out->profile, err);
    if (out->section == NULL)
        return -1;
    if (strcmp(out->profile, "default") != 0 && !ini_has_section(out->config, out->section) &&
        !ini_has_section(out->credentials, out->profile))
        return sw_fail(err, SW_FAILED, "profile '%s' is in neither the AWS config nor the credentials file",
                       out->profile);
    return 0;
}

void settings_close(struct cloud_settings *settings)
{
    ini_free(settings->config);
    ini_free(settings->credentials);
    free(settings->profile);
    free(settings->section);
    memset(settings, 0, sizeof(*settings));
}

const char *settings_get(const struct cloud_settings *settings, const char *key)
{
    const char *value = ini_get(settings->config, settings->section, key);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Keys go into headers: no control bytes, no white space. */
static bool plain(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text == 0x7f)
            return false;
    return true;
}

static int take_keys(const char *const from[3], const char *where, struct cloud_keys *out, struct sw_err *err)
{
    if (from[0] == NULL || from[1] == NULL)
        return sw_fail(err, SW_FAILED, "%s has an access key without its secret, or the reverse", where);
    for (int i = 0; i < 3; i++)
        if (from[i] != NULL && !plain(from[i]))
            return sw_fail(err, SW_FAILED, "%s has a key or token with white space or control bytes in it",
                           where);
    out->access = sw_strdup(from[0], err);
    out->secret = sw_strdup(from[1], err);
    out->token = from[2] != NULL ? sw_strdup(from[2], err) : NULL;
    return out->access != NULL && out->secret != NULL && (from[2] == NULL || out->token != NULL) ? 0 : -1;
}

static int no_keys(const struct cloud_settings *settings, struct sw_err *err)
{
    static const char *const others[] = {"credential_process", "role_arn", "sso_session", "sso_start_url"};

    for (size_t i = 0; i < SW_ARRAY_LEN(others); i++)
        if (settings_get(settings, others[i]) != NULL)
            return sw_fail(
                err, SW_FAILED,
                "profile '%s' takes its credentials from %s, which is not supported; put them into "
                "the environment with `aws configure export-credentials --format env`",
                settings->profile, others[i]);
    return sw_fail(err, SW_FAILED,
                   "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put them into "
                   "~/.aws/credentials beneath [%s]",
                   settings->profile);
}

int keys_find(const struct cloud_settings *settings, struct cloud_keys *out, struct sw_err *err)
{
    static const char *const names[] = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"};
    const struct ini *files[] = {settings->credentials, settings->config};
    const char *sections[] = {settings->profile, settings->section};
    const char *found[] = {settings_env("AWS_ACCESS_KEY_ID"), settings_env("AWS_SECRET_ACCESS_KEY"),
                           settings_env("AWS_SESSION_TOKEN")};

    if (!settings->profile_named && (found[0] != NULL || found[1] != NULL))
        return take_keys(found, "the environment", out, err);
    for (int file = 0; file < 2; file++) {
        for (int i = 0; i < 3; i++) {
            found[i] = ini_get(files[file], sections[file], names[i]);
            if (found[i] != NULL && found[i][0] == '\0')
                found[i] = NULL;
        }
        if (found[0] != NULL || found[1] != NULL)
            return take_keys(found, file == 0 ? "the credentials file" : "the config file", out, err);
    }
    return no_keys(settings, err);
}

void keys_free(struct cloud_keys *keys)
{
    if (keys->secret != NULL)
        explicit_bzero(keys->secret, strlen(keys->secret));
    if (keys->token != NULL)
        explicit_bzero(keys->token, strlen(keys->token));
    free(keys->access);
    free(keys->secret);
    free(keys->token);
    memset(keys, 0, sizeof(*keys));
}

char *region_find(const struct cloud_settings *settings, struct sw_err *err)
{
    const char *region = settings->given->region;

    if (region == NULL)
        region = settings_env("AWS_REGION");
    if (region == NULL)
        region = settings_env("AWS_DEFAULT_REGION");
    if (region == NULL)
        region = settings_get(settings, "region");
    if (region == NULL) {
        sw_fail(err, SW_FAILED,
                "no AWS region: pass --region, set AWS_REGION, or put region into the profile");
        return NULL;
    }
    /* It becomes part of a host name. */
    if (region[0] == '\0' || strlen(region) > 63 ||
        strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(region)) {
        sw_fail(err, SW_USAGE, "'%s' is no AWS region", region);
        return NULL;
    }
    return sw_strdup(region, err);
}
