/* One import under way: what the state machine and the lanes share. */
#ifndef SW_IMPORT_FLOW_H
#define SW_IMPORT_FLOW_H

#include "src/import/journal.h"

struct import_lane;

/* What the lanes speak to: a task's news are journaled and become an event on their way to the caller's listener. */
struct import_relay {
    struct sw_import_listener base;
    struct sw_import_listener *to;
    struct import_flow *flow;
};

struct import_flow {
    const struct import_lane *lane;
    const struct sw_import_options *options;
    struct sw_cloud *cloud;
    struct sw_import_listener *listener; /* the relay */
    struct import_relay relay;
    struct sw_import_result *result;
    struct import_journal journal;
    unsigned uploads;                /* begun by this run, of the object that goes up */
    bool fresh[SW_IMPORT_MAX_DISKS]; /* the object was completed by this run */
};

/* Everything but the journal, which is not open yet. Does not copy: the flow stays where it is. */
SW_MUST_CHECK int flow_init(struct import_flow *flow, const struct sw_import_options *options,
                            struct sw_cloud *cloud, struct sw_import_listener *listener, struct sw_err *err);
void flow_close(struct import_flow *flow);

/* Journals the state as it is; or the next stage, which the listener hears of, too. */
SW_MUST_CHECK int flow_save(struct import_flow *flow, struct sw_err *err);
SW_MUST_CHECK int flow_enter(struct import_flow *flow, enum import_stage stage, struct sw_err *err);

/* Takes the lock of the import and of its objects, and reads what the journal has. */
SW_MUST_CHECK int flow_open_journal(struct import_flow *flow, struct sw_err *err);

/* The lane's start, with state.asked while what it may have begun is not noted. */
SW_MUST_CHECK int flow_ask_tasks(struct import_flow *flow, struct sw_err *err);

/* Tells the listener of a transition; takes the reference of more (an object with what belongs to it, or NULL). */
void flow_tell(struct import_flow *flow, const char *event, json_t *more);

/*
 * A client token: the same import asks with the same one, whatever happened in between. From content, destination,
 * options and attempt; purpose tells several requests of one import apart ("" for the only one).
 */
SW_MUST_CHECK int flow_token(const struct import_flow *flow, const char *purpose, char out[IMPORT_TOKEN],
                             struct sw_err *err);

unsigned flow_poll_ms(const struct import_flow *flow);

/* ---- object.c: one disk's object in the bucket ---- */

struct sw_s3_upload object_of(const struct import_flow *flow, size_t disk);

/* What stat and the opened input say of a disk now. */
SW_MUST_CHECK int object_identify(const struct sw_import_disk *disk, struct import_identity *out,
                                  struct sw_err *err);
/* The journal's object is about what the disk is now. */
bool object_matches(const struct import_object *object, const struct sw_import_disk *disk,
                    const struct import_identity *now);
/* Forgets what the journal had of the object; what is left of it in the bucket is aborted first. */
SW_MUST_CHECK int object_start_over(struct import_flow *flow, size_t disk, const struct import_identity *now,
                                    struct sw_err *err);
/* To OBJECT_UPLOADED, from wherever it is. */
SW_MUST_CHECK int object_send(struct import_flow *flow, size_t disk, struct sw_err *err);
/* The object in the bucket carries the mark of this upload. */
SW_MUST_CHECK int object_is_ours(const struct import_flow *flow, size_t disk, bool *ours, struct sw_err *err);

#endif
