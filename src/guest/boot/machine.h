/* The machine's inside, shared by machine.c, hypervisor.c, watch.c and monitor.c. */
#ifndef SW_GUEST_BOOT_MACHINE_H
#define SW_GUEST_BOOT_MACHINE_H

#include "slipway/boot.h"
#include "src/base/buf.h"
#include "src/guest/boot/words.h"
#include "src/guest/client.h"
#include "src/guest/console.h"

#include <pthread.h>

enum { MACHINE_LINE_BYTES = 512, MACHINE_WHY_BYTES = 320 };

enum machine_stage {
    STAGE_FIRMWARE, /* and boot loader */
    STAGE_SYSTEM,   /* the kernel, the initramfs, init */
    STAGE_UP,       /* the runner greeted, or somebody may log in */
};

/* What may happen without being a fault. */
enum machine_expected { EXPECT_NOTHING, EXPECT_RESET, EXPECT_END };

struct sw_machine {
    pid_t pid;
    int console_fd, monitor_fd, port_fd; /* our ends */
    int log_fd;                          /* the console's lines; -1: nowhere */
    int happened_fd; /* an eventfd: readable when the runner is not to be waited for any more */
    char *said_path; /* what QEMU says on its standard error */
    struct client client;
    struct sw_seed seed;
    const struct sw_mask *mask; /* of the console's log */
    bool tcg;
    unsigned timeout_s;
    int64_t boot_ms;

    pthread_t watcher;
    bool has_watcher;
    pthread_mutex_t lock; /* of what is below */
    pthread_cond_t changed;
    enum machine_stage stage;
    enum machine_expected expected;
    enum sw_boot_fault fault;
    char why[MACHINE_WHY_BYTES]; /* of the fault: untrusted */
    unsigned resets;
    bool reset_seen, ended, login;
    int64_t began_ns, fault_ns;
    struct console console;

    /* the watcher's own */
    struct plain plain;
    char line[MACHINE_LINE_BYTES];
    size_t line_len;
    int64_t heard_ns, heard_cpu_ns; /* when the console last said something, and what QEMU had used by then */
    bool asked;                     /* for the registers, since then */
    enum {
        AGAIN_NOT,
        AGAIN_DUE,
        AGAIN_ASKED
    } again; /* after a panic that is this machine's fault, until it restarts */

    struct sw_buf heard;       /* of the monitor, not yet a line */
    unsigned sent_id, done_id; /* of commands */
    unsigned registers_id;     /* of the one whose answer are the registers */
    char refusal[160];         /* of the last command that was refused; empty: it was not */
};

/* Starts QEMU with sockets that have no names. hypervisor.c */
SW_MUST_CHECK int machine_spawn(struct sw_machine *machine, const struct sw_machine_opts *opts,
                                struct sw_err *err);

/* The thread. watch.c */
void *machine_watch(void *machine);
/* Notes the first fault; the lock is held. The runner is then not waited for any longer. */
void machine_blame(struct sw_machine *machine, enum sw_boot_fault fault, const char *fmt, ...)
    SW_PRINTF(3, 4);
/* Tells whoever waits for the runner; the lock is held. */
void machine_tell(struct sw_machine *machine);

/* The monitor: QMP. monitor.c. Sends a command with its arguments (JSON, or NULL) and returns its number; the lock is held. */
unsigned monitor_send(struct sw_machine *machine, const char *command, const char *arguments);
/* Reads what came; false at its end. The lock is held. */
bool monitor_read(struct sw_machine *machine);
/* Sends and waits for the answer. */
SW_MUST_CHECK int monitor_ask(struct sw_machine *machine, const char *command, const char *arguments,
                              struct sw_err *err);

#endif
