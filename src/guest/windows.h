/* A Windows guest that is not booted: its system drive behind the runner, with Windows' rules for names. */
#ifndef SW_GUEST_WINDOWS_H
#define SW_GUEST_WINDOWS_H

#include "slipway/guest.h"
#include "src/base/buf.h"

/*
 * Paths are "C:/Folder/Name" here, as windows_path gives them; the engine below has the drive as the folder "/C:" of its root.
 * Names are found whatever their case, and new ones keep theirs. run, chmod, chown and symlink fail: nothing runs, and
 * rights come from the folder above. Embed it, and begin with windows_guest_init.
 */
struct windows_guest {
    struct sw_guest base;
    struct sw_guest *below; /* borrowed */
};

void windows_guest_init(struct windows_guest *guest, struct sw_guest *below);

/*
 * The path that text names from the folder base (a path as this gives it): C:\x, c:/x, \x and x; "." and ".." are resolved, a
 * separator at the end stays. What Windows would not have as a name, other drives and shares are SW_RECIPE; a star may
 * stand in the last name. Free it.
 */
SW_MUST_CHECK char *windows_path(const char *text, const char *base, struct sw_err *err);

/* The path as Windows writes it, with backslashes. Free it. */
SW_MUST_CHECK char *windows_native(const char *path, struct sw_err *err);

/* Whether name matches pattern, in which '*' stands for anything, '?' for one character; case does not count. */
bool windows_name_matches(const char *name, const char *pattern);

#endif
