/* The moment at which a build takes place, wherever and whenever it does: its layers are made to look so. */
#ifndef SW_BUILD_MOMENT_H
#define SW_BUILD_MOMENT_H

#include "src/build/plan.h"

struct sw_ext;

/*
 * Seconds since 1970: SOURCE_DATE_EPOCH when set; else the newest date at which an ext file system of the base was written
 * to, which is a part of the base; else, where it has none, 2026-01-01.
 */
SW_MUST_CHECK int moment_of(const struct plan *plan, struct sw_store *store, int64_t *epoch,
                            struct sw_err *err);
/* Into a layer's inputs, when the environment says it: what the base says is in the key beneath. */
SW_MUST_CHECK int moment_describe(json_t *inputs, struct sw_err *err);

/* For sw_store_commit.look: file systems as they are at that moment. */
struct moment_look {
    int64_t epoch;
    struct sw_ext *ext;
};
SW_MUST_CHECK int moment_look(void *arg, struct sw_store_sight *sight, struct sw_err *err);
/* Once the commit has returned; free to be called in any case. */
void moment_look_end(struct moment_look *look);

#endif
