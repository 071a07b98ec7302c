/* Snapshots that an import made and that nobody needs any more. */
#ifndef SW_IMPORT_SNAPSHOT_H
#define SW_IMPORT_SNAPSHOT_H

#include "slipway/cloud.h"

/* Deletes it; one that is gone is fine. *in_use: an image was made of it, so that it stays. */
SW_MUST_CHECK int snapshot_delete(struct sw_cloud *cloud, const char *id, bool *in_use, struct sw_err *err);

#endif
