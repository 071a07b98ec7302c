/* Preflight: what AWS would refuse of a machine's disks, told from the disks alone. */
#ifndef SLIPWAY_PREFLIGHT_H
#define SLIPWAY_PREFLIGHT_H

#include "slipway/image.h"

#include <jansson.h>

enum { SW_PREFLIGHT_LANES = 3 };
/* By the names of the import's lanes, in their order. */
extern const char *const sw_preflight_lanes[SW_PREFLIGHT_LANES + 1];
/* The index of that name; -1 and SW_USAGE when there is none. */
SW_MUST_CHECK int sw_preflight_lane(const char *name, struct sw_err *err);

/* One disk of a machine, opened or not. Names are untrusted. */
struct sw_preflight_disk {
    const char *path;         /* as the user named it */
    struct sw_image *image;   /* NULL: it could not be opened, and cause says why */
    bool sealed;              /* read in place from a sealed file */
    bool cut;                 /* opened with salvage, as it could not be opened otherwise: cause says why */
    const char *named_format; /* of an image that could not be opened: what its name or the user says it is */
    const struct sw_err *cause; /* NULL with an image that is not cut */
};

/*
 * ---- evidence ----
 *
 * A JSON tree, so that rules can be tried without any disk; src/preflight/README.md has its shape. What was not looked at is
 * not in it. Nothing of a disk is read but its tables and the first bytes of its partitions.
 */
SW_MUST_CHECK json_t *sw_preflight_evidence(const struct sw_preflight_disk *disks, size_t n,
                                            struct sw_err *err);

/* A machine with the evidence that was told of its disks. */
struct sw_preflight_machine {
    const struct sw_preflight_disk *disks;
    size_t nr_disks;
    json_t *
        evidence; /* borrowed; "guest" is put into it, or "guest_error": why its files could not be looked at */
};
/* Whether there is anything on its disks that a launch could tell of. */
bool sw_preflight_may_look(const struct sw_preflight_machine *machine);
/*
 * Starts appliances, as few as can be, and looks at the guests' files, read-only. Machines with LVM, md or btrfs have one of
 * their own each. An appliance that does not start is a warning in the log: what it would have told stays unknown.
 */
SW_MUST_CHECK int sw_preflight_look(struct sw_preflight_machine *machines, size_t n, struct sw_err *err);

/* ---- policy: the rules, and the systems and kernels that are listed ---- */

struct sw_preflight_policy;
/* What is built in, with what path (NULL: nothing) says instead of it. SW_RECIPE names what is wrong with that file. */
SW_MUST_CHECK struct sw_preflight_policy *sw_preflight_policy_open(const char *path, struct sw_err *err);
void sw_preflight_policy_free(struct sw_preflight_policy *policy);
/* The rules as data, in order; borrowed. */
const json_t *sw_preflight_policy_rules(const struct sw_preflight_policy *policy);

/* ---- the verdict ---- */

/*
 * Every rule held against the evidence. lanes: a bit for each that is chosen, by index. An object with
 *   name, disks (what each is, in short), boot_modes, upload_bytes (about what goes up),
 *   lanes: {LANE: {verdict: "refused", "unknown" (nothing refused, and not everything looked at) or "passed",
 *                  refused, warnings, notes, unknown}},
 *   rules: [{id, title, state: "found", "passed", "unknown" or "not applicable", lanes: {LANE: severity} of what was found,
 *            found: [{where, what, lanes}], why (unknown or not applicable), aws, remedy, fix}],
 *   dates: {rules, kernels}, policy (its path, if any).
 * A new reference; NULL and err on failure.
 */
SW_MUST_CHECK json_t *sw_preflight_judge(const struct sw_preflight_policy *policy, const json_t *evidence,
                                         const char *name, unsigned lanes, struct sw_err *err);
/* The why of what only the guest's files can tell. */
#define SW_PREFLIGHT_NEEDS_LAUNCH "needs a launch"
/* Whether any chosen lane refuses it. */
bool sw_preflight_refused(const json_t *verdict);

/*
 * What several verdicts come to: images, of each lane how many are refused, unknown and passed, causes: [{rule, title,
 * images: [NAME…], fix}] most frequent first, fixed (images that nothing refuses once prepare was at work), unreadable: [{name,
 * error}], upload_bytes, upload_seconds at bandwidth_bytes a second (0: not told). A new reference.
 */
SW_MUST_CHECK json_t *sw_preflight_fleet(const json_t *verdicts, const json_t *unreadable,
                                         uint64_t bandwidth_bytes, struct sw_err *err);

/* ---- reports: of a list of verdicts, each as a text to be freed ---- */

SW_MUST_CHECK char *sw_preflight_junit(const json_t *verdicts, const json_t *unreadable, struct sw_err *err);
/* SARIF 2.1.0. version: of this program. */
SW_MUST_CHECK char *sw_preflight_sarif(const json_t *verdicts, const json_t *unreadable, const char *version,
                                       struct sw_err *err);
/* One page without anything from elsewhere; fleet may be NULL. */
SW_MUST_CHECK char *sw_preflight_html(const json_t *verdicts, const json_t *fleet, const char *version,
                                      struct sw_err *err);

#endif
