/* The appliances of a comparison, or of one disk that is described: read-only, over our own readers. */
#include "src/diff/launch.h"

#include "slipway/preflight.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <stdlib.h>
#include <string.h>

json_t *launch_evidence(const struct sw_diff_side *side, struct sw_err *err)
{
    struct sw_preflight_disk disk = {.path = side->name, .image = side->image};
    SW_AUTO_JSON json_t *all = sw_preflight_evidence(&disk, 1, err);

    if (all == NULL)
        return NULL;
    return json_incref(json_array_get(json_object_get(all, "disks"), 0));
}

/* ---- Together, or apart ----------------------------------------------------------------------------------- */

static bool is_told_apart(const char *content)
{
    static const char *const plain[] = {"ext2", "ext3",     "ext4",    "xfs",  "vfat",  "ntfs",   "exfat",
                                        "f2fs", "squashfs", "iso9660", "swap", "empty", "unknown"};

    for (size_t i = 0; i < SW_ARRAY_LEN(plain); i++)
        if (content == NULL || strcmp(content, plain[i]) == 0)
            return true;
    return strcmp(content, "LUKS") == 0 || strcmp(content, "BitLocker") == 0;
}

bool launch_may_share(const json_t *evidence)
{
    const json_t *partition;
    size_t i;

    json_array_foreach (json_object_get(evidence, "partitions"), i, partition) {
        if (!is_told_apart(sw_json_text(partition, "content")))
            return false;
    }
    return is_told_apart(sw_json_text(evidence, "content"));
}

/* What the appliance found that the tables did not tell of. */
static bool is_mixed_up(const struct sw_guest_filesystems *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].disk == SW_SURVEY_DISK_UNKNOWN || strcmp(list->items[i].type, "btrfs") == 0)
            return true;
    return false;
}

/* With the other disk beside it, or alone. */
static int start(struct launch *launch, size_t disk, bool with_other, struct sw_err *err)
{
    const char *const others[] = {launch->disks[1 - disk].overlay};
    struct sw_session_opts opts = {.overlay = launch->disks[disk].overlay,
                                   .scratch_dir = launch->disks[disk].dir,
                                   .accel = launch->accel,
                                   .stock_appliance = launch->stock_appliance,
                                   .disks = others,
                                   .nr_disks = with_other};

    return sw_session_start(&opts, &launch->sessions[disk], err);
}

/* 1 when they cannot be told apart in one appliance. */
static int survey_together(struct launch *launch, struct sw_err *err)
{
    if (start(launch, 0, true, err) < 0 ||
        sw_session_survey(launch->sessions[0], &launch->guests[0], &launch->lists[0], err) < 0)
        return -1;
    launch->guests[1] = launch->guests[0];
    if (!is_mixed_up(&launch->lists[0]))
        return 0;
    sw_session_free(launch->sessions[0]);
    launch->sessions[0] = NULL;
    sw_guest_filesystems_clear(&launch->lists[0]);
    return 1;
}

/* All start at the same time. */
static int survey_apart(struct launch *launch, struct sw_err *err)
{
    for (size_t i = 0; i < launch->nr_disks; i++)
        if (start(launch, i, false, err) < 0)
            return -1;
    for (size_t i = 0; i < launch->nr_disks; i++)
        if (sw_session_survey(launch->sessions[i], &launch->guests[i], &launch->lists[i], err) < 0)
            return -1;
    return 0;
}

int launch_survey(struct launch *launch, bool together, struct sw_err *err)
{
    int apart = together ? survey_together(launch, err) : 1;

    return apart > 0 ? survey_apart(launch, err) : apart;
}

bool launch_is_shared(const struct launch *launch)
{
    return launch->nr_disks == 2 && launch->sessions[1] == NULL;
}

/* ---- The disks -------------------------------------------------------------------------------------------- */

int launch_open(struct launch *launch, const struct sw_diff_side *disks, struct sw_err *err)
{
    static const char *const folders[] = {"a", "b"};

    if (sw_scratch_open_at(sw_scratch_place(), &launch->scratch, err) < 0)
        return -1;
    for (size_t i = 0; i < launch->nr_disks && i < SW_ARRAY_LEN(folders); i++) {
        SW_AUTO_FREE char *folder = sw_path_join(sw_scratch_dir(launch->scratch), folders[i], err);

        if (folder == NULL || sw_served_open(disks[i].image, folder, &launch->disks[i], err) < 0)
            return -1;
    }
    return 0;
}

void launch_blame(const struct launch *launch, struct sw_err *err)
{
    for (size_t i = 0; err->code != SW_INTERRUPTED && i < launch->nr_disks; i++)
        sw_served_blame(&launch->disks[i], err);
}

void launch_close(struct launch *launch)
{
    for (size_t i = 0; i < launch->nr_disks; i++) {
        sw_session_free(launch->sessions[i]);
        sw_guest_filesystems_clear(&launch->lists[i]);
    }
    for (size_t i = 0; i < launch->nr_disks; i++)
        sw_served_close(&launch->disks[i]);
    sw_scratch_close(launch->scratch);
}
