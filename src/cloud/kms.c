/* AWS KMS: Encrypt and Decrypt in the JSON 1.1 protocol, behind the contract of slipway/kms.h. */
#include "src/base/base64.h"
#include "src/base/json.h"
#include "src/cloud/call.h"

#include <stdio.h>
#include <string.h>

enum { REPLY_MAX = 64 << 10, ARN_FIELDS = 6, REGION_FIELD = 3, REGION_MAX = 63 };

struct kms_aws {
    struct sw_kms base;
    struct sw_cloud_config config;
    struct sw_transport *transport; /* NULL: each session opens its own */
};

/* One of the two verbs: its name, and the members that carry bytes. */
struct verb {
    const char *name;
    const char *given;
    const char *wanted;
};

static const struct verb encrypt_verb = {"Encrypt", "Plaintext", "CiphertextBlob"};
static const struct verb decrypt_verb = {"Decrypt", "CiphertextBlob", "Plaintext"};

/*
 * The region of "arn:PARTITION:kms:REGION:ACCOUNT:RESOURCE" into out; "" for a name that is no ARN. An ARN of another form
 * is SW_USAGE.
 */
static int region_of(const char *key, char out[REGION_MAX + 1], struct sw_err *err)
{
    const char *fields[ARN_FIELDS] = {key}, *at = key;
    size_t len;

    out[0] = '\0';
    if (strncmp(key, "arn:", strlen("arn:")) != 0)
        return 0;
    for (size_t i = 1; i < ARN_FIELDS; i++) {
        at = strchr(at, ':');
        if (at == NULL)
            return sw_fail(err, SW_USAGE, "it is no ARN (arn:aws:kms:REGION:ACCOUNT:key/ID)");
        fields[i] = ++at;
    }
    len = (size_t)(fields[REGION_FIELD + 1] - fields[REGION_FIELD]) - 1;
    if (strncmp(fields[2], "kms:", 4) != 0 || len == 0 || len > REGION_MAX)
        return sw_fail(err, SW_USAGE, "it is no ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID)");
    memcpy(out, fields[REGION_FIELD], len);
    out[len] = '\0';
    return 0;
}

static int open_session(const struct kms_aws *kms, const struct sw_kms_request *request,
                        struct sw_cloud **cloud, struct sw_err *err)
{
    struct sw_cloud_config config = kms->config;
    const struct uri *uri;
    char region[REGION_MAX + 1];

    if (region_of(request->key, region, err) < 0)
        return -1;
    if (region[0] != '\0')
        config.region = region;
    if (request->endpoint != NULL)
        config.endpoint_url = request->endpoint;
    if (sw_cloud_open(&config, kms->transport, cloud, err) < 0)
        return -1;
    uri = &(*cloud)->endpoints[CLOUD_KMS].uri;
    if (uri_is_bare(uri)) {
        sw_fail(err, SW_REFUSED, "the data key would go to http://%s without TLS", uri->host);
        sw_cloud_close(SW_STEAL_PTR(*cloud));
        return -1;
    }
    return 0;
}

static json_t *context_json(const struct sw_kms_request *request, struct sw_err *err)
{
    SW_AUTO_JSON json_t *context = json_object();

    for (size_t i = 0; i < request->nr_context; i++)
        if (sw_json_set(context, request->context[i].key, json_string(request->context[i].value), err) < 0)
            return NULL;
    return SW_STEAL_PTR(context);
}

/* The members without bytes: KeyId, and EncryptionContext unless it is empty. */
static char *plain_members(const struct sw_kms_request *request, struct sw_err *err)
{
    SW_AUTO_JSON json_t *root = json_object(), *context = context_json(request, err);

    if (root == NULL || context == NULL || sw_json_set(root, "KeyId", json_string(request->key), err) < 0 ||
        (request->nr_context > 0 && sw_json_set(root, "EncryptionContext", json_incref(context), err) < 0))
        return NULL;
    return sw_json_canonical(root, err);
}

/* The bytes go into one piece of memory that is wiped, past the JSON library. */
static int build_body(const struct verb *verb, const struct sw_kms_request *request, struct sw_buf *body,
                      struct sw_err *err)
{
    SW_AUTO_FREE char *members = plain_members(request, err);

    if (members == NULL || sw_buf_reserve(body, strlen(members) + 2 * request->len + 64, err) < 0 ||
        sw_buf_printf(body, err, "{\"%s\":\"", verb->given) < 0 ||
        sw_base64_put(body, request->bytes, request->len, err) < 0 || sw_buf_puts(body, "\",", err) < 0)
        return -1;
    return sw_buf_puts(body, members + 1, err);
}

/* What KMS's own words mean for whoever holds the message. */
static const struct {
    const char *code;
    const char *meaning;
} meanings[] = {
    {"AccessDeniedException", "the caller may not use it, or it is not there"},
    {"NotFoundException", "there is no such key"},
    {"DisabledException", "it is disabled"},
    {"KMSInvalidStateException", "its state does not allow it: pending deletion, or without material"},
    {"InvalidKeyUsageException", "it is not for encrypting and decrypting"},
    {"InvalidCiphertextException", "it did not wrap this data key with this encryption context"},
    {"IncorrectKeyException", "another key wrapped this data key"},
};

