/* What an import or export needs of AWS: the least policies, and the check that everything is there before hours of work. */
#ifndef SLIPWAY_ONLINE_H
#define SLIPWAY_ONLINE_H

#include "slipway/cloud.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Parts of an import that not every one has; they want permissions of their own. */
enum sw_online_part {
    SW_ONLINE_KMS = 1 << 0,    /* a KMS key: of the bucket, or of the image to be */
    SW_ONLINE_TAGS = 1 << 1,   /* tags on the task, the image or its snapshots */
    SW_ONLINE_NAME = 1 << 2,   /* a name for the AMI: in the lane import-image it is copied under it */
    SW_ONLINE_COPY = 1 << 3,   /* copies to other regions */
    SW_ONLINE_SHARE = 1 << 4,  /* others may launch the AMI */
    SW_ONLINE_GIVE = 1 << 5,   /* others may copy it: they may use its snapshots, too */
    SW_ONLINE_PARENT = 1 << 6, /* blocks: only what differs from a snapshot is sent, or fetched */
    SW_ONLINE_CHECK = 1 << 7,  /* the questions of sw_online_check itself */
};

/* The import or export to come. NULL members were not given. */
struct sw_online_plan {
    const char *lane;   /* import-image (NULL), import-snapshot, ebs-direct, export-image, export-snapshot */
    const char *source; /* of an export: the id of the image or snapshot */
    const char *partition; /* "aws" (NULL), "aws-cn", "aws-us-gov", … */
    const char *region;    /* NULL: any */
    const char *account;   /* twelve digits */
    const char *bucket;
    const char *prefix;
    const char *role_name;       /* NULL: vmimport */
    const char *const *kms_keys; /* ARNs */
    size_t nr_kms_keys;
    unsigned parts; /* of enum sw_online_part; SW_ONLINE_KMS follows from kms_keys */
};

/* IAM policy documents, as `aws iam` takes them; the role's are NULL in a lane without one. Free with json_decref. */
struct sw_online_policies {
    json_t *operator_policy; /* for whoever runs slipway */
    json_t *role_policy;     /* for the service role */
    json_t *role_trust;      /* who may assume it */
};

/*
 * The least policies for the plan; no network. SW_USAGE for a plan that cannot be written as a policy: an account that is
 * none, no bucket where the lane has one, a key that is no ARN.
 */
SW_MUST_CHECK int sw_online_policies(const struct sw_online_plan *plan, struct sw_online_policies *out,
                                     struct sw_err *err);
void sw_online_policies_free(struct sw_online_policies *policies);

enum sw_online_status { SW_ONLINE_OK, SW_ONLINE_REFUSED, SW_ONLINE_UNKNOWN };

/* One line of the check. NULL members say nothing. */
struct sw_online_line {
    const char *name; /* "bucket-region", …: stable */
    enum sw_online_status status;
    char *detail;     /* what was found */
    char *permission; /* what is missing, or what it would take to tell: "s3:PutObject on arn:aws:s3:::b/p" */
    char *remedy;     /* what to do */
};

/* Free with sw_online_report_free. */
struct sw_online_report {
    struct sw_online_line *lines;
    size_t n;
    size_t refused, unknown;
    char account[16];
    char *caller; /* its ARN */
};

struct sw_online_check {
    struct sw_online_plan plan; /* its account and partition are found by the check */
    bool probe; /* a multipart upload of one small part is begun beneath the prefix, and aborted */
};

/*
 * Asks AWS whether it would be let (an export: with its source); nothing is changed but for the probe of an import, which
 * leaves no object behind. What is
 * refused or cannot be told is a line, not a failure; -1 when nobody can be asked (SW_REMOTE: no answer) or for want of
 * memory. Lines come in a fixed order.
 */
SW_MUST_CHECK int sw_online_check(struct sw_cloud *cloud, const struct sw_online_check *check,
                                  struct sw_online_report *out, struct sw_err *err);
void sw_online_report_free(struct sw_online_report *report);

#endif
