/* What a Windows' registry says, hive by hive, for the evidence's guest. */
#ifndef SW_PREFLIGHT_COLLECT_WINDOWS_H
#define SW_PREFLIGHT_COLLECT_WINDOWS_H

#include "src/preflight/registry.h"

/* The bytes of a hive's file: untrusted. NULL: it is not there. */
struct windows_hive {
    const void *bytes;
    size_t len;
};

struct windows_hives {
    struct windows_hive system, software, sam, bcd;
};

/*
 * Puts architecture, network and windows into guest, as the rules ask for them; windows.faults: what of the hives is damaged or
 * missing. What lies in no hive (the drive's free bytes, whether it sleeps) is for the caller to add to windows.
 */
SW_MUST_CHECK int collect_windows(const struct windows_hives *hives, json_t *guest, struct sw_err *err);

/* ---- between its files: each puts what its hive says into windows ---- */

SW_MUST_CHECK int windows_system(struct registry *registry, json_t *windows, json_t *guest,
                                 struct sw_err *err);
SW_MUST_CHECK int windows_software(struct registry *registry, json_t *windows, json_t *guest,
                                   struct sw_err *err);
SW_MUST_CHECK int windows_accounts(struct registry *registry, json_t *windows, json_t *guest,
                                   struct sw_err *err);
SW_MUST_CHECK int windows_boot(struct registry *registry, json_t *windows, json_t *guest, struct sw_err *err);

/* Text in windows' list of that name, once. */
SW_MUST_CHECK int windows_note(json_t *windows, const char *list, const char *text, struct sw_err *err);

#endif
