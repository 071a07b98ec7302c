/* Members and flat lists of an EC2 request. */
#ifndef SW_CLOUD_EC2_FORM_H
#define SW_CLOUD_EC2_FORM_H

#include "slipway/cloud.h"
#include "src/cloud/ec2.h"

enum { EC2_MEMBER = 96, EC2_NUMBER = 24 };

struct ec2_member {
    const char *name;
    const char *value; /* NULL: not sent */
};

/* prefix + name, for all of them. */
SW_MUST_CHECK int ec2_add_members(struct sw_buf *form, const char *prefix, const struct ec2_member *members,
                                  size_t n, struct sw_err *err);
/* prefix.1, prefix.2, …, with suffix behind each number ("" or ".Name"). */
SW_MUST_CHECK int ec2_add_list(struct sw_buf *form, const char *prefix, const char *suffix,
                               const char *const *items, size_t n, struct sw_err *err);
/* The number as text in out, or NULL for 0: what is not sent. */
const char *ec2_number(uint64_t value, char out[EC2_NUMBER]);

/* Posts what has no answer but that it is done; a fault whose code begins with fine (NULL: none) is as good. */
SW_MUST_CHECK int ec2_do(struct sw_cloud *cloud, const struct sw_buf *form, const char *fine,
                         struct sw_err *err);
/* What a Describe of one thing is answered by. */
struct ec2_set {
    const char *name;    /* "imagesSet" */
    const char *unknown; /* how the fault's code begins when there is no such thing */
};

struct ec2_answer {
    struct xml_node *document;
    const struct xml_node *item; /* of the set; NULL: there is no such thing, or throttled */
    bool throttled;
};
static inline void ec2_answer_free(struct ec2_answer *answer)
{
    xml_free(answer->document);
}
#define EC2_AUTO_ANSWER SW_CLEANUP(ec2_answer_free)

/* Posts a Describe of one thing. That it is not there is no failure; throttled says why there is one. */
SW_MUST_CHECK int ec2_describe_one(struct sw_cloud *cloud, const struct sw_buf *form,
                                   const struct ec2_set *set, struct ec2_answer *out, struct sw_err *err);

/* The import tasks of one kind. */
struct ec2_tasks {
    const char *describe; /* the action */
    struct ec2_set set;
    int (*read)(const struct xml_node *node, struct sw_ec2_task *out, struct sw_err *err);
};
extern const struct ec2_tasks ec2_image_tasks, ec2_snapshot_tasks;

/* Posts what begins a task, and reads it. A dry run that would go through is no failure; out is then empty. */
SW_MUST_CHECK int ec2_begin_task(struct sw_cloud *cloud, const struct sw_buf *form, bool dry_run,
                                 const struct ec2_tasks *tasks, struct sw_ec2_task *out, struct sw_err *err);
/* Asks how a task is. */
SW_MUST_CHECK int ec2_look_at_task(struct sw_cloud *cloud, const struct ec2_tasks *tasks, const char *id,
                                   struct sw_ec2_task *out, struct sw_err *err);

#endif
