/* The fast appliance: libguestfs's own, made on this machine, with a first process and a kernel that start in seconds. */
#ifndef SLIPWAY_APPLIANCE_H
#define SLIPWAY_APPLIANCE_H

#include "slipway/error.h"

#include <stdbool.h>

/* ---- What an appliance needs of this machine -------------------------------------------------------------- */

struct sw_host_kernel {
    char path[256]; /* the newest kernel that has its modules; empty: there is none */
    bool readable;  /* by this user */
};

/* SUPERMIN_KERNEL when set, else the newest of /boot/vmlinuz-* and each /lib/modules/VERSION/vmlinuz. Cannot fail. */
void sw_host_kernel(struct sw_host_kernel *out);

/*
 * Where libguestfs keeps the appliance that it makes (some 400 MB): LIBGUESTFS_CACHEDIR, else a folder of slipway's own
 * cache, else /var/tmp. Free it.
 */
SW_MUST_CHECK char *sw_appliance_cache(struct sw_err *err);

/*
 * Where in it fast appliances are kept, which hold programs that this user will run: cache_dir (which must be there) by its real
 * name when nobody else may write into it, else the folder .slipway-UID in it, which is made. Fails (SW_FAILED) where another user
 * could put something in its place. Free it.
 */
SW_MUST_CHECK char *sw_appliance_home(const char *cache_dir, struct sw_err *err);

/* ---- The fast one ----------------------------------------------------------------------------------------- */

/* One that is there. While it is open nobody removes its folder. */
struct sw_appliance;

/*
 * The fast appliance in sw_appliance_home(cache_dir), made of supermin_dir ("/usr/lib/…/guestfs/supermin.d"), for qemu (its
 * path); it is made
 * when there is none, which takes some five seconds and 400 MB, or when what it was made of has changed: the kernel and its
 * modules, qemu, supermin and its inputs, the packages that went in, or the first process that this program carries. *made tells
 * of that; may be NULL. Several processes may ask at once, one makes it. Fails (SW_FAILED) where supermin cannot, or the
 * machine or the kernel is of a kind that is not known; libguestfs's own appliance is then the one to take. Close it.
 */
SW_MUST_CHECK int sw_appliance_open(const char *cache_dir, const char *supermin_dir, const char *qemu,
                                    struct sw_appliance **out, bool *made, struct sw_err *err);
/* Its folder, for LIBGUESTFS_PATH: kernel, initrd, root and README.fixed. */
const char *sw_appliance_dir(const struct sw_appliance *appliance);
/*
 * For LIBGUESTFS_HV: a program that goes on from a start that was saved for the same arguments, and else is qemu itself. It says
 * "slipway: going on from a saved start" on the console.
 */
const char *sw_appliance_hypervisor(const struct sw_appliance *appliance);
/*
 * Saves the starts that launches with that program asked for and that are not there yet: some five seconds and 110 MB each.
 * What cannot be saved is told in the log and remembered; fails when it was interrupted or cannot write.
 */
SW_MUST_CHECK int sw_appliance_save(const struct sw_appliance *appliance, struct sw_err *err);
/* A start could not be gone on with: none is tried any more. */
void sw_appliance_forget(const struct sw_appliance *appliance);
void sw_appliance_close(struct sw_appliance *appliance);

#endif
