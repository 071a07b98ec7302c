/* Rules about the programs that a step starts; pure functions. */
#ifndef SW_RUNNER_RULES_H
#define SW_RUNNER_RULES_H

#include <stdbool.h>

enum rule {
    RULE_NONE,
    RULE_SYSTEMCTL, /* needs a booted system; a package's script gets the guest's own answer, which is to do nothing */
    RULE_SYSTEMCTL_START, /* the same, and it begins or changes what a unit does */
    RULE_SERVICE, /* needs one too, but what a package's script asks for must not be started: policy-rc.d's 101 */
    RULE_SERVICE_START, /* the same, and it begins or changes what a service does */
    RULE_NOW, /* --now of a unit that is enabled: the image's systemctl enables it and fails to start it */
    RULE_NOT_NOW, /* --now of one that is disabled or masked: nothing runs that had to be stopped */
    RULE_TALKER,  /* needs a booted system and says so itself */
    RULE_WRAP,    /* a package manager: the wrapper of that number shows it the recipe's repositories */
};

const char *rules_base(const char *path);

/* True when rules_find could say anything but NONE: whether argv is worth reading. */
bool rules_interesting(const char *path);

/* argv is NULL-terminated; wrapper is set for RULE_WRAP. */
enum rule rules_find(const char *path, char *const *argv, int *wrapper);

/* True where a service would be started; not of questions about services, and not of reboots. */
static inline bool rules_is_start(enum rule rule)
{
    return rule == RULE_SYSTEMCTL_START || rule == RULE_SERVICE_START || rule == RULE_NOW;
}

/* True for the name (/proc/PID/comm) of a program that runs packages' scripts. */
bool rules_is_packager(const char *comm);

#endif
