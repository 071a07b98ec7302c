/* The first process of the fast appliance: what its files share. */
#ifndef SW_APPLIANCE_INIT_H
#define SW_APPLIANCE_INIT_H

#include <stdbool.h>
#include <stddef.h>

enum { INIT_PATH_MAX = 512, INIT_CMDLINE_MAX = 4096 };

/* A line on the console, which slipway's watchdog listens to. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The end of a guest that can go no further; with -no-reboot it is qemu's, too. errno is told. */
_Noreturn void stop(const char *why);

/* path becomes a file of these bytes, or gets them; a failure is told and no more. */
void write_text(const char *path, const char *text);

/* The kernel's command line has this word. */
bool has_word(const char *cmdline, const char *word);
/* The value of the word that begins with key ("root="); false: there is none, or it does not fit. */
bool word_value(const char *cmdline, const char *key, char *value, size_t len);

/* ---- saved.c ---- */

/* What a saved start is gone on with. */
struct go {
    unsigned disks;
    bool set; /* false: nobody saves this start */
};

/*
 * Where the machine has the port for it: reads what guestfsd will need, so that it lies in memory, says that this start can be
 * saved, and waits for the word to go on. Then the clock and the random pool are set.
 */
struct go wait_for_go(void);

/* ---- devices.c ---- */

/* What the disks hold that needs more than the kernel to be seen. */
struct wants {
    bool volumes; /* LVM */
    bool udev;    /* MD arrays and Windows' dynamic disks, whose names and order are udev's */
};

/* The device, of all disks the last, whose ext file system has this UUID; false: none has. path: INIT_PATH_MAX. */
bool find_root(const char *uuid, char *path);

/* What was found on all disks but the root's and on their partitions. */
void look_at_disks(const char *root, struct wants *out);

/* The names that guestfsd asks for: /dev/disk/by-path/… of each SCSI disk and partition. */
void make_disk_links(void);
/* Asks the SCSI bus for the targets from 0 on, and waits until their disks and partitions are there; without one of them it ends. */
void scan_disks(unsigned n);
/* /dev/virtio-ports/NAME of each port. */
void make_port_links(void);
/* The port of this name, open; -1: there is none. */
int open_port(const char *name);
/* Device nodes of drivers that the kernel loads when they are opened, by modules.devname. */
void make_static_nodes(void);

#endif
