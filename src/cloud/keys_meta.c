/* Credentials of a container's task and of an instance: plain requests to addresses that only the machine itself has. */
#include "src/cloud/keys_find.h"

#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/cloud/call.h"
#include "src/cloud/fault.h"

#include <string.h>
#include <strings.h>

enum {
    CONTAINER_TIMEOUT_MS = 2000,
    CONTAINER_ATTEMPTS = 3,
    IMDS_TIMEOUT_MS = 1000,
    TOKEN_MAX = 16 << 10,
    PAGE_MAX = 64 << 10,
    ROLE_NAME_MAX = 256,
};

#define CONTAINER_HOST   "http://169.254.170.2"
#define IMDS_URL         "http://169.254.169.254"
#define IMDS_IPV6_URL    "http://[fd00:ec2::254]"
#define IMDS_CREDENTIALS "/latest/meta-data/iam/security-credentials/"

struct meta_source {
    struct keys_source base;
    struct sw_transport *transport;
    char *url;   /* of the document, or of the metadata service */
    char *shown; /* without the path: a container's is what opens the door */
    unsigned timeout_ms, attempts;
};

static void meta_close(struct keys_source *source)
{
    struct meta_source *self = (struct meta_source *)source;

    free(self->url);
    free(self->shown);
    free(self);
}

static struct meta_source *new_source(const struct keys_place *place, const char *name, struct sw_err *err)
{
    struct meta_source *self = sw_calloc(1, sizeof(*self), err);

    if (self == NULL)
        return NULL;
    self->base = (struct keys_source){.name = name, .close = meta_close};
    self->transport = place->transport;
    return self;
}

/* One page; a number from the environment of attempts, each short. */
static int get_page(const struct meta_source *self, const char *method, const char *path,
                    const struct sw_http_header *header, struct sw_http_reply *reply, struct sw_err *err)
{
    SW_AUTO_FREE char *url = sw_strf(err, "%s%s", self->url, path);
    const struct sw_http_request request = {.method = method,
                                            .url = url,
                                            .headers = header,
                                            .header_count = header->name != NULL,
                                            .direct = true,
                                            .timeout_ms = self->timeout_ms};
    struct cloud_fault fault;

    if (url == NULL)
        return -1;
    for (unsigned failures = 0;;) {
        reply_wipe(reply);
        *err = (struct sw_err){.code = SW_OK};
        if (self->transport->ops->send(self->transport, &request, reply, err) == 0) {
            if (!fault_read(reply, NULL, &fault))
                return reply->body_len <= PAGE_MAX
                           ? 0
                           : sw_fail(err, SW_FAILED, "%s answers with more than %d bytes", self->shown,
                                     PAGE_MAX);
            fault_report(&fault, err);
        }
        if (err->code != SW_REMOTE || ++failures >= self->attempts)
            return sw_context(err, "%s", self->shown);
        if (cloud_back_off(self->transport, failures, reply, err) < 0)
            return -1;
    }
}

/* The form that both give: with a "Code" that is not Success it is a refusal. */
static int read_document(const struct sw_http_reply *reply, struct cloud_keys *out, struct sw_err *err)
{
    struct sw_err cause = {.code = SW_OK};
    json_t *root =
        sw_json_parse(reply->body != NULL ? reply->body : "", reply->body_len, "the reply", &cause);
    const struct keys_text keys = {sw_json_text(root, "AccessKeyId"), sw_json_text(root, "SecretAccessKey"),
                                   sw_json_text(root, "Token"), sw_json_text(root, "Expiration")};
    const char *code = sw_json_text(root, "Code");
    int rc;

    if (!json_is_object(root))
        rc = sw_fail(err, SW_FAILED, "the reply is no JSON object");
    else if (code != NULL && strcmp(code, "Success") != 0)
        rc = sw_fail(err, SW_FAILED, "the reply says %.60s", code);
    else
        rc = keys_take(&keys, "the reply", out, err);
    keys_wipe_json(root);
    json_decref(root);
    return rc;
}

/* ---- container ---- */

