/* Rules: what each looks for in the evidence. Texts, lanes and severities are rows of data/rules.json. */
#ifndef SW_PREFLIGHT_RULES_H
#define SW_PREFLIGHT_RULES_H

#include "slipway/preflight.h"

enum ruling_state {
    RULING_PASSED,
    RULING_FOUND,
    RULING_UNKNOWN,
    RULING_NOT_APPLICABLE,
};

/* What a rule reads. Evidence may come from a file: nothing of its shape is certain. */
struct ev {
    const json_t *root;
    const json_t *disks;   /* its list */
    const json_t *guest;   /* what the guest's files say; NULL: nobody looked */
    const json_t *systems; /* the policy's list of systems and kernels */
};

/* What a rule says. It has passed unless it says otherwise. */
struct ruling {
    enum ruling_state state;
    json_t *found;   /* [{where, what, lanes, most}] */
    const char *why; /* not looked at, or not applicable: static text */
    bool failed;     /* memory is out */
};

enum { ALL_LANES = 7, IMPORT_IMAGE = 1, IMPORT_SNAPSHOT = 2, EBS_DIRECT = 4 };

/* Something was found at where, in those lanes; a rule may find several things. */
void found(struct ruling *ruling, unsigned lanes, const char *where, const char *fmt, ...) SW_PRINTF(4, 5);
/* The same, as a note and no more, whatever the rule's severity is. */
void found_note(struct ruling *ruling, unsigned lanes, const char *where, const char *fmt, ...)
    SW_PRINTF(4, 5);
/* It cannot be told. What was found before stays found. */
void unknown(struct ruling *ruling, const char *why);
void not_applicable(struct ruling *ruling, const char *why);

typedef void rule_fn(const struct ev *ev, struct ruling *ruling);

/* One row a rule; the lists of the files rules_<what>.c, each ended by an empty row. */
struct rule {
    const char *id;
    rule_fn *look;
};
extern const struct rule rules_disk[], rules_boot[], rules_os[], rules_linux_boot[], rules_linux_files[],
    rules_linux_network[], rules_windows[];

/* The function of that rule, or NULL. */
rule_fn *rule_find(const char *id);
/* All ids, NULL-terminated, for tests. Free the list alone. */
const char **rule_ids(void);

/* ---- reading evidence: each answers for a missing or misshapen member as well ---- */

/* By a path such as "container.format"; NULL when it is not there. */
const json_t *ev_get(const json_t *of, const char *path);
/* A text; "" when it is not there. */
const char *ev_text(const json_t *of, const char *path);
bool ev_is(const json_t *of, const char *path, const char *text);
bool ev_true(const json_t *of, const char *path);
/* True only when it is there and false. */
bool ev_false(const json_t *of, const char *path);
/* 0 when it is not there or negative. */
uint64_t ev_number(const json_t *of, const char *path);
bool ev_list_has(const json_t *of, const char *path, const char *text);

/* The disk's name, for where. */
const char *ev_disk_name(const json_t *disk);
/* "IMAGE, partition N" in buf. */
const char *ev_part_name(const json_t *disk, const json_t *part, char *buf, size_t len);
/* The partitions of a disk were looked at. */
bool ev_looked(const json_t *disk);
/* Any partition (or disk without any) of any disk holds that. */
bool ev_holds(const struct ev *ev, const char *content);
/* Every disk was looked at, and none holds what hides file systems from us: LVM, md, LUKS, BitLocker or what is not known. */
bool ev_all_plain(const struct ev *ev);

/* Guests, as far as contents tell them: whether one of that platform may be there. */
bool ev_maybe_linux(const struct ev *ev);
bool ev_maybe_windows(const struct ev *ev);

/* Begins a rule about files of a Linux or a Windows guest: its part of the evidence; NULL when the rule is settled already. */
const json_t *ev_linux(const struct ev *ev, struct ruling *ruling);
const json_t *ev_windows(const struct ev *ev, struct ruling *ruling);
const json_t *ev_guest(const struct ev *ev, struct ruling *ruling);
/* The member of what the guest says, or NULL: the rule is then unknown. */
const json_t *ev_need(const json_t *guest, const char *path, struct ruling *ruling);

/* How the first disk boots, as far as the disk tells. */
struct boot_ways {
    bool told;         /* it was looked at */
    bool bios, uefi;   /* there is what that firmware starts */
    bool esp;          /* there is an EFI system partition */
    bool loader;       /* … with a fallback loader for x86_64 */
    bool loader_arm64; /* … for arm64 */
    bool esp_told;     /* all of them could be read */
};
struct boot_ways ev_boot(const struct ev *ev);

#define NEEDS_LAUNCH SW_PREFLIGHT_NEEDS_LAUNCH

#endif
