/* Credentials of a role: STS AssumeRole with the keys of another source, or with a web identity's token. */
#include "src/cloud/keys_find.h"
#include "src/cloud/protocol.h"

#include "src/base/fs.h"

#include <string.h>

enum { TOKEN_MAX = 64 << 10, DURATION_MIN_S = 900, DURATION_MAX_S = 43200 };

#define SESSION_NAME "slipway"

struct role_source {
    struct keys_source base;
    struct sw_cloud *via; /* signs with the source's keys; a web identity's does not sign */
    char *role_arn, *session_name, *external_id, *duration_s, *token_file;
};

static void role_close(struct keys_source *source)
{
    struct role_source *self = (struct role_source *)source;

    sw_cloud_close(self->via);
    free(self->role_arn);
    free(self->session_name);
    free(self->external_id);
    free(self->duration_s);
    free(self->token_file);
    free(self);
}

static int read_token(const char *path, struct sw_buf *out, struct sw_err *err)
{
    if (sw_buf_reserve(out, TOKEN_MAX + 1, err) < 0 || sw_read_file(path, TOKEN_MAX, out, err) < 0)
        return -1;
    while (out->len > 0 && strchr(" \r\n", out->data[out->len - 1]) != NULL)
        out->data[--out->len] = '\0';
    if (out->len == 0 || strlen(out->data) != out->len || !keys_plain(out->data))
        return sw_fail(err, SW_FAILED, "'%s' holds no token", path);
    return 0;
}

static int role_form(const struct role_source *self, const char *token, struct sw_buf *form,
                     struct sw_err *err)
{
    const char *action = token != NULL ? "AssumeRoleWithWebIdentity" : "AssumeRole";

    if (query_begin(form, CLOUD_STS, action, err) < 0 ||
        uri_add(form, "DurationSeconds", self->duration_s, err) < 0 ||
        uri_add(form, "ExternalId", self->external_id, err) < 0 ||
        uri_add(form, "RoleArn", self->role_arn, err) < 0 ||
        uri_add(form, "RoleSessionName", self->session_name, err) < 0)
        return -1;
    return uri_add(form, "WebIdentityToken", token, err);
}

static int role_fetch(struct keys_source *source, struct cloud_keys *out, struct sw_err *err)
{
    struct role_source *self = (struct role_source *)source;
    SW_CLEANUP(sw_buf_wipe) struct sw_buf token = {0};
    SW_CLEANUP(sw_buf_wipe) struct sw_buf form = {0};
    struct xml_node *root;
    const struct xml_node *keys;
    int rc;

    if (self->token_file != NULL && read_token(self->token_file, &token, err) < 0)
        return -1;
    if (sw_buf_reserve(&form, 3 * token.len + 4096, err) < 0 ||
        role_form(self, self->token_file != NULL ? token.data : NULL, &form, err) < 0)
        return -1;
    root = query_send(self->via, CLOUD_STS, &form, NULL, err);
    if (root == NULL)
        return sw_context(err, "assuming role '%s'", self->role_arn);
    keys = xml_child(query_result(root), "Credentials");
    rc = keys_take(&(struct keys_text){xml_text(keys, "AccessKeyId"), xml_text(keys, "SecretAccessKey"),
                                       xml_text(keys, "SessionToken"), xml_text(keys, "Expiration")},
                   "the reply of STS", out, err);
    xml_wipe(root);
    xml_free(root);
    return rc;
}

/* Text that goes into a form; NULL stays NULL. */
static int copy_text(char **out, const char *text, struct sw_err *err)
{
    if (text == NULL)
        return 0;
    *out = sw_strdup(text, err);
    return *out != NULL ? 0 : -1;
}

static int check_duration(const char *text, const char *profile, struct sw_err *err)
{
    char *end;
    long seconds;

    if (text == NULL)
        return 0;
    seconds = strtol(text, &end, 10);
    if (*end == '\0' && seconds >= DURATION_MIN_S && seconds <= DURATION_MAX_S)
        return 0;
    return sw_fail(err, SW_FAILED, "profile '%s' has duration_seconds = '%.40s', which is not %d to %d",
                   profile, text, DURATION_MIN_S, DURATION_MAX_S);
}

/* signer: the keys of via's requests, or NULL; taken also on failure. */
static struct role_source *new_source(const struct keys_place *place, struct keys_source *signer,
                                      struct sw_err *err)
{
    struct role_source *self = sw_calloc(1, sizeof(*self), err);
    struct sw_cloud *via = cloud_open_via(place, place->region, signer, err);

    if (self == NULL || via == NULL) {
        sw_cloud_close(via);
        free(self);
        return NULL;
    }
    self->base.fetch = role_fetch;
    self->base.close = role_close;
    self->via = via;
    return self;
}

struct keys_source *keys_from_role(const struct keys_place *place, const char *profile,
                                   struct keys_source *source, struct sw_err *err)
{
    const struct cloud_settings *settings = place->settings;
    const char *name = profile_get(settings, profile, "role_session_name");
    const char *duration = profile_get(settings, profile, "duration_seconds");
    struct role_source *self = new_source(place, source, err);

    if (self == NULL)
        return NULL;
    self->base.name = "STS AssumeRole";
    if (check_duration(duration, profile, err) < 0 ||
        copy_text(&self->role_arn, profile_get(settings, profile, "role_arn"), err) < 0 ||
        copy_text(&self->session_name, name != NULL ? name : SESSION_NAME, err) < 0 ||
        copy_text(&self->external_id, profile_get(settings, profile, "external_id"), err) < 0 ||
        copy_text(&self->duration_s, duration, err) < 0) {
        role_close(&self->base);
        return NULL;
    }
    return &self->base;
}

struct keys_source *keys_from_web_identity(const struct keys_place *place,
                                           const struct web_identity *identity, struct sw_err *err)
{
    struct role_source *self;
    const char *name = identity->session_name;

    if (identity->role_arn == NULL) {
        sw_fail(err, SW_FAILED,
                "there is a web identity's token in '%s' and no role for it: set AWS_ROLE_ARN or role_arn",
                identity->token_file);
        return NULL;
    }
    self = new_source(place, NULL, err);
    if (self == NULL)
        return NULL;
    self->base.name = "STS AssumeRoleWithWebIdentity";
    if (copy_text(&self->role_arn, identity->role_arn, err) < 0 ||
        copy_text(&self->session_name, name != NULL ? name : SESSION_NAME, err) < 0 ||
        copy_text(&self->token_file, identity->token_file, err) < 0) {
        role_close(&self->base);
        return NULL;
    }
    return &self->base;
}
