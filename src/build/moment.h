/* The moment at which a build takes place, wherever and whenever it does: its layers are made to look so. */
#ifndef SW_BUILD_MOMENT_H
#define SW_BUILD_MOMENT_H

#include "src/build/plan.h"

struct sw_ext;

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
