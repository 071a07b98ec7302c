/* Snapshots that an import made and that nobody needs any more. */
#include "src/import/snapshot.h"

#include <string.h>

int snapshot_delete(struct sw_cloud *cloud, const char *id, bool *in_use, struct sw_err *err)
{
    *in_use = false;
    if (sw_ec2_delete_snapshot(cloud, id, err) == 0)
        return 0;
    *in_use = strstr(err->text, "InvalidSnapshot.InUse") != NULL;
    if (!*in_use)
        return -1;
    *err = (struct sw_err){.code = SW_OK};
    return 0;
}
