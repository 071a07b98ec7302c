/* Credentials of a role in IAM Identity Center, by the token that `aws sso login` left behind. */
#include "src/cloud/keys_find.h"
#include "src/cloud/protocol.h"

#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <string.h>

enum { TOKEN_FILE_MAX = 64 << 10, SHA1_BYTES = 20 };

struct sso_source {
    struct keys_source base;
    struct sw_cloud *via; /* in the portal's region; does not sign */
    char *profile, *account, *role;
    char *token_path;
};

static void sso_close(struct keys_source *source)
{
    struct sso_source *self = (struct sso_source *)source;

    sw_cloud_close(self->via);
    free(self->profile);
    free(self->account);
    free(self->role);
    free(self->token_path);
    free(self);
}

static int log_in(const struct sso_source *self, const char *why, struct sw_err *err)
{
    return sw_fail(err, SW_FAILED, "%s: run `aws sso login --profile %s`", why, self->profile);
}

/* The cached token, which may have been renewed by now. Free and wipe the object. */
static json_t *read_token(const struct sso_source *self, struct sw_err *err)
{
    SW_CLEANUP(sw_buf_wipe) struct sw_buf text = {0};
    struct sw_cloud *via = self->via;
    json_t *root = NULL;
    const char *token, *until;
    int64_t until_s;

    if (!sw_path_exists(self->token_path)) {
        log_in(self, "nobody has logged in", err);
        return NULL;
    }
    if (sw_buf_reserve(&text, TOKEN_FILE_MAX + 1, err) < 0 ||
        sw_read_file(self->token_path, TOKEN_FILE_MAX, &text, err) < 0)
        return NULL;
    root = sw_json_parse(text.data, text.len, "the cached token", err);
    token = sw_json_text(root, "accessToken");
    until = sw_json_text(root, "expiresAt");
    if (token == NULL || !keys_plain(token) || until == NULL || keys_time(until, &until_s) < 0) {
        log_in(self, "the cached token cannot be read", err);
    } else if (until_s <= cloud_now_s(via)) {
        log_in(self, "the login is over", err);
    } else {
        return root;
    }
    keys_wipe_json(root);
    json_decref(root);
    return NULL;
}

/* "expiration" is in milliseconds. */
static int read_reply(json_t *root, struct cloud_keys *out, struct sw_err *err)
{
    const json_t *keys = json_object_get(root, "roleCredentials");
    const struct keys_text text = {sw_json_text(keys, "accessKeyId"), sw_json_text(keys, "secretAccessKey"),
                                   sw_json_text(keys, "sessionToken"), NULL};

    if (keys_take(&text, "the portal's reply", out, err) < 0)
        return -1;
    out->expires_s = json_integer_value(json_object_get(keys, "expiration")) / 1000;
    return 0;
}

static int ask(struct sso_source *self, const char *token, struct cloud_keys *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf query = {0};
    struct cloud_fault fault = {.status = 0};
    struct cloud_call call = {.service = CLOUD_SSO,
                              .method = "GET",
                              .path = "/federation/credentials",
                              .headers = {{"x-amz-sso_bearer_token", token}}};
    json_t *root;
    int rc;

    if (uri_add(&query, "account_id", self->account, err) < 0 ||
        uri_add(&query, "role_name", self->role, err) < 0)
        return -1;
    call.query = query.data;
    root = rest_json_send(self->via, &call, NULL, &fault, err);
    if (root == NULL) {
        if (fault.status == 401)
            return log_in(self, "the portal does not take the login any more", err);
        return sw_context(err, "asking for role '%s' in account '%s'", self->role, self->account);
    }
    rc = read_reply(root, out, err);
    keys_wipe_json(root);
    json_decref(root);
    return rc;
}

static int sso_fetch(struct keys_source *source, struct cloud_keys *out, struct sw_err *err)
{
    struct sso_source *self = (struct sso_source *)source;
    json_t *token = read_token(self, err);
    int rc;

    if (token == NULL)
        return -1;
    rc = ask(self, sw_json_text(token, "accessToken"), out, err);
    keys_wipe_json(token);
    json_decref(token);
    return rc;
}

/* ~/.aws/sso/cache/SHA-1 of the session's name, or in the old form of the portal's address. */
static char *token_path(const char *key, struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new_of(SW_HASH_SHA1, err);
    const char *home = settings_env("HOME");
    uint8_t bytes[SW_HASH_BYTES_MAX];
    char hex[2 * SHA1_BYTES + 1];

    if (digest == NULL || sw_digest_update(digest, key, strlen(key), err) < 0 ||
        sw_digest_final(digest, bytes, err) < 0)
        return NULL;
    sw_hex(bytes, SHA1_BYTES, hex);
    return sw_strf(err, "%s/.aws/sso/cache/%s.json", home != NULL ? home : "", hex);
}

/* What the profile says of the portal, or its [sso-session NAME]. */
struct portal {
    const char *key; /* what the token's file is named after */
    const char *region, *account, *role;
};

static int find_portal(const struct cloud_settings *settings, const char *profile, struct portal *out,
                       struct sw_err *err)
{
    const char *session = profile_get(settings, profile, "sso_session");
    SW_AUTO_FREE char *section = sw_strf(err, "sso-session %s", session != NULL ? session : "");

    if (section == NULL)
        return -1;
    if (session != NULL && !ini_has_section(settings->config, section))
        return sw_fail(err, SW_FAILED, "profile '%s' names the SSO session '%s', and there is no [%s]",
                       profile, session, section);
    out->key = session != NULL ? session : profile_get(settings, profile, "sso_start_url");
    out->region = session != NULL ? ini_get(settings->config, section, "sso_region")
                                  : profile_get(settings, profile, "sso_region");
    out->account = profile_get(settings, profile, "sso_account_id");
    out->role = profile_get(settings, profile, "sso_role_name");
    if (out->region == NULL || out->account == NULL || out->role == NULL)
        return sw_fail(err, SW_FAILED, "profile '%s' uses SSO and has no %s", profile,
                       out->region == NULL    ? "sso_region"
                       : out->account == NULL ? "sso_account_id"
                                              : "sso_role_name");
    return region_check(out->region, err);
}

struct keys_source *keys_from_sso(const struct keys_place *place, const char *profile, struct sw_err *err)
{
    struct sso_source *self;
    struct portal portal = {.key = NULL};

    if (find_portal(place->settings, profile, &portal, err) < 0 ||
        (self = sw_calloc(1, sizeof(*self), err)) == NULL)
        return NULL;
    self->base = (struct keys_source){.name = "SSO", .fetch = sso_fetch, .close = sso_close};
    if ((self->via = cloud_open_via(place, portal.region, NULL, err)) == NULL ||
        (self->profile = sw_strdup(profile, err)) == NULL ||
        (self->account = sw_strdup(portal.account, err)) == NULL ||
        (self->role = sw_strdup(portal.role, err)) == NULL ||
        (self->token_path = token_path(portal.key, err)) == NULL) {
        sso_close(&self->base);
        return NULL;
    }
    return &self->base;
}
