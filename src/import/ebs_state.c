/* What the lane ebs-direct remembers of each disk's snapshot, as the lane's own JSON in the journal. */
#include "src/import/ebs_state.h"

#include "src/base/json.h"

#include <string.h>

static const char *const stage_names[EBS_STAGES] = {
    [EBS_NEW] = "new",
    [EBS_STARTING] = "starting",
    [EBS_WRITING] = "writing",
    [EBS_COMPLETING] = "completing",
    [EBS_COMPLETED] = "completed",
};

static int load_disk(const json_t *doc, struct ebs_disk *out, struct sw_err *err)
{
    uint64_t started_s;
    unsigned stage;

    if (sw_json_take_name(doc, "stage", stage_names, EBS_STAGES, &stage, err) < 0 ||
        sw_json_take_text(doc, "token", out->token, sizeof(out->token), err) < 0 ||
        sw_json_take_text(doc, "request", out->request, sizeof(out->request), err) < 0 ||
        sw_json_take_text(doc, "snapshot", out->snapshot, sizeof(out->snapshot), err) < 0 ||
        sw_json_take_text(doc, "linear", out->linear, sizeof(out->linear), err) < 0 ||
        sw_json_take_number(doc, "started_s", INT64_MAX, &started_s, err) < 0 ||
        sw_json_take_number(doc, "volume_gib", SW_EBS_GIB_MAX, &out->volume_gib, err) < 0 ||
        sw_json_take_number(doc, "blocks", SW_EBS_GIB_MAX * SW_EBS_BLOCKS_PER_GIB, &out->blocks, err) < 0)
        return -1;
    out->stage = stage;
    out->started_s = (int64_t)started_s;
    if (out->stage >= EBS_STARTING && out->token[0] == '\0')
        return sw_json_damaged("token", err);
    if (out->stage >= EBS_WRITING && !sw_ebs_is_id(out->snapshot))
        return sw_json_damaged("snapshot", err);
    return 0;
}

int ebs_state_load(const json_t *lane, struct ebs_disk *disks, struct sw_err *err)
{
    const json_t *list = json_object_get(lane, "disks"), *item;
    size_t i;

    memset(disks, 0, SW_IMPORT_MAX_DISKS * sizeof(*disks));
    if (lane == NULL)
        return 0;
    if (!json_is_array(list) || json_array_size(list) > SW_IMPORT_MAX_DISKS)
        return sw_fail(err, SW_INTEGRITY, "its lane's 'disks' is missing or out of range");
    json_array_foreach (list, i, item)
        if (load_disk(item, &disks[i], err) < 0)
            return sw_context(err, "its lane");
    return 0;
}

json_t *ebs_state_store(const struct ebs_disk *disks, size_t n, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        const struct ebs_disk *disk = &disks[i];
        json_t *item =
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "stage", stage_names[disk->stage], "token",
                      disk->token, "request", disk->request, "snapshot", disk->snapshot, "linear",
                      disk->linear, "started_s", (json_int_t)disk->started_s, "volume_gib",
                      (json_int_t)disk->volume_gib, "blocks", (json_int_t)disk->blocks);

        if (sw_json_append(list, item, err) < 0)
            return NULL;
    }
    return json_pack("{s:O}", "disks", list);
}
