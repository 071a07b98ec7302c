/* The prepare flow: components of recipes/ec2-ready over an image, in one new layer, and what they changed. */
#ifndef SW_PREPARE_PREPARE_H
#define SW_PREPARE_PREPARE_H

#include "slipway/guest.h"
#include "slipway/progress.h"
#include "slipway/recipe.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Where what a changed file held before is kept. */
enum sw_keep {
    SW_KEEP_GUEST,  /* beside it, as .NAME.slipway-orig */
    SW_KEEP_REPORT, /* in the report, as "original" */
    SW_KEEP_NONE,
};

extern const char *const sw_keep_names[3];
/* By those names, which are "guest", "report", "none"; else SW_USAGE. */
SW_MUST_CHECK int sw_keep_parse(const char *text, enum sw_keep *out, struct sw_err *err);

/* Which components; texts are names such as "fstab", also as "ec2-ready/fstab" or with ".yml". */
struct sw_prepare_choice {
    bool all; /* whatever was found */
    const char *const *only;
    size_t nr_only; /* these and no others, whatever was found */
    const char *const *skip;
    size_t nr_skip;
};

/*
 * The components that mend what the verdict (of sw_preflight_judge, over that evidence) has found, in the order in which they
 * run: [{"component", "findings": [ID…]}]. What only labels what the others changed comes with them. A name that is none is
 * SW_USAGE, with those that are. A new reference.
 */
SW_MUST_CHECK json_t *sw_prepare_choose(const json_t *evidence, const json_t *verdict,
                                        const struct sw_prepare_choice *choice, struct sw_err *err);

struct sw_prepare_opts {
    const char *dir;               /* for recipe/ that is run, and its log/ */
    const char *name;              /* of what comes out, as a name of recipes */
    struct sw_overrides overrides; /* base, base_format, keys and opener count */
    enum sw_keep keep;
    bool contents; /* false: no content of a file leaves the guest */
    const char *store_dir, *scratch_dir;
    bool plain_scratch;
    enum sw_accel accel;
    bool stock_appliance;
    unsigned jobs;
    struct sw_progress *progress; /* may be NULL */
};

/*
 * Runs them over the base, of which that is the evidence, in one launch and one layer of the store. Gives {"layer": of the result, or the base's where nothing
 * was changed, "base", "log": folder, "changes": [{"path", "change": "added" | "changed" | "removed", "before", "after":
 * {"kind", "mode", "uid", "gid", "bytes", "sha256" | "target"}, "diff": unified, of a text that may be shown, "original":
 * its text before, or {"base64"}}]}. Names and texts in it are untrusted. Of Windows they are {"key", "name", "change", "before", "after"}.
 * NULL and err on failure; decref it.
 */
SW_MUST_CHECK json_t *sw_prepare_run(const struct sw_prepare_opts *opts, const json_t *chosen,
                                     const json_t *evidence, struct sw_diags *diags, struct sw_err *err);

#endif
