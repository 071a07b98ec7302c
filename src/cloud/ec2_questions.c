/* EC2 questions before an import: dry runs, and whether volumes are encrypted by default. */
#include "src/cloud/refusal.h"

#include <string.h>

static struct xml_node *ask(struct sw_cloud *cloud, const char *action, struct sw_refusal *why,
                            struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};

    if (query_begin(&form, CLOUD_EC2, action, err) < 0)
        return NULL;
    return refusal_query(cloud, CLOUD_EC2, &form, why, err);
}

int sw_ec2_default_encryption(struct sw_cloud *cloud, bool *on, char key[2049], struct sw_refusal *why,
                              struct sw_err *err)
{
    XML_AUTO struct xml_node *setting = NULL, *default_key = NULL;

    memset(why, 0, sizeof(*why));
    *on = false;
    key[0] = '\0';
    setting = ask(cloud, "GetEbsEncryptionByDefault", why, err);
    if (setting == NULL)
        return sw_context(err, "asking whether volumes are encrypted by default");
    if (strcmp(xml_text(setting, "ebsEncryptionByDefault"), "true") != 0)
        return 0;
    *on = true;
    default_key = ask(cloud, "GetEbsDefaultKmsKeyId", why, err);
    if (default_key == NULL || refusal_text(default_key, "kmsKeyId", key, 2049, err) < 0)
        return sw_context(err, "asking for the key that volumes are encrypted with");
    return 0;
}

int sw_ec2_dry_run(struct sw_cloud *cloud, const char *action, const struct sw_ec2_field *fields,
                   struct sw_refusal *why, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    XML_AUTO struct xml_node *document = NULL;

    memset(why, 0, sizeof(*why));
    if (query_begin(&form, CLOUD_EC2, action, err) < 0 || uri_add(&form, "DryRun", "true", err) < 0)
        return -1;
    for (; fields->name != NULL; fields++)
        if (uri_add(&form, fields->name, fields->value, err) < 0)
            return -1;
    document = refusal_query(cloud, CLOUD_EC2, &form, why, err);
    if (document == NULL && strcmp(why->code, "DryRunOperation") == 0) {
        *err = (struct sw_err){.code = SW_OK};
        return 0;
    }
    if (document != NULL)
        sw_fail(err, SW_REMOTE, "a dry run was answered as if it were none");
    return sw_context(err, "asking EC2 whether %s is allowed", action);
}
