/* The guest of one machine: its devices and roots, and the collectors of what its files say. */
#ifndef SW_PREFLIGHT_GUEST_H
#define SW_PREFLIGHT_GUEST_H

#include "slipway/preflight.h"
#include "src/preflight/tree.h"

enum { GUEST_DEVICES_MAX = 256, GUEST_ROOTS_MAX = 16, GUEST_BINDS_MAX = 48, GUEST_NAME = 64 };

/* A partition, a whole disk, a logical volume or an array. Texts are untrusted but for kind and type. */
struct guest_device {
    char name[GUEST_NAME];           /* of the appliance's kernel */
    char shown[GUEST_NAME * 2 + 40]; /* for people: "disk 1, partition 2", "/dev/mapper/vg-root" */
    char type[16];                   /* as which it was mounted; "" when it was not */
    const char *kind;                /* what it holds, of content.h */
    char uuid[40], label[65], part_uuid[40], part_label[110], dm[130];
    uint64_t disks;         /* of the machine, as bits: the first is 1 */
    uint64_t tree;          /* btrfs' tree that is mounted; 5 is the whole */
    unsigned part;          /* 0: it is no partition */
    uint32_t group;         /* of the survey's entries */
    bool clean_told, clean; /* whether it need not be checked */
};

struct guest_root {
    size_t device;
    const char *sub; /* the folder in it: "" or "/@" */
    bool ostree;
};

/* What is shown at a point of the root. */
struct guest_bind {
    size_t device;
    char point[256];
};

struct guest {
    const struct sw_preflight_disk *disks;
    size_t nr_disks;
    unsigned first; /* of the appliance's disks, from 0 */
    size_t nr_devices, nr_roots, nr_binds;
    struct guest_device devices[GUEST_DEVICES_MAX];
    struct guest_root roots[GUEST_ROOTS_MAX];
    struct guest_bind binds[GUEST_BINDS_MAX]; /* of the first root */
    bool encrypted, unread; /* something is encrypted; something is what nobody here can mount */
};

/* Fills devices, roots and binds from a survey of all of the appliance's disks. */
SW_MUST_CHECK int guest_find(struct guest *guest, const struct sw_look *survey, struct sw_err *err);
/* The device that a line of fstab means; NULL: it is on none of the disks. told: such a line can be told at all. */
const struct guest_device *guest_device_of(const struct guest *guest, const char *spec, bool *told);
/* 1-based number of the first disk that the device lies on. */
unsigned guest_disk(const struct guest_device *device);

/* A tree of the first root, and what the collectors put their parts into. */
struct finding {
    const struct guest *guest;
    struct tree tree;
    json_t *out;
    bool failed; /* memory is out */
};
/* Takes value. */
void finding_set(struct finding *finding, const char *key, json_t *value);

/* One member or more each. */
void collect_os(struct finding *finding);
void collect_files(struct finding *finding); /* fstab, root, boot, mounts, tmp, filesystems */
void collect_boot(struct finding *finding);  /* bootloader, cmdline, and kernels by the next */
void collect_network(struct finding *finding);
void collect_services(struct finding *finding); /* ssh, cloud_init */
void collect_state(struct finding *finding);    /* packages, hypervisor_tools, selinux, identity */

/* What boots by default: of the boot loader's configuration. */
struct boot_entry {
    char title[256], kernel[512], initrd[512], line[LINE_BYTES];
};
/* The kernels; entry is NULL when it cannot be told. */
json_t *collect_kernels(const struct tree *tree, const struct boot_entry *entry);
/* Whether a unit of one of those names (ended by NULL) is started on boot, by systemd, SysV's links or upstart. */
bool unit_enabled(const struct tree *tree, const char *const *names);

/* All of them: what the first root's files say, into out. */
SW_MUST_CHECK int guest_evidence(const struct guest *guest, const struct sw_look *look, json_t *out,
                                 struct sw_err *err);

/* Of a machine without a Linux root: its Windows, if there is one, becomes the evidence's guest. */
struct sw_session;
SW_MUST_CHECK int guest_windows(struct sw_session *session, const struct guest *guest, json_t *evidence,
                                struct sw_err *err);

/* The orders of what collectors want; append to orders. */
struct sw_buf;
SW_MUST_CHECK int guest_wants(struct sw_buf *orders, bool survey, struct sw_err *err);

#endif
