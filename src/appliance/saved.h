/* Saving a start: qemu is run once as libguestfs runs it, to where the disks would be looked at, and its state is kept. */
#ifndef SW_APPLIANCE_SAVED_H
#define SW_APPLIANCE_SAVED_H

#include "slipway/error.h"

/* The program that stands before qemu goes into the folder, for this qemu. */
SW_MUST_CHECK int saved_install(const char *folder, const char *qemu, struct sw_err *err);

/* Makes a start of every list of arguments that a launch has left in the folder and that has none. */
SW_MUST_CHECK int saved_make(const char *folder, const char *qemu, struct sw_err *err);

/* Removes the starts that are saved: one could not be gone on with. */
void saved_forget(const char *folder);

#endif