static int explain(const struct cloud_fault *fault, const char *verb, const char *key, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(meanings); i++) {
        if (strcmp(fault->code, meanings[i].code) != 0)
            continue;
        err->code = SW_INTEGRITY;
        sw_context(err, "%s", meanings[i].meaning);
    }
    return sw_context(err, "KMS %s with '%s'", verb, key);
}

static int read_key(const json_t *root, struct sw_kms_reply *out, struct sw_err *err)
{
    const char *key = sw_json_text(root, "KeyId");

    if (key == NULL || key[0] == '\0' || strlen(key) > SW_KMS_KEY_MAX)
        return sw_fail(err, SW_REMOTE, "the reply has no usable KeyId");
    memcpy(out->key, key, strlen(key) + 1);
    return 0;
}

static int read_bytes(const json_t *root, const char *member, struct sw_kms_reply *out, struct sw_err *err)
{
    json_t *value = json_object_get(root, member);
    size_t len = json_string_length(value);
    int rc;

    if (!json_is_string(value) || len == 0)
        return sw_fail(err, SW_REMOTE, "the reply has no %s", member);
    rc = sw_base64_get(json_string_value(value), len, out->bytes, sizeof(out->bytes), &out->len);
    if (rc < 0)
        sw_fail(err, SW_REMOTE, "the reply's %s is no base64 of at most %d bytes", member, SW_KMS_BYTES_MAX);
    /* It may be the plain key: no copy of it stays behind. */
    explicit_bzero((void *)(uintptr_t)json_string_value(value), len);
    return rc;
}

static int read_reply(const struct verb *verb, const struct sw_http_reply *reply, struct sw_kms_reply *out,
                      struct sw_err *err)
{
    struct sw_err cause = {.code = SW_OK};
    SW_AUTO_JSON json_t *root = NULL;

    if (reply->body_len > REPLY_MAX)
        return sw_fail(err, SW_REMOTE, "the reply has %zu bytes, more than any of KMS's", reply->body_len);
    root = sw_json_parse(reply->body != NULL ? reply->body : "", reply->body_len, "the reply", &cause);
    if (!json_is_object(root))
        return sw_fail(err, SW_REMOTE, "the reply is no JSON object");
    return read_key(root, out, err) < 0 ? -1 : read_bytes(root, verb->wanted, out, err);
}

static int call(struct sw_kms *self, const struct verb *verb, const struct sw_kms_request *request,
                struct sw_kms_reply *out, struct sw_err *err)
{
    SW_CLEANUP(sw_buf_wipe) struct sw_buf body = {.len = 0};
    SW_CLEANUP(reply_wipe) struct sw_http_reply reply = {0};
    SW_AUTO_FREE char *target = sw_strf(err, "TrentService.%s", verb->name);
    struct sw_cloud *cloud = NULL;
    struct cloud_fault fault = {.status = 0};
    int rc;

    out->len = 0;
    if (target == NULL || build_body(verb, request, &body, err) < 0)
        return -1;
    if (open_session((struct kms_aws *)self, request, &cloud, err) < 0)
        return sw_context(err, "KMS %s with '%s'", verb->name, request->key);
    rc = cloud_send(cloud,
                    &(struct cloud_call){
                        .service = CLOUD_KMS,
                        .method = "POST",
                        .headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", target}},
                        .body = body.data,
                        .body_len = body.len},
                    &reply, &fault, err);
    if (rc == 0)
        rc = read_reply(verb, &reply, out, err);
    sw_cloud_close(cloud);
    return rc < 0 ? explain(&fault, verb->name, request->key, err) : 0;
}

static int kms_encrypt(struct sw_kms *self, const struct sw_kms_request *request, struct sw_kms_reply *reply,
                       struct sw_err *err)
{
    return call(self, &encrypt_verb, request, reply, err);
}

static int kms_decrypt(struct sw_kms *self, const struct sw_kms_request *request, struct sw_kms_reply *reply,
                       struct sw_err *err)
{
    return call(self, &decrypt_verb, request, reply, err);
}

static void kms_close(struct sw_kms *self)
{
    free(self);
}

static const struct sw_kms_ops kms_ops = {.encrypt = kms_encrypt, .decrypt = kms_decrypt, .close = kms_close};

struct sw_kms *sw_kms_open_aws(const struct sw_cloud_config *config, struct sw_transport *transport,
                               struct sw_err *err)
{
    struct kms_aws *kms = sw_calloc(1, sizeof(*kms), err);

    if (kms == NULL)
        return NULL;
    kms->base.ops = &kms_ops;
    if (config != NULL)
        kms->config = *config;
    kms->transport = transport;
    return &kms->base;
}
