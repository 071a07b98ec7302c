/* EC2's verbs of an import: its tasks, snapshots, images, and what comes after. As every verb, over slipway/cloud.h. */
#ifndef SLIPWAY_EC2_H
#define SLIPWAY_EC2_H

#include "slipway/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sw_cloud;

enum {
    SW_EC2_IMAGE_NAME = 129, /* with the NUL; a name has 3 to 128 bytes */
    SW_EC2_MAX_MAPPINGS = 32,
};

/* ---- ImportImage ---- */

struct sw_ec2_tag {
    const char *key, *value;
};

/* One disk, or an OVA, in a bucket. NULL members are not sent. */
struct sw_ec2_container {
    const char *format; /* VMDK, VHD, VHDX, OVA or RAW */
    const char *bucket;
    const char *key;
    const char *device;
    const char *description;
};

/* ImportImage. NULL members are not sent. */
struct sw_ec2_import {
    const char *client_token;
    const struct sw_ec2_container *containers;
    size_t nr_containers;
    const char *description;
    const char *role_name;
    const char *boot_mode;
    const char *platform;
    const char *license_type;
    const char *usage_operation;
    const char *architecture;
    const char *kms_key;
    const char *comment;   /* ClientData.Comment */
    uint64_t upload_bytes; /* ClientData.UploadSize; 0: not sent */
    const char *const *license_specifications;
    size_t nr_license_specifications;
    const struct sw_ec2_tag *tags; /* of the task */
    size_t nr_tags;
    bool encrypted;
    bool dry_run; /* EC2 looks at the permissions only: 0 when it would go through, and no task */
};

enum { SW_EC2_MAX_SNAPSHOTS = 32, SW_EC2_SNAPSHOT_ID = 32 };

struct sw_ec2_task {
    bool found;
    bool throttled; /* of a Describe: EC2 would not answer now; found is false, and asking later helps */
    char id[64];
    char status[32];
    char progress[16]; /* percent, "" when not told */
    char image_id[64];
    char message[1024];
    unsigned nr_snapshots; /* that are named yet, in the order of the disks */
    char snapshots[SW_EC2_MAX_SNAPSHOTS][SW_EC2_SNAPSHOT_ID];
};

SW_MUST_CHECK int sw_ec2_import_image(struct sw_cloud *cloud, const struct sw_ec2_import *request,
                                      struct sw_ec2_task *out, struct sw_err *err);
/* A task that EC2 does not know (any more) is no error: out->found is false. */
SW_MUST_CHECK int sw_ec2_describe_import(struct sw_cloud *cloud, const char *task_id, struct sw_ec2_task *out,
                                         struct sw_err *err);
SW_MUST_CHECK int sw_ec2_cancel_import(struct sw_cloud *cloud, const char *task_id, const char *reason,
                                       struct sw_err *err);

/* ---- ImportSnapshot: one disk of one object; no AMI comes of it ---- */

/* NULL members are not sent. */
struct sw_ec2_import_snapshot {
    const char *client_token;
    struct sw_ec2_container container; /* without a device */
    const char *description;
    const char *role_name;
    const char *kms_key;
    const char *comment;           /* ClientData.Comment */
    uint64_t upload_bytes;         /* ClientData.UploadSize; 0: not sent */
    const struct sw_ec2_tag *tags; /* of the task */
    size_t nr_tags;
    bool encrypted;
    bool dry_run; /* EC2 looks at the permissions only: 0 when it would go through, and no task */
};

SW_MUST_CHECK int sw_ec2_import_snapshot(struct sw_cloud *cloud, const struct sw_ec2_import_snapshot *request,
                                         struct sw_ec2_task *out, struct sw_err *err);
/* A task that EC2 does not know (any more) is no error: out->found is false. Its snapshot is snapshots[0]. */
SW_MUST_CHECK int sw_ec2_describe_import_snapshot(struct sw_cloud *cloud, const char *task_id,
                                                  struct sw_ec2_task *out, struct sw_err *err);

/* ---- snapshots ---- */

struct sw_ec2_snapshot {
    bool found;
    char id[SW_EC2_SNAPSHOT_ID];
    char state[32]; /* pending, completed, error, … */
    char progress[16];
    char message[512];
    char owner[16];
    uint64_t volume_gib;
    bool encrypted;
};

/* A snapshot that EC2 does not know is no error: out->found is false. */
SW_MUST_CHECK int sw_ec2_describe_snapshot(struct sw_cloud *cloud, const char *snapshot_id,
                                           struct sw_ec2_snapshot *out, struct sw_err *err);
