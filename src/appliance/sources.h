/* What an appliance is made of, as text: when the text is another one, so is the appliance. */
#ifndef SW_APPLIANCE_SOURCES_H
#define SW_APPLIANCE_SOURCES_H

#include "src/appliance/kernel.h"

#include <stdbool.h>

struct sources {
    char kernel[256];  /* path */
    char modules[320]; /* its modules' folder */
    char version[KERNEL_VERSION_BYTES];
    struct sw_buf text; /* a line for each input but the packages */
};

/* Looks at them. Zero-initialise it; free it in any case. */
SW_MUST_CHECK int sources_look(const char *supermin_dir, const char *qemu, struct sources *out,
                               struct sw_err *err);
void sources_free(struct sources *sources);

/* The lines of supermin's talk that name packages ("NAME_VERSION_ARCHITECTURE"), sorted as it sorts them. */
SW_MUST_CHECK int sources_packages(const char *talk, struct sw_buf *out, struct sw_err *err);

/*
 * Whether the packages of that list are all installed in these versions. A package manager's database that is as it was when
 * stamp was taken saves the question; *stamp is freed and made anew when it is not.
 */
SW_MUST_CHECK int sources_packages_hold(const char *packages, char **stamp, bool *hold, struct sw_err *err);
/* What the package manager's database is like now. Free it. */
char *sources_stamp(struct sw_err *err);

#endif
