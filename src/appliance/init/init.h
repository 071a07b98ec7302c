/* The first process of the fast appliance: what its files share. */
#ifndef SW_APPLIANCE_INIT_H
#define SW_APPLIANCE_INIT_H

#include <stdbool.h>
#include <stddef.h>

enum { INIT_PATH_MAX = 512, INIT_CMDLINE_MAX = 4096 };

/* A line on the console, which slipway's watchdog listens to. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* path becomes a file of these bytes, or gets them; a failure is told and no more. */
void write_text(const char *path, const char *text);

/* The kernel's command line has this word. */
bool has_word(const char *cmdline, const char *word);
/* The value of the word that begins with key ("root="); false: there is none, or it does not fit. */
bool word_value(const char *cmdline, const char *key, char *value, size_t len);

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
/* /dev/virtio-ports/NAME of each port. */
void make_port_links(void);
/* Device nodes of drivers that the kernel loads when they are opened, by modules.devname. */
void make_static_nodes(void);

#endif
