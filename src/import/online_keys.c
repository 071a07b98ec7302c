/* The online check: KMS keys of the bucket and of the volumes. */
#include "src/import/online.h"

#include <stdio.h>
#include <string.h>

/* What a key must be to encrypt data; NULL when it is. */
static const char *unfit(const struct sw_kms_key *key)
{
    if (strcmp(key->state, "Enabled") != 0)
        return "is not enabled";
    if (strcmp(key->usage, "ENCRYPT_DECRYPT") != 0)
        return "is not for encrypting";
    if (strcmp(key->spec, "SYMMETRIC_DEFAULT") != 0)
        return "is not symmetric";
    return NULL;
}

/* Adds the line of one key; *arn becomes its ARN where it is a key whose policy can be set, and stays as it is else. */
static int describe(struct online *online, const char *name, const char *key, char **arn, struct sw_err *err)
{
    SW_AUTO_FREE char *permission = sw_strf(err, "kms:DescribeKey on %s", key);
    struct online_words words = {
        .name = name,
        .permission = permission,
        .remedy =
            "name a symmetric key that is enabled, in the region of the import; it must stay so to its end"};
    struct sw_kms_key found;
    struct sw_refusal why;

    if (permission == NULL)
        return -1;
    if (sw_kms_describe(online->cloud, key, &found, &why, err) < 0)
        return online_failed(online, &words, &why, err);
    words.permission = NULL;
    if (unfit(&found) != NULL) {
        words.status = SW_ONLINE_REFUSED;
        return online_say(online, &words, err, "%s %s (%s, %s, %s)", found.arn, unfit(&found), found.state,
                          found.usage, found.spec);
    }
    free(*arn);
    *arn = found.managed ? NULL : sw_strdup(found.arn, err);
    if (!found.managed && *arn == NULL)
        return -1;
    words.remedy = NULL;
    return online_say(online, &words, err, "%s is enabled%s", found.arn, found.managed ? " (AWS's own)" : "");
}

/* The probe has shown it, where there was one; else KMS says whether it would give a data key. */
static int ask_data_key(struct online *online, struct sw_err *err)
{
    SW_AUTO_FREE char *permission = NULL;
    struct online_words words = {.name = "bucket-key-use",
                                 .remedy = "let the caller use the key: the key's policy, or the caller's"};
    struct sw_refusal why;

    if (online->bucket_key == NULL || online->check->probe)
        return 0;
    permission = sw_strf(err, "kms:GenerateDataKey on %s", online->bucket_key);
    if (permission == NULL)
        return -1;
    words.permission = permission;
    if (sw_kms_may_generate(online->cloud, online->bucket_key, &why, err) == 0)
        return online_say(online, &(struct online_words){.name = words.name}, err,
                          "KMS would give the caller a data key");
    if (!sw_refusal_is_denial(&why))
        return online_failed(online, &words, &why, err);
    /* The denial is the answer here, not what keeps from asking. */
    return online_refused(online, &words, err);
}

/* What encrypts the volumes when nobody asks for it. */
static int ask_default(struct online *online, struct sw_err *err)
{
    static const struct online_words words = {
        .name = "volume-encryption",
        .permission = "ec2:GetEbsEncryptionByDefault, ec2:GetEbsDefaultKmsKeyId on *"};
    struct sw_refusal why;
    char key[2049];
    bool on;

    if (sw_ec2_default_encryption(online->cloud, &on, key, &why, err) < 0)
        return online_failed(online, &words, &why, err);
    if (online_say(online, &(struct online_words){.name = words.name}, err, "%s%s",
                   on ? "the account encrypts every volume, with " : "not by default", on ? key : "") < 0)
        return -1;
    if (!on || online->volume_key != NULL || strstr(key, "alias/aws/ebs") != NULL)
        return 0;
    online->volume_key = sw_strdup(key, err);
    return online->volume_key != NULL ? describe(online, "volume-key", key, &online->volume_key, err) : -1;
}

int online_keys(struct online *online, struct sw_err *err)
{
    if (online->bucket_key != NULL) {
        SW_AUTO_FREE char *key = sw_strdup(online->bucket_key, err);

        if (key == NULL || describe(online, "bucket-key", key, &online->bucket_key, err) < 0 ||
            ask_data_key(online, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < online->plan.nr_kms_keys; i++)
        if (describe(online, "kms-key", online->plan.kms_keys[i], &online->volume_key, err) < 0)
            return -1;
    return ask_default(online, err);
}
