/* The session's inside, shared by session.c, launch.c, carrier.c and mounts.c. */
#ifndef SW_GUEST_SESSION_PRIVATE_H
#define SW_GUEST_SESSION_PRIVATE_H

#include "slipway/appliance.h"
#include "slipway/guest.h"
#include "src/base/cleanup.h"
#include "src/guest/client.h"
#include "src/guest/console.h"
#include "src/guest/windows.h"

#include <guestfs.h>
#include <pthread.h>

enum { SESSION_MOUNTS_MAX = 32 };

struct session_mount {
    char *device, *point;
    char type[16];       /* as blkid calls it; "" where that is not known, or was not asked yet */
    bool usable;         /* it could be mounted */
    const char *options; /* NULL: not looked at yet */
};

enum launch_state { LAUNCH_RUNNING, LAUNCH_DONE, LAUNCH_FAILED };

struct sw_session {
    guestfs_h
        *g; /* one thread at a time: the launcher, then the caller, the carrier while a boundary is open */
    struct client client; /* the runner of the open boundary */
    char *overlay, *scratch_dir, *cache_dir;
    char *disks[SW_LOOK_DISKS_MAX]; /* beside the overlay */
    size_t nr_disks;
    struct sw_sockets *sockets;
    char *socket_path;
    enum sw_accel accel;
    unsigned memory_mib;
    bool network;
    bool saved, from_anew;          /* a saved start may be gone on with; not again */
    int64_t clock_s;                /* of the guest as a boundary begins; 0: the host's */
    bool stock;                     /* libguestfs's own appliance is asked for */
    struct sw_appliance *appliance; /* the fast one; NULL: libguestfs's own */
    char *hypervisor;               /* a link to what is started in the place of qemu; NULL: there is none */
    const struct sw_media *media;
    bool tcg;
    int port_fd; /* the host's end of the runner's port; -1 before the launch */

    pthread_t launcher, watchdog;
    bool has_launcher, has_watchdog;
    pthread_mutex_t lock; /* of what is below, up to launch_err */
    pthread_cond_t changed;
    enum launch_state state;
    bool abandoned; /* nobody waits for the launch any more */
    bool hung;      /* the watchdog ended it */
    int silent_s;   /* and for how long its console had been silent */
    struct console console;
    bool went_on; /* the console has said that a saved start is gone on with */
    int64_t launch_ms;
    struct sw_err launch_err;

    pthread_t carrier; /* waits in guestfs_command for the runner's end */
    bool has_carrier, mounted;
    bool looking;         /* the root is the look's own */
    bool volumes;         /* a look wants logical volumes */
    int carrier_ended[2]; /* a pipe that closes with it */
    char *carrier_command[4 + SW_MEDIA_MAX + 1];
    char *carrier_error; /* what guestfs_command had to say; NULL: nothing */

    struct session_mount mounts[SESSION_MOUNTS_MAX]; /* as found at the first boundary */
    size_t nr_mounts;

    bool is_windows; /* mounts[0] is the drive C: */
    struct windows_guest windows;
};

/* The last error of the handle as an error of ours: classified, with what the console said in the log. */
int session_fail(struct sw_session *session, struct sw_err *err, const char *doing);

/* A full disk has many faces: qemu stops its guest, libguestfs says many things. The place that is full, or NULL. */
const char *session_scarce_place(const struct sw_session *session);

/* What the console tells of the end, with a remedy; false: nothing. text: CAUSE_BYTES will do. */
enum { CAUSE_BYTES = 400 };
bool session_cause(struct sw_session *session, char *text, size_t len);

/* Ends qemu at once; whatever waits for the appliance then fails. Any thread. */
void session_kill(struct sw_session *session);

/* The handle gets the fast appliance; where that cannot be had the log says why, and libguestfs's own is taken. */
void session_take_fast(struct sw_session *session);
void session_drop_fast(struct sw_session *session);
/* Before the next try, when a launch has failed: false when none would help. The handle is to be made anew. */
bool session_step_down(struct sw_session *session, const struct sw_err *why);
/* Notes that the console says so of a saved start, before more lines come than are kept. The lock is held. */
void session_note_saved(struct sw_session *session);
/* At the end, when the disks are as they shall be. */
void session_save_start(struct sw_session *session);

/* Makes the handle and starts the launch. */
SW_MUST_CHECK int session_launch(struct sw_session *session, struct sw_err *err);
/* Waits for it; opens the runner's port when it is done. */
SW_MUST_CHECK int session_await(struct sw_session *session, struct sw_err *err);
/* Stops a launch that is under way and collects the threads. */
void session_abandon_launch(struct sw_session *session);

/* The image's own disk is the first that the appliance has; the others are media. */
bool session_is_medium(const char *device);

/* Finds (once) and mounts the guest's file systems. */
SW_MUST_CHECK int session_mount(struct sw_session *session, struct sw_err *err);
void session_free_mounts(struct sw_session *session);
/* A list that libguestfs gave; NULL is none. */
void session_free_list(char **list);

/* Among pairs of a device and its type, the one with Windows on it; *device is NULL when there is none. Free it. */
SW_MUST_CHECK int windows_find(struct sw_session *session, char *const *pairs, char **device,
                               struct sw_err *err);
/* Mounts it, in a root of its own; first: also looks whether it may be written to. */
SW_MUST_CHECK int windows_mount(struct sw_session *session, const char *device, bool first,
                                struct sw_err *err);

/* Mounts a tmpfs with the folders that the runner wants as the guest's root, for drives to be mounted in. */
SW_MUST_CHECK int session_make_root(struct sw_session *session, struct sw_err *err);

/* Puts the runner into the guest and starts it; and the reverse. */
SW_MUST_CHECK int session_start_runner(struct sw_session *session, struct sw_err *err);
SW_MUST_CHECK int session_stop_runner(struct sw_session *session, struct sw_err *err);
/* Without manners, when the connection is lost. */
void session_join_carrier(struct sw_session *session);

#endif
