/* Who needs which permissions in which lane: the one table behind the printed policies and the online check. */
#ifndef SW_IMPORT_NEEDS_H
#define SW_IMPORT_NEEDS_H

#include "slipway/online.h"

#define NEEDS_ROLE    "vmimport"
#define NEEDS_SERVICE "vmie.amazonaws.com"

enum need_lane {
    NEED_IMAGE = 1 << 0,
    NEED_SNAPSHOT = 1 << 1,
    NEED_EBS = 1 << 2,
    NEED_EXPORT = 1 << 3,
    NEED_EXPORT_BLOCKS = 1 << 4,
    /* Those that go through a bucket and a service role. */
    NEED_VMIE = NEED_IMAGE | NEED_SNAPSHOT | NEED_EXPORT,
    NEED_EXPORTS = NEED_EXPORT | NEED_EXPORT_BLOCKS,
};
enum need_who { NEED_OPERATOR, NEED_ROLE };
/* What the actions are on. */
enum need_on {
    NEED_ON_ANY,
    NEED_ON_BUCKET,
    NEED_ON_OBJECTS,
    NEED_ON_EXPORTS, /* objects that EC2 exports to */
    NEED_ON_ROLE,
    NEED_ON_SNAPSHOTS,
    NEED_ON_IMAGES,
    NEED_ON_KEYS
};

enum { NEED_ACTIONS = 16 };

/* One statement. */
struct need {
    const char *sid;
    enum need_who who;
    unsigned lanes; /* of enum need_lane */
    unsigned parts; /* of enum sw_online_part: all of them must be in the plan; 0: always */
    enum need_on on;
    const char *condition; /* NULL, or the key that must equal one of the values */
    const char *values[4];
    const char *actions[NEED_ACTIONS + 1];
};

/* The rows, in the order of a policy's statements. */
const struct need *needs_table(size_t *n);

/* The lane's bit; SW_USAGE for a name of none. NULL is import-image. */
SW_MUST_CHECK int needs_lane(const char *name, unsigned *lane, struct sw_err *err);
/* Whether the plan has this statement. */
bool needs_wanted(const struct need *need, unsigned lane, const struct sw_online_plan *plan);

/*
 * The ARNs (or "*") that the statement is about, as an array of strings; NULL and err on failure. As patterns for a policy,
 * where what is special in the prefix is written as ${*}, ${?} and ${$}; or as samples of what is meant, without wildcards.
 */
SW_MUST_CHECK json_t *needs_resources(const struct need *need, const struct sw_online_plan *plan,
                                      bool samples, struct sw_err *err);

/* The n-th action without a wildcard that an action with one stands for; NULL after the last. An action without is itself. */
const char *needs_expand(const char *action, size_t n);

#endif
