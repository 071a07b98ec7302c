/* What comes after the image is there. */
#ifndef SW_IMPORT_FINISH_H
#define SW_IMPORT_FINISH_H

#include "src/import/flow.h"

/* IMPORT_FINISHING: each step may come again after a kill, and does no harm then. */
SW_MUST_CHECK int finish_import(struct import_flow *flow, struct sw_err *err);

/* Removes the object from the bucket when it is the one that this import made. */
SW_MUST_CHECK int finish_delete(struct import_flow *flow, size_t disk, struct sw_err *err);

#endif
