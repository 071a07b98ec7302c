/* What the EBS verbs share: paths, digests in headers, and what EBS's own reasons mean. */
#include "src/cloud/ebs_call.h"

#include "src/base/base64.h"

#include <string.h>

enum { MAX_TURNS = 5 };

/* EBS's own words for a block that collided with itself, or that it did not get to write in time. */
static const char *const passing[] = {"(WRITE_REQUEST_TIMEOUT)", "(CONFLICTING_BLOCK_UPDATE)"};

bool sw_ebs_is_id(const char *id)
{
    size_t len = strlen(id), prefix = strlen("snap-");

    return len > prefix && len < SW_EBS_ID && strncmp(id, "snap-", prefix) == 0 &&
           strspn(id + prefix, "0123456789abcdef") == len - prefix;
}

int ebs_check_id(const char *id, struct sw_err *err)
{
    return sw_ebs_is_id(id) ? 0 : sw_fail(err, SW_USAGE, "'%.80s' is no id of a snapshot (snap-…)", id);
}

int ebs_checksum(const uint8_t digest[SW_EBS_DIGEST], char out[EBS_CHECKSUM], struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};

    if (sw_base64_put(&text, digest, SW_EBS_DIGEST, err) < 0)
        return -1;
    memcpy(out, text.data, EBS_CHECKSUM);
    return 0;
}

static bool passes(const struct cloud_fault *fault)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(passing); i++)
        if (strstr(fault->message, passing[i]) != NULL)
            return true;
    return false;
}

bool ebs_is_gone(const struct cloud_fault *fault)
{
    return strcmp(fault->code, "ResourceNotFoundException") == 0 ||
           strstr(fault->message, "(INVALID_SNAPSHOT_ID)") != NULL;
}

int ebs_send(struct sw_cloud *cloud, const struct cloud_call *call, struct sw_http_reply *reply, bool *gone,
             struct sw_err *err)
{
    struct cloud_fault fault;

    for (unsigned failures = 0;;) {
        int rc = cloud_send(cloud, call, reply, &fault, err);

        /* Each of them begins to count anew. */
        if (failures > 0 && call->retried != NULL)
            *call->retried = true;
        if (rc == 0)
            return 0;
        if (gone != NULL && ebs_is_gone(&fault)) {
            *gone = true;
            *err = (struct sw_err){.code = SW_OK};
            return 0;
        }
        if (!passes(&fault))
            return -1;
        if (++failures == MAX_TURNS) {
            err->code = SW_REMOTE;
            return -1;
        }
        if (cloud_back_off(cloud->transport, failures, reply, err) < 0)
            return -1;
    }
}

int ebs_number(const json_t *object, const char *name, uint64_t least, uint64_t most, uint64_t *out,
               struct sw_err *err)
{
    const json_t *value = json_object_get(object, name);
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < 0 || (uint64_t)number < least || (uint64_t)number > most)
        return sw_fail(err, SW_REMOTE, "the reply's %s is no number from %llu to %llu", name,
                       (unsigned long long)least, (unsigned long long)most);
    *out = (uint64_t)number;
    return 0;
}

int ebs_text(const json_t *object, const char *name, char *out, size_t out_len, bool *there,
             struct sw_err *err)
{
    const char *text = sw_json_text(object, name);

    *there = text != NULL && text[0] != '\0';
    if (!*there) {
        out[0] = '\0';
        return 0;
    }
    if (strlen(text) >= out_len)
        return sw_fail(err, SW_REMOTE, "the reply's %s has more than %zu bytes", name, out_len - 1);
    memcpy(out, text, strlen(text) + 1);
    return 0;
}
