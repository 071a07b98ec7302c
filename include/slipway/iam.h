/* What can be asked before an import: who asks, what a role trusts and may do, and how keys, buckets and volumes are set. */
#ifndef SLIPWAY_IAM_H
#define SLIPWAY_IAM_H

#include "slipway/cloud.h"

#include <stdbool.h>
#include <stddef.h>

/* How a service refused. Zeroed by every verb; status stays 0 when nobody answered. */
struct sw_refusal {
    int status;
    char code[64];     /* "AccessDenied", "NoSuchEntity", …; "" when the service gave none */
    char message[512]; /* the service's own words */
};

/* The caller lacks a permission; what was asked may be there or not. */
bool sw_refusal_is_denial(const struct sw_refusal *why);

/*
 * Every verb: -1 and err as for each call of slipway/cloud.h, and why (never NULL) as the service put it. Texts in what is
 * given back are free()d by the function named beside it, also after a failure.
 */

struct sw_sts_identity {
    char account[16]; /* twelve digits */
    char *arn;
};
SW_MUST_CHECK int sw_sts_identity(struct sw_cloud *cloud, struct sw_sts_identity *out, struct sw_refusal *why,
                                  struct sw_err *err);
void sw_sts_identity_free(struct sw_sts_identity *identity);

struct sw_iam_role {
    char *arn;
    char *trust;    /* the policy document, decoded */
    char *boundary; /* the ARN of the permissions boundary; NULL: there is none */
};
SW_MUST_CHECK int sw_iam_role(struct sw_cloud *cloud, const char *name, struct sw_iam_role *out,
                              struct sw_refusal *why, struct sw_err *err);
void sw_iam_role_free(struct sw_iam_role *role);

enum { SW_IAM_MAX_POLICIES = 64 };

/* Policy documents, decoded. */
struct sw_iam_documents {
    char *items[SW_IAM_MAX_POLICIES];
    size_t n;
};
/* All inline and attached policies of a role; more than SW_IAM_MAX_POLICIES is SW_REMOTE. */
SW_MUST_CHECK int sw_iam_role_policies(struct sw_cloud *cloud, const char *name, struct sw_iam_documents *out,
                                       struct sw_refusal *why, struct sw_err *err);
/* The default version of a managed policy is appended. */
SW_MUST_CHECK int sw_iam_managed_policy(struct sw_cloud *cloud, const char *arn, struct sw_iam_documents *out,
                                        struct sw_refusal *why, struct sw_err *err);
void sw_iam_documents_free(struct sw_iam_documents *documents);

struct sw_iam_fact {
    const char *key;
    const char *value;
};

/* SimulatePrincipalPolicy: may the principal do all actions on all resources? */
struct sw_iam_question {
    const char *principal;      /* the ARN of a user or a role */
    const char *const *actions; /* without wildcards */
    size_t nr_actions;
    const char *const *resources;
    size_t nr_resources;
    const struct sw_iam_fact *facts; /* condition keys, each of type string */
    size_t nr_facts;
};

enum sw_iam_decision { SW_IAM_ALLOWED, SW_IAM_IMPLICIT_DENY, SW_IAM_EXPLICIT_DENY, SW_IAM_UNSURE };

enum { SW_IAM_MAX_ANSWERS = 256 };

struct sw_iam_answer {
    char action[128];
    char resource[1200];
    enum sw_iam_decision decision; /* UNSURE: it hangs on condition keys that were not given */
    char missing[128];             /* one of these keys */
};

struct sw_iam_answers {
    struct sw_iam_answer *items;
    size_t n;
};
SW_MUST_CHECK int sw_iam_simulate(struct sw_cloud *cloud, const struct sw_iam_question *question,
                                  struct sw_iam_answers *out, struct sw_refusal *why, struct sw_err *err);
void sw_iam_answers_free(struct sw_iam_answers *answers);

/* KMS DescribeKey. */
struct sw_kms_key {
    char arn[2049];
    char state[32]; /* Enabled, Disabled, PendingDeletion, … */
    char usage[32]; /* ENCRYPT_DECRYPT, … */
    char spec[32];  /* SYMMETRIC_DEFAULT, … */
    bool managed;   /* by AWS: its policy cannot be changed */
};
SW_MUST_CHECK int sw_kms_describe(struct sw_cloud *cloud, const char *key, struct sw_kms_key *out,
                                  struct sw_refusal *why, struct sw_err *err);
/* GenerateDataKey with DryRun: 0 when the caller would get a data key; none is made. */
SW_MUST_CHECK int sw_kms_may_generate(struct sw_cloud *cloud, const char *key, struct sw_refusal *why,
                                      struct sw_err *err);

/*
 * The bucket's region ("us-east-1" for the empty answer, "eu-west-1" for EU), and whether the account owns it: with owner the
 * question is refused (AccessDenied) when another account does. owner may be NULL.
 */
SW_MUST_CHECK int sw_s3_bucket_where(struct sw_cloud *cloud, const char *bucket, const char *owner,
                                     char region[64], struct sw_refusal *why, struct sw_err *err);

/* The encryption that objects get when nobody asks for one. */
struct sw_s3_encryption {
    char algorithm[32]; /* AES256, aws:kms, aws:kms:dsse; "" for none */
    char key[2049];     /* as the bucket has it: an ARN, an alias or an id; "": AWS's own */
};
SW_MUST_CHECK int sw_s3_bucket_encryption(struct sw_cloud *cloud, const char *bucket,
                                          struct sw_s3_encryption *out, struct sw_refusal *why,
                                          struct sw_err *err);

/* The account's setting in this region; key (an ARN or alias) is filled in when it is on. */
SW_MUST_CHECK int sw_ec2_default_encryption(struct sw_cloud *cloud, bool *on, char key[2049],
                                            struct sw_refusal *why, struct sw_err *err);

struct sw_ec2_field {
    const char *name; /* as on the wire: "DiskContainer.1.Format" */
    const char *value;
};
/* Sends the action with DryRun: 0 when EC2 says that the caller may. Ends with a NULL name. */
SW_MUST_CHECK int sw_ec2_dry_run(struct sw_cloud *cloud, const char *action,
                                 const struct sw_ec2_field *fields, struct sw_refusal *why,
                                 struct sw_err *err);

#endif
