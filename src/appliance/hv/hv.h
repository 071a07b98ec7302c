/* What stands between libguestfs and qemu: the parts that its files, and whoever saves a start, share. */
#ifndef SW_APPLIANCE_HV_H
#define SW_APPLIANCE_HV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HV_DISKS_MAX = 250, /* the appliance's own disk is the target 254 of its bus */
    HV_ROOT_TARGET = 254,
    HV_ARGS_MAX = 2048,
    HV_VALUE_MAX = 8192,
    HV_KEY_MAX = 64 << 10,
    HV_RANDOM_BYTES = 64,
    HV_NO_WORD = '#',
    HV_NAME_HEX = 16,
};

/* The ports and the folder's files. A start is saved as start-NAME, with its key beside it as start-NAME.key. */
#define HV_GO_PORT    "slipway.go"
#define HV_GO_DEVICE  "virtserialport,chardev=slipwaygo,name=slipway.go"
#define HV_HYPERVISOR "hypervisor" /* the path of the real qemu */

/* What qemu's arguments come to. */
struct hv_plan {
    bool plain;        /* nothing to restore: questions to qemu, a network, or something that is not known */
    unsigned nr_disks; /* of the user's: drives hd0, hd1, … */
    const char *disks[HV_DISKS_MAX]; /* their devices' values: "scsi-hd,drive=hd0" */
    /*
     * The arguments with all that differs from launch to launch taken out, each with a NUL behind it; then what the machine is,
     * in words that begin with HV_NO_WORD.
     */
    char *key;
    size_t key_len;
};

/* argv without its first. root: the appliance's folder. False when memory is gone or something is too long. */
bool hv_plan(char *const *args, const char *folder, struct hv_plan *out);
/* How the state of these arguments is called: 16 hex digits. */
void hv_name(const struct hv_plan *plan, char name[17]);

/*
 * A state that was saved under this name (its hex digits are read) gets 8 bytes behind it, which qemu does not read; and is it
 * still what those were made of? fd: open for both, or for reading. False also when it cannot be read.
 */
bool hv_seal(int fd, const char *name);
bool hv_is_whole(int fd, const char *name);

/* A value with the path of its socket taken out ("path=…"), into out. False: it does not fit. */
bool hv_without_path(const char *value, char *out, size_t len);

/* ---- qemu's monitor (QMP): one command at a time, over a socket ---- */

struct qmp {
    int fd;
    char text[16384]; /* what was read and not looked at yet */
    size_t len;
};

/* Waits for the greeting and leaves the negotiation. All of these: false when qemu says an error, or nothing for timeout_ms. */
bool qmp_begin(struct qmp *qmp, int timeout_ms);
/* Sends a command and waits for its answer, which is copied to answer (NULL: not wanted). */
bool qmp_ask(struct qmp *qmp, const char *command, char *answer, size_t len, int timeout_ms);
/* The same with a descriptor. */
bool qmp_ask_with(struct qmp *qmp, const char *command, int passed, int timeout_ms);

#endif
