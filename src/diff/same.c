/* Whether the bytes of two files are the same: proved by where they lie, or by reading them. */
#include "src/diff/same.h"

#include "src/base/ckd.h"

#include <string.h>

static bool lies_in_place(const struct differing *both, const struct sw_guest_extent *extent, uint64_t start)
{
    uint64_t at;

    if (extent->physical == UINT64_MAX)
        return true;
    return !sw_add_ovf(start, extent->physical, &at) && !sw_ranges_touch(&both->ranges, at, extent->len);
}

bool same_is_proved(const struct differing *both, const struct diff_file *a, const struct diff_file *b)
{
    struct sw_guest_extent from[SW_SURVEY_EXTENTS_MAX], to[SW_SURVEY_EXTENTS_MAX];
    const struct sw_guest_entry *one = &a->entry, *two = &b->entry;

    if (one->size_bytes != two->size_bytes)
        return false;
    if (one->size_bytes == 0)
        return true;
    if (!both->ranges_known || !a->fs->bare || !b->fs->bare || a->fs->start != b->fs->start || !one->mapped ||
        !two->mapped || one->nr_extents != two->nr_extents)
        return false;
    sw_survey_extents(one, from);
    sw_survey_extents(two, to);
    for (uint32_t i = 0; i < one->nr_extents; i++)
        if (memcmp(&from[i], &to[i], sizeof(from[i])) != 0 || !lies_in_place(both, &from[i], a->fs->start))
            return false;
    return true;
}

static int hash(void *arg, const void *bytes, size_t len, struct sw_err *err)
{
    return sw_digest_update(arg, bytes, len, err);
}

int same_digest(const struct diff_side *side, const struct diff_file *file, uint8_t out[SW_SHA256_BYTES],
                struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = NULL;
    SW_AUTO_FREE char *inside = NULL;

    if (side->disk_bytes > 0 && file->entry.size_bytes > side->disk_bytes)
        return sw_fail(err, SW_REFUSED, "it calls itself larger than its disk");
    digest = sw_digest_new(err);
    inside = diff_file_inside(file, err);
    if (digest == NULL || inside == NULL ||
        side->guest->ops->get_to(side->guest, inside, hash, digest, err) < 0)
        return -1;
    return sw_digest_final(digest, out, err);
}