/* This account's own that AWS made for a task of an import: its id stands in the description. */
SW_MUST_CHECK int sw_ec2_find_snapshot(struct sw_cloud *cloud, const char *task_id,
                                       struct sw_ec2_snapshot *out, struct sw_err *err);
/* One that is not there (any more) is fine. */
SW_MUST_CHECK int sw_ec2_delete_snapshot(struct sw_cloud *cloud, const char *snapshot_id, struct sw_err *err);
/* Accounts that may make volumes of it. */
SW_MUST_CHECK int sw_ec2_share_snapshot(struct sw_cloud *cloud, const char *snapshot_id,
                                        const char *const *accounts, size_t n, struct sw_err *err);

/* ---- images ---- */

struct sw_ec2_mapping {
    const char *device; /* such as /dev/sda1 */
    const char *snapshot_id;
    const char *volume_type; /* gp3, …; NULL: EC2's choice */
    uint64_t volume_gib;     /* 0: the snapshot's */
    uint64_t iops;           /* 0: not sent; so is throughput */
    uint64_t throughput;
    bool keep; /* the volume outlives its instance */
};

/* RegisterImage, always hvm. NULL members are not sent. */
struct sw_ec2_register {
    const char *name;
    const char *description;
    const char *architecture; /* x86_64, arm64, i386 */
    const char *root_device;
    const char *boot_mode; /* legacy-bios, uefi, uefi-preferred */
    const char *tpm;       /* v2.0 */
    const char *imds;      /* v2.0 */
    const char *uefi_data; /* base64 */
    const struct sw_ec2_mapping *mappings;
    size_t nr_mappings;
    bool no_ena;
};

struct sw_ec2_image {
    bool found;
    char id[64];
    char name[SW_EC2_IMAGE_NAME];
    char state[32];   /* pending, available, failed, … */
    char reason[512]; /* why it failed, "" when not told */
    char owner[16];
    char architecture[16];
    char boot_mode[32];
    char root_device[64];
    bool ena;
    unsigned nr_snapshots;
    char snapshots[SW_EC2_MAX_SNAPSHOTS][SW_EC2_SNAPSHOT_ID];
};

/*
 * The API has no token here: a name is registered once. *taken: an AMI of this account and region has the name already
 * (0 is returned and image_id is ""); whose it is the caller finds out by sw_ec2_find_image.
 */
SW_MUST_CHECK int sw_ec2_register_image(struct sw_cloud *cloud, const struct sw_ec2_register *request,
                                        char image_id[64], bool *taken, struct sw_err *err);
/* By id, or this account's own by name. One that EC2 does not know is no error: out->found is false. */
SW_MUST_CHECK int sw_ec2_describe_image(struct sw_cloud *cloud, const char *image_id,
                                        struct sw_ec2_image *out, struct sw_err *err);
SW_MUST_CHECK int sw_ec2_find_image(struct sw_cloud *cloud, const char *name, struct sw_ec2_image *out,
                                    struct sw_err *err);
/* One that is not there (any more) is fine. */
SW_MUST_CHECK int sw_ec2_deregister_image(struct sw_cloud *cloud, const char *image_id, struct sw_err *err);

/* Sent to the region that the copy goes to. NULL members are not sent. */
struct sw_ec2_copy {
    const char *client_token;
    const char *source_region;
    const char *source_image;
    const char *name;
    const char *description;
    const char *kms_key; /* implies encrypted */
    bool encrypted;
};

SW_MUST_CHECK int sw_ec2_copy_image(struct sw_cloud *cloud, const struct sw_ec2_copy *request,
                                    char image_id[64], struct sw_err *err);

/* Who may launch instances of an image. */
struct sw_ec2_permission {
    const char *const *accounts; /* 12 digits each */
    size_t nr_accounts;
    const char *const *organizations; /* ARNs; so are the units */
    size_t nr_organizations;
    const char *const *units;
    size_t nr_units;
    bool all; /* everybody */
};

/* Adds; who may already is fine. */
SW_MUST_CHECK int sw_ec2_share_image(struct sw_cloud *cloud, const char *image_id,
                                     const struct sw_ec2_permission *permission, struct sw_err *err);

/* Adds or replaces tags of images, snapshots, …; none is fine. */
SW_MUST_CHECK int sw_ec2_create_tags(struct sw_cloud *cloud, const char *const *resources, size_t n,
                                     const struct sw_ec2_tag *tags, size_t nr_tags, struct sw_err *err);

#endif
