/* All that is known of a machine's disks, as one tree. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/collect.h"

#include <string.h>

/* Without its parent a disk's bytes are not known; nor are they of a package that was opened alone. */
static bool readable(const struct sw_preflight_disk *disk)
{
    const struct sw_image *img = disk->image;

    return img != NULL && img->size_bytes > 0 && (img->parent_name == NULL || img->parent != NULL);
}

static json_t *collect_disk(const struct sw_preflight_disk *disk, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = json_object();
    json_t *container;

    if (sw_json_set(out, "image", sw_json_bytes(disk->path, strlen(disk->path)), err) < 0)
        return NULL;
    container = collect_container(disk, err);
    if (container == NULL || sw_json_set(out, "container", container, err) < 0)
        return NULL;
    if (readable(disk) && collect_layout(disk, out, err) < 0)
        return NULL;
    return json_incref(out);
}

json_t *sw_preflight_evidence(const struct sw_preflight_disk *disks, size_t n, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();
    json_t *out;

    for (size_t i = 0; i < n; i++) {
        json_t *disk = collect_disk(&disks[i], err);

        if (disk == NULL || sw_json_append(list, disk, err) < 0)
            return NULL;
    }
    out = json_pack("{s:i, s:O}", "version", 1, "disks", list);
    if (out == NULL)
        sw_fail(err, SW_FAILED, "out of memory");
    return out;
}
