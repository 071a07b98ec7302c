/* SetRegistry: done now, and what of it the queue of the first boot takes. */
#ifndef SW_GUEST_ACTIONS_REGISTRY_H
#define SW_GUEST_ACTIONS_REGISTRY_H

#include "src/guest/exec.h"
#include "src/recipe/registry.h"

int action_set_registry(struct step_ctx *ctx, struct sw_err *err);

/* One entry of a SetRegistry. Zero-initialise it; registry_item_free, also after -1. */
struct registry_item {
    char *path, *name;
    enum sw_registry_root root;
    const char *key; /* in path */
    struct sw_registry_value value;
};
SW_MUST_CHECK int registry_read(const struct step_ctx *ctx, size_t item, struct registry_item *out,
                                struct sw_err *err);
void registry_item_free(struct registry_item *item);

#endif