/* The file is read each time: its owner replaces it. */
static int authorization(struct sw_buf *out, struct sw_err *err)
{
    const char *path = settings_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = settings_env("AWS_CONTAINER_AUTHORIZATION_TOKEN");

    if (sw_buf_reserve(out, TOKEN_MAX + 1, err) < 0)
        return -1;
    if (path != NULL) {
        if (sw_read_file(path, TOKEN_MAX, out, err) < 0)
            return -1;
        while (out->len > 0 && strchr("\r\n", out->data[out->len - 1]) != NULL)
            out->data[--out->len] = '\0';
    } else if (token != NULL && sw_buf_puts(out, token, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < out->len; i++)
        if ((unsigned char)out->data[i] < ' ' || out->data[i] == 0x7f)
            return sw_fail(err, SW_FAILED, "%s has control bytes in it",
                           path != NULL ? path : "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    return 0;
}

static int container_fetch(struct keys_source *source, struct cloud_keys *out, struct sw_err *err)
{
    const struct meta_source *self = (const struct meta_source *)source;
    SW_CLEANUP(sw_buf_wipe) struct sw_buf token = {0};
    SW_CLEANUP(reply_wipe) struct sw_http_reply reply = {0};
    struct sw_http_header header = {.name = NULL};

    if (authorization(&token, err) < 0)
        return -1;
    if (token.len > 0)
        header = (struct sw_http_header){"Authorization", token.data};
    if (get_page(self, "GET", "", &header, &reply, err) < 0)
        return -1;
    return read_document(&reply, out, err);
}

/* Without TLS the keys may come from this machine only, or from the addresses that ECS and EKS have for it. */
static int check_full_url(const char *url, struct uri *out, struct sw_err *err)
{
    static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "[::1]",
                                        "localhost"};
    size_t len;

    if (uri_parse_page(url, "AWS_CONTAINER_CREDENTIALS_FULL_URI", out, err) < 0)
        return -1;
    if (strcmp(out->scheme, "https") == 0)
        return 0;
    len = out->host[0] == '[' ? strcspn(out->host, "]") + 1 : strcspn(out->host, ":");
    if (strncmp(out->host, "127.", 4) == 0 && strspn(out->host, "0123456789.") == len)
        return 0;
    for (size_t i = 0; i < SW_ARRAY_LEN(hosts); i++)
        if (strlen(hosts[i]) == len && strncasecmp(out->host, hosts[i], len) == 0)
            return 0;
    return sw_fail(
        err, SW_FAILED,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI has host '%s', which is not asked for keys without TLS",
        out->host);
}

bool keys_container_named(void)
{
    return settings_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != NULL ||
           settings_env("AWS_CONTAINER_CREDENTIALS_FULL_URI") != NULL;
}

struct keys_source *keys_from_container(const struct keys_place *place, struct sw_err *err)
{
    const char *relative = settings_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = settings_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    URI_AUTO struct uri uri = {0};
    struct meta_source *self;

    if (relative == NULL && full == NULL) {
        sw_fail(err, SW_FAILED, "there is no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and no ..._FULL_URI");
        return NULL;
    }
    self = new_source(place, "the container's endpoint", err);
    if (self == NULL)
        return NULL;
    self->base.fetch = container_fetch;
    self->timeout_ms = CONTAINER_TIMEOUT_MS;
    self->attempts = CONTAINER_ATTEMPTS;
    self->url = relative != NULL
                    ? sw_strf(err, CONTAINER_HOST "%s%s", relative[0] != '/' ? "/" : "", relative)
                    : sw_strdup(full, err);
    if (self->url == NULL ||
        (relative != NULL ? uri_parse_page(self->url, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", &uri, err)
                          : check_full_url(full, &uri, err)) < 0 ||
        (self->shown = sw_strf(err, "%s://%s", uri.scheme, uri.host)) == NULL) {
        meta_close(&self->base);
        return NULL;
    }
    return &self->base;
}

/* ---- instance ---- */

/* The first line of a page of text, which becomes part of a path or of a header. */
static int take_line(const struct sw_http_reply *reply, const char *what, char *out, size_t size,
                     struct sw_err *err)
{
    const char *text = reply->body != NULL ? reply->body : "";
    size_t len = strcspn(text, "\r\n");

    if (len == 0 || len >= size)
        return sw_fail(err, SW_FAILED, "the metadata service gives no %s", what);
    memcpy(out, text, len);
    out[len] = '\0';
    return keys_plain(out) ? 0 : sw_fail(err, SW_FAILED, "the metadata service gives no usable %s", what);
}

/* The role's document, by the token that was got for it. */
static int get_document(const struct meta_source *self, const char *token, struct cloud_keys *out,
                        struct sw_err *err)
{
    const struct sw_http_header header = {"X-aws-ec2-metadata-token", token};
    SW_CLEANUP(reply_wipe) struct sw_http_reply reply = {0};
    SW_AUTO_BUF struct sw_buf path = {0};
    char role[ROLE_NAME_MAX];

    if (get_page(self, "GET", IMDS_CREDENTIALS, &header, &reply, err) < 0 ||
        take_line(&reply, "role", role, sizeof(role), err) < 0 ||
        sw_buf_puts(&path, IMDS_CREDENTIALS, err) < 0 ||
        uri_encode(&path, role, strlen(role), false, err) < 0 ||
        get_page(self, "GET", path.data, &header, &reply, err) < 0)
        return -1;
    return read_document(&reply, out, err);
}

static int imds_fetch(struct keys_source *source, struct cloud_keys *out, struct sw_err *err)
{
    static const struct sw_http_header life = {"X-aws-ec2-metadata-token-ttl-seconds", "21600"};
    const struct meta_source *self = (const struct meta_source *)source;
    SW_CLEANUP(reply_wipe) struct sw_http_reply reply = {0};
    char token[1024];
    int rc = -1;

    if (get_page(self, "PUT", "/latest/api/token", &life, &reply, err) == 0 &&
        take_line(&reply, "token", token, sizeof(token), err) == 0)
        rc = get_document(self, token, out, err);
    explicit_bzero(token, sizeof(token));
    return rc;
}

static unsigned env_number(const char *name, unsigned most, unsigned otherwise)
{
    const char *text = settings_env(name);
    unsigned long n = text != NULL ? strtoul(text, NULL, 10) : 0;

    return n > 0 && n <= most ? (unsigned)n : otherwise;
}

/* Where the service is: a setting, else the address of IPv6 or IPv4. */
static int imds_url(const struct cloud_settings *settings, struct meta_source *self, struct sw_err *err)
{
    const char *url = settings_env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const char *mode = settings_env("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    URI_AUTO struct uri uri = {0};

    if (url == NULL)
        url = settings_get(settings, "ec2_metadata_service_endpoint");
    if (mode == NULL)
        mode = settings_get(settings, "ec2_metadata_service_endpoint_mode");
    if (url == NULL)
        url = mode != NULL && strcasecmp(mode, "IPv6") == 0 ? IMDS_IPV6_URL : IMDS_URL;
    if (uri_parse(url, "the metadata service's endpoint", &uri, err) < 0)
        return -1;
    self->shown = sw_strf(err, "%s://%s", uri.scheme, uri.host);
    self->url = sw_strf(err, "%s://%s%s", uri.scheme, uri.host, uri.path);
    return self->shown != NULL && self->url != NULL ? 0 : -1;
}

struct keys_source *keys_from_imds(const struct keys_place *place, struct sw_err *err)
{
    const char *off = settings_env("AWS_EC2_METADATA_DISABLED");
    struct meta_source *self;

    if (off != NULL && strcasecmp(off, "true") == 0) {
        sw_fail(err, SW_FAILED,
                "the instance's metadata service is asked for, and AWS_EC2_METADATA_DISABLED forbids it");
        return NULL;
    }
    self = new_source(place, "the instance's metadata service", err);
    if (self == NULL)
        return NULL;
    self->base.fetch = imds_fetch;
    self->timeout_ms = 1000 * env_number("AWS_METADATA_SERVICE_TIMEOUT", 60, IMDS_TIMEOUT_MS / 1000);
    self->attempts = env_number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", 10, 1);
    if (imds_url(place->settings, self, err) < 0) {
        meta_close(&self->base);
        return NULL;
    }
    return &self->base;
}
