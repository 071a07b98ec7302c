/* The online check: who asks. */
#include "src/import/online.h"

#include <string.h>

/* "arn:PARTITION:…" */
static int take_partition(struct online *online, const char *arn, struct sw_err *err)
{
    const char *from = arn + strlen("arn:");

    online->partition = sw_strf(err, "%.*s", (int)strcspn(from, ":"), from);
    online->plan.partition = online->partition;
    return online->partition != NULL ? 0 : -1;
}

/*
 * IAM simulates users and roles. A session of a role is "arn:P:sts::ACCOUNT:assumed-role/ROLE/SESSION": the role's own ARN has
 * its path as well, which only IAM knows.
 */
static int take_principal(struct online *online, const char *arn, struct sw_err *err)
{
    static const char word[] = ":assumed-role/";
    SW_CLEANUP(sw_iam_role_free) struct sw_iam_role role = {.arn = NULL};
    SW_AUTO_FREE char *name = NULL;
    const char *at = strstr(arn, word);
    struct sw_err ignored = {.code = SW_OK};
    struct sw_refusal why;

    if (strstr(arn, ":iam::") != NULL && strstr(arn, ":user/") != NULL) {
        online->principal = sw_strdup(arn, err);
        return online->principal != NULL ? 0 : -1;
    }
    if (at == NULL)
        return 0;
    at += strlen(word);
    name = sw_strf(err, "%.*s", (int)strcspn(at, "/"), at);
    if (name == NULL)
        return -1;
    if (sw_iam_role(online->cloud, name, &role, &why, &ignored) == 0)
        online->principal = SW_STEAL_PTR(role.arn);
    else
        online->principal =
            sw_strf(err, "arn:%s:iam::%s:role/%s", online->partition, online->out->account, name);
    return online->principal != NULL ? 0 : -1;
}

static bool is_root(const char *arn)
{
    size_t len = strlen(arn), tail = strlen(":root");

    return len > tail && strcmp(arn + len - tail, ":root") == 0;
}

int online_caller(struct online *online, bool *go_on, struct sw_err *err)
{
    SW_CLEANUP(sw_sts_identity_free) struct sw_sts_identity caller = {.arn = NULL};
    struct sw_online_report *out = online->out;
    struct online_words words = {.name = "credentials",
                                 .remedy = "use credentials of this partition that are not expired"};
    struct sw_refusal why;

    *go_on = false;
    if (sw_sts_identity(online->cloud, &caller, &why, err) < 0) {
        /* Without an answer there is nobody to ask. */
        if (why.status == 0 || err->code == SW_REMOTE)
            return -1;
        return online_failed(online, &words, &why, err);
    }
    memcpy(out->account, caller.account, sizeof(out->account));
    out->caller = SW_STEAL_PTR(caller.arn);
    online->plan.account = out->account;
    if (take_partition(online, out->caller, err) < 0 || take_principal(online, out->caller, err) < 0)
        return -1;
    *go_on = true;
    words.remedy = NULL;
    if (!is_root(out->caller) || (online->lane & NEED_VMIE) == 0)
        return online_say(online, &words, err, "account %s, %s", out->account, out->caller);
    words = (struct online_words){"credentials", SW_ONLINE_REFUSED, NULL,
                                  "use an IAM user or a role with the policy of --print-iam"};
    return online_say(online, &words, err,
                      "account %s, %s: VM Import does not let the root user pass a service role",
                      out->account, out->caller);
}
