/* The environment and the shared files: which profile, which settings, which region. */
#include "src/cloud/session.h"

#include "src/base/buf.h"
#include "src/base/fs.h"

#include <string.h>

const char *settings_env(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

char *settings_path(const char *path, struct sw_err *err)
{
    const char *home = settings_env("HOME");

    if (strncmp(path, "~/", 2) == 0 && home != NULL)
        return sw_strf(err, "%s/%s", home, path + 2);
    return sw_strdup(path, err);
}

/* The file that NAME names, else ~/.aws/leaf. */
static struct ini *read_shared(const char *name, const char *leaf, struct sw_err *err)
{
    const char *given = settings_env(name), *home = settings_env("HOME");
    SW_AUTO_FREE char *path = NULL;

    if (given != NULL)
        path = settings_path(given, err);
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
    if (strcmp(out->profile, "default") != 0 && !settings_has_profile(out, out->profile))
        return sw_fail(err, SW_FAILED, "profile '%s' is in neither the AWS config nor the credentials file",
                       out->profile);
    return 0;
}

void settings_close(struct cloud_settings *settings)
{
    ini_free(settings->config);
    ini_free(settings->credentials);
    free(settings->profile);
    memset(settings, 0, sizeof(*settings));
}

static const char *section_get(const struct ini *file, const char *section, const char *key)
{
    const char *value = ini_get(file, section, key);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *config_get(const struct cloud_settings *settings, const char *profile, const char *key)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_FREE char *section = profile_section(settings->config, profile, &ignored);

    return section != NULL ? section_get(settings->config, section, key) : NULL;
}

const char *profile_get(const struct cloud_settings *settings, const char *profile, const char *key)
{
    const char *value = section_get(settings->credentials, profile, key);

    return value != NULL ? value : config_get(settings, profile, key);
}

const char *settings_get(const struct cloud_settings *settings, const char *key)
{
    return profile_get(settings, settings->profile, key);
}

bool settings_has_profile(const struct cloud_settings *settings, const char *profile)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_FREE char *section = profile_section(settings->config, profile, &ignored);

    return (section != NULL && ini_has_section(settings->config, section)) ||
           ini_has_section(settings->credentials, profile);
}

int region_check(const char *region, struct sw_err *err)
{
    if (region[0] == '\0' || strlen(region) >= REGION_TEXT ||
        strspn(region, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != strlen(region))
        return sw_fail(err, SW_USAGE, "'%.80s' is no AWS region", region);
    return 0;
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
    return region_check(region, err) == 0 ? sw_strdup(region, err) : NULL;
}
