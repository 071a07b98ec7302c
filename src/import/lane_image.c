/* The lane import-image: ImportImage over the objects in the bucket, and the wait for its end. */
#include "src/import/image_check.h"
#include "src/import/lane.h"
#include "src/import/task.h"

#include <stdio.h>
#include <string.h>

static void fill_containers(const struct sw_import_options *o, struct sw_ec2_container *out)
{
    for (size_t i = 0; i < o->nr_disks; i++)
        out[i] = (struct sw_ec2_container){.format = o->disks[i].format,
                                           .bucket = o->bucket,
                                           .key = o->disks[i].key,
                                           .device = o->disks[i].device,
                                           .description = o->disks[i].description};
}

/* containers has room for all disks. */
static struct sw_ec2_import request_of(const struct sw_import_options *o, struct sw_ec2_container *containers)
{
    fill_containers(o, containers);
    return (struct sw_ec2_import){.containers = containers,
                                  .nr_containers = o->nr_disks,
                                  .description = o->description,
                                  .role_name = o->role_name,
                                  .boot_mode = o->boot_mode,
                                  .platform = o->platform,
                                  .license_type = o->license_type,
                                  .usage_operation = o->usage_operation,
                                  .architecture = o->architecture,
                                  .kms_key = o->kms_key,
                                  .comment = o->comment,
                                  .license_specifications = o->license_specifications,
                                  .nr_license_specifications = o->nr_license_specifications,
                                  .tags = o->task_tags.items,
                                  .nr_tags = o->task_tags.n,
                                  .encrypted = o->encrypted};
}

static int image_start(struct import_flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    struct sw_ec2_container containers[SW_IMPORT_MAX_DISKS];
    struct sw_ec2_import request = request_of(flow->options, containers);
    char token[IMPORT_TOKEN];

    if (flow_token(flow, "", token, err) < 0)
        return -1;
    request.client_token = token;
    for (size_t i = 0; i < state->nr_objects; i++)
        request.upload_bytes += state->objects[i].object_bytes;
    if (sw_ec2_import_image(flow->cloud, &request, &state->tasks[0], err) < 0)
        return -1;
    state->nr_tasks = 1;
    return 0;
}

static int image_watch(struct import_flow *flow, bool *ended, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;

    if (task_wait(flow, &task_of_image, ended, err) < 0)
        return -1;
    snprintf(state->image_id, sizeof(state->image_id), "%s", state->tasks[0].image_id);
    return 0;
}

static int image_ask(struct import_flow *flow, struct sw_err *err)
{
    return task_ask(flow, &task_of_image, err);
}

static int image_cancel(struct import_flow *flow, struct sw_err *err)
{
    const struct sw_ec2_task *task = &flow->journal.state.tasks[0];
    bool completed;

    if (task_cancel(flow, &completed, err) < 0)
        return -1;
    if (!completed)
        return 0;
    return sw_fail(err, SW_REFUSED, "task '%s' completed before it could be cancelled, and its image is '%s'",
                   task->id, task->image_id);
}

static int image_dry_run(struct import_flow *flow, struct sw_err *err)
{
    struct sw_ec2_container containers[SW_IMPORT_MAX_DISKS];
    struct sw_ec2_import request = request_of(flow->options, containers);
    struct sw_ec2_task none;

    request.dry_run = true;
    return sw_ec2_import_image(flow->cloud, &request, &none, err);
}

const struct import_lane lane_import_image = {
    .name = "import-image",
    .check = image_check,
    .start = image_start,
    .watch = image_watch,
    .ask = image_ask,
    .cancel = image_cancel,
    .dry_run = image_dry_run,
};
