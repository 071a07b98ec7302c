/* Booting a disk: a virtual machine over a copy-on-write clone, the runner in it, and what a boot came to. */
#ifndef SLIPWAY_BOOT_H
#define SLIPWAY_BOOT_H

#include "slipway/guest.h"

/* ---- Firmware ---------------------------------------------------------------------------------------------- */

enum sw_firmware {
    SW_FIRMWARE_AUTO, /* as the disk says */
    SW_FIRMWARE_BIOS, /* SeaBIOS */
    SW_FIRMWARE_UEFI, /* OVMF */
};

/* "auto", "bios", "uefi"; else SW_USAGE. */
SW_MUST_CHECK int sw_firmware_parse(const char *text, enum sw_firmware *out, struct sw_err *err);
const char *sw_firmware_name(enum sw_firmware firmware);

/* Of one of the disks of sw_preflight_evidence: UEFI where that alone can start it, else BIOS. */
enum sw_firmware sw_firmware_choose(const json_t *disk);

/* What the firmware of UEFI consists of, as this machine has it. Static texts. */
struct sw_ovmf {
    const char *code, *vars; /* NULL: it is not installed */
};
void sw_ovmf_find(struct sw_ovmf *out);

/* ---- The runner as a service of a clone -------------------------------------------------------------------- */

enum sw_init {
    SW_INIT_OTHER,   /* nothing is known that would start the runner */
    SW_INIT_SYSTEMD, /* a unit */
    SW_INIT_INITTAB, /* a line of /etc/inittab: busybox's init, or that of System V */
};

/* What was put into a clone. */
struct sw_seed {
    enum sw_init init;
    uint8_t nonce[16]; /* what the runner greets with */
};

/*
 * Puts the runner into a guest that is mounted (between sw_session_begin and its end), to be started by its init. Never into
 * an image: into a clone that is dropped, or from which sw_seed_remove takes it away again. With SW_INIT_OTHER nothing is
 * put. SW_REFUSED for a guest that is no Linux.
 */
SW_MUST_CHECK int sw_seed_plant(struct sw_guest *guest, struct sw_seed *out, struct sw_err *err);
/* Takes it away, from a guest of any engine; one that runs goes on. What is not there any more is no error. */
SW_MUST_CHECK int sw_seed_remove(struct sw_guest *guest, const struct sw_seed *seed, struct sw_err *err);

/* ---- The machine ------------------------------------------------------------------------------------------- */

struct sw_machine_opts {
    const char *overlay;       /* a qcow2 of ours, written to; not used by an appliance meanwhile */
    const char *scratch_dir;   /* private; for the firmware's variables and what QEMU says */
    enum sw_firmware firmware; /* not AUTO */
    enum sw_accel accel;
    bool network;        /* a card behind which the user's own network lies; else none */
    unsigned memory_mib; /* 0: 1024 */
    unsigned
        timeout_s; /* from the start, or a restart, to the runner's greeting; 0: 120 under KVM, 600 under TCG */
    const char *console; /* the serial console's lines go there, made safe; NULL: nowhere */
    bool
        drop_overlay; /* the overlay loses its name once QEMU has it: nothing is left whatever ends this process */
    const struct sw_media *media; /* with their images, as further disks; NULL: none */
    const struct sw_mask *mask; /* what is hidden in the console's lines, of src/base/mask.h; NULL: nothing */
    struct sw_seed seed;
};

/* Why a boot failed. */
enum sw_boot_fault {
    SW_BOOT_FINE,
    SW_BOOT_NO_DEVICE, /* the firmware found nothing to start */
    SW_BOOT_LOADER,    /* it hangs in the firmware or the boot loader, or the boot loader gave up */
    SW_BOOT_PANIC,     /* of the kernel */
    SW_BOOT_EMERGENCY, /* an emergency shell, of the initramfs or of the system */
    SW_BOOT_TIMEOUT,
    SW_BOOT_RESTART, /* it restarts again and again, or restarted while a step was running */
    SW_BOOT_ENDED,   /* it powered itself off, or QEMU ended */
};
/* "", "no-boot-device", "boot-loader", "kernel-panic", "emergency-shell", "time-out", "restart", "ended" */
const char *sw_boot_fault_name(enum sw_boot_fault fault);

