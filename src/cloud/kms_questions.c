/* KMS questions before an import: what a key is, and whether the caller would get data keys from it. */
#include "src/base/json.h"
#include "src/cloud/refusal.h"

#include <string.h>

enum { REPLY_MAX = 64 << 10 };

static json_t *ask(struct sw_cloud *cloud, const char *target, json_t *question, struct sw_refusal *why,
                   struct sw_err *err)
{
    REPLY_AUTO struct sw_http_reply reply = {0};
    SW_AUTO_JSON json_t *root = question;
    SW_AUTO_FREE char *body = root != NULL ? sw_json_canonical(root, err) : NULL;
    struct cloud_fault fault = {.status = 0};
    json_t *answer;

    memset(why, 0, sizeof(*why));
    if (body == NULL) {
        sw_fail(err, SW_USAGE, "the key's name is not UTF-8");
        return NULL;
    }
    if (cloud_send(cloud,
                   &(struct cloud_call){
                       .service = CLOUD_KMS,
                       .method = "POST",
                       .headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", target}},
                       .body = body,
                       .body_len = strlen(body)},
                   &reply, &fault, err) < 0) {
        refusal_take(why, &fault);
        return NULL;
    }
    if (reply.body == NULL || reply.body_len > REPLY_MAX) {
        sw_fail(err, SW_REMOTE, "the reply is empty or larger than any of KMS's");
        return NULL;
    }
    answer = sw_json_parse(reply.body, reply.body_len, "the reply", err);
    if (answer == NULL)
        err->code = SW_REMOTE;
    return answer;
}

static int take(const json_t *object, const char *name, char *out, size_t size, struct sw_err *err)
{
    const char *text = sw_json_text(object, name);

    if (text == NULL || strlen(text) >= size)
        return sw_fail(err, SW_REMOTE, "the reply has no usable %s", name);
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

int sw_kms_describe(struct sw_cloud *cloud, const char *key, struct sw_kms_key *out, struct sw_refusal *why,
                    struct sw_err *err)
{
    SW_AUTO_JSON json_t *answer =
        ask(cloud, "TrentService.DescribeKey", json_pack("{s:s}", "KeyId", key), why, err);
    const json_t *found = json_object_get(answer, "KeyMetadata");
    const char *manager;

    memset(out, 0, sizeof(*out));
    if (answer == NULL || take(found, "Arn", out->arn, sizeof(out->arn), err) < 0 ||
        take(found, "KeyState", out->state, sizeof(out->state), err) < 0 ||
        take(found, "KeyUsage", out->usage, sizeof(out->usage), err) < 0)
        return sw_context(err, "asking about KMS key '%.200s'", key);
    manager = sw_json_text(found, "KeyManager");
    out->managed = manager != NULL && strcmp(manager, "AWS") == 0;
    /* It was another member's name once. */
    return take(found, sw_json_text(found, "KeySpec") != NULL ? "KeySpec" : "CustomerMasterKeySpec",
                out->spec, sizeof(out->spec), err) < 0
               ? sw_context(err, "asking about KMS key '%.200s'", key)
               : 0;
}

int sw_kms_may_generate(struct sw_cloud *cloud, const char *key, struct sw_refusal *why, struct sw_err *err)
{
    SW_AUTO_JSON json_t *answer =
        ask(cloud, "TrentService.GenerateDataKey",
            json_pack("{s:b, s:s, s:s}", "DryRun", 1, "KeyId", key, "KeySpec", "AES_256"), why, err);

    if (answer == NULL && strcmp(why->code, "DryRunOperationException") == 0) {
        *err = (struct sw_err){.code = SW_OK};
        return 0;
    }
    if (answer != NULL)
        sw_fail(err, SW_REMOTE, "a dry run was answered as if it were none");
    return sw_context(err, "asking KMS for a data key of '%.200s'", key);
}
