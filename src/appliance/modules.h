/* Which modules of a kernel are loaded for others, by modules.dep. */
#ifndef SW_APPLIANCE_MODULES_H
#define SW_APPLIANCE_MODULES_H

#include "src/base/buf.h"

enum { MODULES_MAX = 64 };

/* Files beneath the modules' folder, in the order in which they are loaded. Free it with modules_clear. */
struct modules {
    char *paths[MODULES_MAX];
    size_t n;
};

/*
 * The modules named (NULL-terminated), each behind those that it needs, none twice; what the list does not have is built into the
 * kernel and left out. "-" and "_" are the same in a name. text is modules.dep. SW_FAILED: more than MODULES_MAX, or a
 * line that leads out of the folder.
 */
SW_MUST_CHECK int modules_choose(const char *text, const char *const *names, struct modules *out,
                                 struct sw_err *err);
void modules_clear(struct modules *modules);

/* "virtio_pci" of "kernel/drivers/virtio/virtio_pci.ko.xz": its length, and where it begins. */
size_t modules_name(const char *path, size_t path_len, const char **name);

#endif