/* Opaque: QEMU, and a thread that reads its console and its monitor. */
struct sw_machine;

/*
 * Starts QEMU: q35, the disk as NVMe like EC2's. It is killed with the thread that calls this. SW_FAILED when QEMU
 * does not start.
 */
SW_MUST_CHECK int sw_machine_start(const struct sw_machine_opts *opts, struct sw_machine **out,
                                   struct sw_err *err);

/*
 * Waits for the runner. *guest belongs to the machine. A boot that fails is SW_GUEST, told as soon as it can be known, with
 * what the console said; its last lines go into the log.
 */
SW_MUST_CHECK int sw_machine_await(struct sw_machine *machine, struct sw_guest **guest, struct sw_err *err);
/* Without a runner: waits for "login:" on the serial console. */
SW_MUST_CHECK int sw_machine_await_login(struct sw_machine *machine, struct sw_err *err);

/* Restarts the system as its own command does it, and waits for the runner; *guest is the one to go on with. */
SW_MUST_CHECK int sw_machine_reboot(struct sw_machine *machine, struct sw_guest **guest, struct sw_err *err);
/* Lets the system power itself off and QEMU end; SW_GUEST when it does not within the time of a boot. */
SW_MUST_CHECK int sw_machine_power_off(struct sw_machine *machine, struct sw_err *err);

/* What is on the screen, as a PNG. */
SW_MUST_CHECK int sw_machine_screen(struct sw_machine *machine, const char *path, struct sw_err *err);

enum sw_boot_fault sw_machine_fault(struct sw_machine *machine);
bool sw_machine_is_tcg(const struct sw_machine *machine);
/* From the last start or restart to the greeting. */
int64_t sw_machine_boot_ms(const struct sw_machine *machine);

/* Kills QEMU when it still runs. NULL is allowed. */
void sw_machine_free(struct sw_machine *machine);

/*
 * What systemd says of itself once it has started all that it starts, or after limit_ms: "running", "degraded", "starting", …
 * (untrusted; "" where there is none). Free it.
 */
SW_MUST_CHECK char *sw_guest_settle(struct sw_guest *guest, int64_t limit_ms, struct sw_err *err);
/* Whether it has. */
bool sw_state_is_settled(const char *state);
/* The time that a boot may take, and then once more its services. */
int64_t sw_machine_limit_ms(const struct sw_machine *machine);

/* ---- A test of a disk as it is ------------------------------------------------------------------------------- */

struct sw_image;

struct sw_boot_test {
    const char *name; /* of the image, as the user named it */
    struct sw_image *image;
    enum sw_firmware firmware; /* AUTO: what the disk is laid out for; BIOS where both are */
    enum sw_accel accel;
    bool stock_appliance;         /* as in struct sw_session_opts, while the runner is put into the clone */
    unsigned timeout_s;           /* 0: as in struct sw_machine_opts; once more for the services */
    const char *console, *screen; /* files: the console's lines, a PNG when it fails; NULL: nowhere */
};

/*
 * Boots a clone of the disk and looks whether its services are up: {"image", "firmware", "accel", "init": "systemd" | "inittab" |
 * "other", "passed": bool, "fault" (sw_boot_fault_name) and "why" when it did not boot, "bootMs", "state" (of systemctl
 * is-system-running), "target", "kernel", "failedUnits": [{"unit", "description", "result", "lines": […]}], "poweredOff": bool}.
 * Texts of the guest are untrusted. The disk is not written to. NULL and err when it could not be tried; decref it.
 */
SW_MUST_CHECK json_t *sw_boot_test(const struct sw_boot_test *test, struct sw_err *err);

#endif
