/* RegisterImage over snapshots that a lane made: the options checked, the name as the only token. */
#ifndef SW_IMPORT_REGISTER_H
#define SW_IMPORT_REGISTER_H

#include "src/import/flow.h"

/* Refuses what RegisterImage does not take, and what is ImportImage's alone; for a lane's check. */
SW_MUST_CHECK int register_check(const struct sw_import_options *options, const char *lane,
                                 struct sw_err *err);

/* Refuses what is said of RegisterImage alone, for a lane in which AWS registers the image. */
SW_MUST_CHECK int register_refuse(const struct sw_import_options *options, const char *lane,
                                  struct sw_err *err);

/* Is it a name that EC2 takes for an AMI? 3 to 128 of a closed set. */
bool register_name_ok(const char *name);

/*
 * Makes the AMI of the snapshots (one a disk, the root's first; all completed) and leaves its id in state.image_id. With the
 * name that was given, else with one made of the first disk's file and the content. May come again: an image of that name
 * over these snapshots is this one, when it is what the options say; any other one of the name is SW_REFUSED.
 */
SW_MUST_CHECK int register_image(struct import_flow *flow, const char (*snapshots)[SW_EC2_SNAPSHOT_ID],
                                 struct sw_err *err);

/* For a cancel: removes the image when it was registered and nobody noted it. */
SW_MUST_CHECK int register_take_back(struct import_flow *flow, const char (*snapshots)[SW_EC2_SNAPSHOT_ID],
                                     struct sw_err *err);

/* For finish: options that are others since then want another image. Without one of its own the flow is left as it is. */
SW_MUST_CHECK int register_again(struct import_flow *flow, struct sw_err *err);

#endif
