/* Collectors: each looks at one thing and puts what it saw into the evidence. */
#ifndef SW_PREFLIGHT_COLLECT_H
#define SW_PREFLIGHT_COLLECT_H

#include "slipway/preflight.h"
#include "src/disk/partition.h"

/* The file: format, sizes, parents, damage, and why a lane would not take it as it is. A new reference. */
SW_MUST_CHECK json_t *collect_container(const struct sw_preflight_disk *disk, struct sw_err *err);

/* Puts table, partitions and esp of an open disk into into, and faults of reading into its container's damage. */
SW_MUST_CHECK int collect_layout(const struct sw_preflight_disk *disk, json_t *into, struct sw_err *err);

/* An EFI system partition's files under /EFI and /loader, as {partition, fat, files, fault}. A new reference. */
SW_MUST_CHECK json_t *collect_esp(const struct span *span, unsigned number, struct sw_err *err);

/* LVM's own text on the disk's partitions, or on the disk: added to all behind *n, up to max. */
struct lvm;
SW_MUST_CHECK int collect_volumes(const struct sw_preflight_disk *disk, struct lvm *all, size_t max,
                                  size_t *n, struct sw_err *err);

#endif
