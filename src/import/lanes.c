/* The lanes, by name. */
#include "src/base/buf.h"
#include "src/import/lane.h"

#include <string.h>

/* The first is the default; sw_import_lanes is the same in names. */
static const struct import_lane *const lanes[] = {&lane_import_image, &lane_import_snapshot,
                                                  &lane_ebs_direct};
const char *const sw_import_lanes[] = {"import-image", "import-snapshot", "ebs-direct", NULL};

const struct import_lane *lane_default(void)
{
    return lanes[0];
}

const struct import_lane *lane_find(const char *name, struct sw_err *err)
{
    if (name == NULL)
        return lane_default();
    for (size_t i = 0; i < SW_ARRAY_LEN(lanes); i++)
        if (strcmp(name, lanes[i]->name) == 0)
            return lanes[i];
    sw_fail(err, SW_USAGE, "there is no lane '%s'", name);
    return NULL;
}
