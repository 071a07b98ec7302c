/* Members and flat lists of an EC2 request. */
#include "src/cloud/ec2_form.h"

#include <stdio.h>
#include <string.h>

int ec2_add_members(struct sw_buf *form, const char *prefix, const struct ec2_member *members, size_t n,
                    struct sw_err *err)
{
    char name[EC2_MEMBER];

    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "%s%s", prefix, members[i].name);
        if (uri_add(form, name, members[i].value, err) < 0)
            return -1;
    }
    return 0;
}

int ec2_add_list(struct sw_buf *form, const char *prefix, const char *suffix, const char *const *items,
                 size_t n, struct sw_err *err)
{
    char name[EC2_MEMBER];

    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "%s.%zu%s", prefix, i + 1, suffix);
        if (uri_add(form, name, items[i], err) < 0)
            return -1;
    }
    return 0;
}

const char *ec2_number(uint64_t value, char out[EC2_NUMBER])
{
    snprintf(out, EC2_NUMBER, "%llu", (unsigned long long)value);
    return value != 0 ? out : NULL;
}

/* Whether that failure is only what was to be expected; err is cleared then. */
static bool forgiven(const struct cloud_fault *fault, const char *prefix, struct sw_err *err)
{
    if (prefix == NULL || strncmp(fault->code, prefix, strlen(prefix)) != 0)
        return false;
    *err = (struct sw_err){.code = SW_OK};
    return true;
}

static bool is_throttled(const struct cloud_fault *fault)
{
    static const char *const codes[] = {"RequestLimitExceeded",      "Throttling",
                                        "ThrottlingException",       "RequestThrottled",
                                        "RequestThrottledException", "TooManyRequestsException"};

    for (size_t i = 0; i < SW_ARRAY_LEN(codes); i++)
        if (strcmp(fault->code, codes[i]) == 0)
            return true;
    return fault->status == 429;
}

int ec2_do(struct sw_cloud *cloud, const struct sw_buf *form, const char *fine, struct sw_err *err)
{
    struct cloud_fault fault = {.status = 0};
    XML_AUTO struct xml_node *document = ec2_send(cloud, form, &fault, err);

    return document != NULL || forgiven(&fault, fine, err) ? 0 : -1;
}

int ec2_describe_one(struct sw_cloud *cloud, const struct sw_buf *form, const struct ec2_set *set,
                     struct ec2_answer *out, struct sw_err *err)
{
    struct cloud_fault fault = {.status = 0};

    *out = (struct ec2_answer){.document = ec2_send(cloud, form, &fault, err)};
    if (out->document != NULL) {
        out->item = xml_child(xml_child(out->document, set->name), "item");
        return 0;
    }
    out->throttled = is_throttled(&fault);
    return forgiven(&fault, set->unknown, err) ? 0 : -1;
}
