/* EC2's verbs of an export: ExportImage, the look at its task, and its end. */
#ifndef SLIPWAY_EC2_EXPORT_H
#define SLIPWAY_EC2_EXPORT_H

#include "slipway/cloud.h"

enum {
    SW_EC2_DESCRIPTION_MAX = 255, /* characters */
    SW_EC2_BUCKET = 64,
    SW_EC2_PREFIX = 1025,
};

/* ExportImage. NULL members are not sent. */
struct sw_ec2_export {
    const char *client_token;
    const char *image_id;
    const char *format; /* VMDK, VHD or RAW */
    const char *bucket;
    const char *prefix; /* stands before the object's name as it is */
    const char *description;
    const char *role_name;
    const struct sw_ec2_tag *tags; /* of the task */
    size_t nr_tags;
};

struct sw_ec2_export_task {
    bool found;
    char id[64];
    char image_id[64];
    char status[32];
    char progress[16]; /* percent, "" when not told */
    char message[1024];
    char bucket[SW_EC2_BUCKET];
    char prefix[SW_EC2_PREFIX]; /* "" for none */
};

SW_MUST_CHECK int sw_ec2_export_image(struct sw_cloud *cloud, const struct sw_ec2_export *request,
                                      struct sw_ec2_export_task *out, struct sw_err *err);
/* A task that EC2 does not know (any more) is no error: out->found is false. */
SW_MUST_CHECK int sw_ec2_describe_export(struct sw_cloud *cloud, const char *task_id,
                                         struct sw_ec2_export_task *out, struct sw_err *err);
SW_MUST_CHECK int sw_ec2_cancel_export(struct sw_cloud *cloud, const char *task_id, struct sw_err *err);

#endif
