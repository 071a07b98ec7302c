/* slipway export list, status and cancel: the tasks themselves. */
#include "src/cli/export_tasks.h"
#include "src/cli/cloud_args.h"

#include "slipway/export.h"
#include "src/base/buf.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/cli/output.h"

#include <string.h>
#include <time.h>

bool export_tasks_word(const char *word)
{
    return strcmp(word, "list") == 0 || strcmp(word, "status") == 0 || strcmp(word, "cancel") == 0;
}

void export_task_line(FILE *to, const char *id, const char *status, const char *progress, const char *message)
{
    out_safe(to, id);
    fputs(": ", to);
    out_task_state(to, status, progress, message);
    fputc('\n', to);
}

static json_t *describe(const struct sw_export_entry *entry)
{
    const struct sw_export_object *object = &entry->object;

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "stage", entry->stage,
                     "task_id", object->task_id, "image_id", object->image_id, "region", entry->region,
                     "bucket", object->bucket, "key", object->key, "disk_image_format", object->format,
                     "status", entry->status, "progress", entry->progress, "message", entry->message,
                     "updated_s", (json_int_t)entry->updated_s);
}

static void print_entry(const struct sw_export_entry *entry)
{
    const struct sw_export_object *object = &entry->object;
    time_t when = (time_t)entry->updated_s;
    struct tm utc;
    char stamp[32] = "-";

    if (gmtime_r(&when, &utc) != NULL)
        strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &utc);
    printf("%s  %-9s  ", stamp, entry->stage);
    out_safe(stdout, object->image_id);
    fputs("  ", stdout);
    out_safe(stdout, object->task_id[0] != '\0' ? object->task_id : "-");
    fputs("  s3://", stdout);
    out_safe(stdout, object->bucket);
    fputs("/", stdout);
    out_safe(stdout, object->key);
    fputc('\n', stdout);
    if (strcmp(entry->stage, "failed") == 0 && entry->message[0] != '\0') {
        fputs("    ", stdout);
        out_safe(stdout, entry->message);
        fputc('\n', stdout);
    }
}

static int list(const struct common_opts *common, struct sw_err *err)
{
    SW_AUTO_FREE struct sw_export_entry *entries = NULL;
    json_t *array;
    size_t n;

    if (sw_export_list(NULL, &entries, &n, err) < 0)
        return -1;
    if (!common->json) {
        for (size_t i = 0; i < n; i++)
            print_entry(&entries[i]);
        return 0;
    }
    array = json_array();
    for (size_t i = 0; array != NULL && i < n; i++)
        if (sw_json_append(array, describe(&entries[i]), err) < 0) {
            json_decref(array);
            return -1;
        }
    return out_json(array, err);
}

/* What the journal has of a task that EC2 does not know any more. */
static int forgotten(const struct common_opts *common, const char *task_id, struct sw_err *err)
{
    SW_AUTO_FREE struct sw_export_entry *entries = NULL;
    size_t n, at = 0;

    if (sw_export_list(NULL, &entries, &n, err) < 0)
        return -1;
    while (at < n && strcmp(entries[at].object.task_id, task_id) != 0)
        at++;
    if (at == n)
        return sw_fail(err, SW_FAILED,
                       "EC2 does not know task '%s' (it forgets after 7 days), nor does a journal of yours",
                       task_id);
    sw_log(SW_LOG_INFO, "EC2 does not know task '%s' any more; this is what the journal has", task_id);
    if (common->json)
        return out_json(describe(&entries[at]), err);
    print_entry(&entries[at]);
    return 0;
}

static int status(const struct common_opts *common, struct sw_cloud *cloud, const char *task_id,
                  struct sw_err *err)
{
    struct sw_ec2_export_task task;

    if (sw_ec2_describe_export(cloud, task_id, &task, err) < 0)
        return -1;
    if (!task.found)
        return forgotten(common, task_id, err);
    if (!common->json) {
        export_task_line(stdout, task.id, task.status, task.progress, task.message);
        return 0;
    }
    return out_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "task_id", task.id, "image_id",
                              task.image_id, "status", task.status, "progress", task.progress, "message",
                              task.message, "bucket", task.bucket, "prefix", task.prefix),
                    err);
}

int export_tasks(const struct common_opts *common, const struct args *args,
                 const struct sw_cloud_config *config, struct sw_err *err)
{
    SW_CLEANUP(cloud_auto) struct sw_cloud *cloud = NULL;
    const char *word = args->items[0];
    bool listed = strcmp(word, "list") == 0;

    if (listed && args->n != 1)
        return sw_fail(err, SW_USAGE, "'list' takes no argument");
    if (!listed && args->n != 2)
        return sw_fail(err, SW_USAGE, "'%s' wants the id of a task", word);
    if (listed)
        return list(common, err);
    if (sw_cloud_open(config, NULL, &cloud, err) < 0)
        return -1;
    if (strcmp(word, "status") == 0)
        return status(common, cloud, args->items[1], err);
    return sw_export_cancel(NULL, cloud, args->items[1], err);
}
