/* A lane: how what was sent becomes an image. One const table at the foot of lane_<name>.c, listed in lanes.c. */
#ifndef SW_IMPORT_LANE_H
#define SW_IMPORT_LANE_H

#include "src/import/flow.h"

/* Steps fill flow->journal.state and save it (flow_save, flow_enter) before and after every request that changes something. */
struct import_lane {
    const char *name;

    /* Refuses, before anything is read or sent, what the lane does not take: SW_USAGE or SW_REFUSED. No network. */
    int (*check)(const struct sw_import_options *options, struct sw_err *err);

    /*
     * The destination in text, for the id: the same import has the same, two that must not run at once have the same.
     * NULL: the objects in the bucket. Free it.
     */
    char *(*destination)(const struct sw_import_options *options, struct sw_cloud *cloud, struct sw_err *err);

    /*
     * IMPORT_SENDING of a lane that transfers by itself, until all is there. NULL: every disk becomes an object in the
     * bucket. What it needs to go on lies in state.lane.
     */
    int (*transfer)(struct import_flow *flow, struct sw_err *err);
    /* The input changed since then: what transfer left behind is taken back. NULL: there is nothing. */
    int (*discard)(struct import_flow *flow, struct sw_err *err);

    /*
     * IMPORT_SENT: asks for what makes the image, with tokens (flow_token) that make a repetition harmless, and fills
     * state.tasks. 0 leads to IMPORT_RUNNING.
     */
    int (*start)(struct import_flow *flow, struct sw_err *err);

    /*
     * IMPORT_RUNNING: to the end, with state.image_id set. 0 leads to IMPORT_FINISHING. -1 with *ended when there will be no
     * image (leads to IMPORT_FAILED); -1 without it when only the asking failed.
     */
    int (*watch)(struct import_flow *flow, bool *ended, struct sw_err *err);

    /* Asks once how the tasks of state are; one that the service does not know (any more) gets found = false. */
    int (*ask)(struct import_flow *flow, struct sw_err *err);

    /*
     * Takes back what the service does and has, but objects in the bucket: tasks (task_cancel), snapshots. May come again
     * after a kill. SW_REFUSED when there is an image: the import then goes on being what it was.
     */
    int (*cancel)(struct import_flow *flow, struct sw_err *err);

    /* Asks the service whether this caller might. Sends nothing else. NULL: the lane has no such question. */
    int (*dry_run)(struct import_flow *flow, struct sw_err *err);
};

/* lanes.c. NULL name: the default. SW_USAGE lists the names. NULL and err when there is none of that name. */
SW_MUST_CHECK const struct import_lane *lane_find(const char *name, struct sw_err *err);

/* import-image. */
const struct import_lane *lane_default(void);

extern const struct import_lane lane_import_image, lane_import_snapshot, lane_ebs_direct;

#endif
