/* What comes after the image is there. */
#include "src/import/finish.h"

#include "src/base/log.h"
#include "src/import/lane.h"
#include "src/import/release.h"

int finish_delete(struct import_flow *flow, size_t disk, struct sw_err *err)
{
    struct import_object *object = &flow->journal.state.objects[disk];
    struct sw_s3_upload place = object_of(flow, disk);
    bool ours;

    if (object->stage != OBJECT_UPLOADED)
        return 0;
    if (object_is_ours(flow, disk, &ours, err) < 0)
        return -1;
    if (!ours)
        sw_log(SW_LOG_INFO, "'s3://%s/%s' is not what was uploaded any more; it stays", place.bucket,
               place.key);
    else if (sw_s3_delete(flow->cloud, &place, err) < 0)
        return -1;
    object->stage = OBJECT_DELETED;
    if (flow_save(flow, err) < 0)
        return -1;
    if (ours)
        flow_tell(flow, "object-deleted", json_pack("{s:s, s:s}", "bucket", place.bucket, "key", place.key));
    return 0;
}

int finish_import(struct import_flow *flow, struct sw_err *err)
{
    if (release_run(flow, err) < 0)
        return -1;
    if (!flow->options->delete_object || flow->lane->transfer != NULL)
        return 0;
    for (size_t i = 0; i < flow->options->nr_disks; i++)
        if (finish_delete(flow, i, err) < 0)
            return -1;
    return 0;
}
