/* Why an appliance ended, by the last lines of its console. */
#include "src/guest/cause.h"

#include <stdio.h>
#include <string.h>

/* The first that any line has. %u: the appliance's memory; the line stands behind the text where it says more than the text. */
static const struct {
    const char *in_line, *cause;
    bool quote;
} causes[] = {
    {"Out of memory: Killed process",
     "the appliance's %u MiB of memory were too few (LIBGUESTFS_MEMSIZE gives it more)", true},
    {"Kernel panic - not syncing: System is deadlocked on memory",
     "the appliance's %u MiB of memory were too few (LIBGUESTFS_MEMSIZE gives it more)", false},
    {"cannot set up guest memory",
     "this machine has no %u MiB of memory left for the appliance: end other programs", false},
    {"Cannot allocate memory",
     "this machine has no %u MiB of memory left for the appliance: end other programs", false},
    {"Could not access KVM kernel module", "KVM cannot be used: --accel tcg goes without it", true},
    {"failed to initialize kvm", "KVM cannot be used: --accel tcg goes without it", true},
    {"could not load kernel", "qemu cannot read the appliance's kernel", true},
    {"error reading initrd", "qemu cannot read the appliance's initrd", true},
    {"No space left on device", "a disk of this machine is full", true},
    {"Failed to get \"write\" lock", "another program has the disk open", true},
    {"Kernel panic - not syncing", "the appliance's kernel panicked", true},
    {"could not load PC BIOS", "qemu's firmware is missing: install seabios", false},
};

bool cause_find(const struct console *console, unsigned memory_mib, char *text, size_t len)
{
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
        const char *line;

        for (unsigned k = 0; (line = console_line(console, k)) != NULL; k++) {
            char cause[200];

            if (strstr(line, causes[i].in_line) == NULL)
                continue;
            /* Only some have a number in them, and the table is ours. */
            if (strstr(causes[i].cause, "%u") != NULL) {
                const char *at = strstr(causes[i].cause, "%u");

                snprintf(cause, sizeof(cause), "%.*s%u%s", (int)(at - causes[i].cause), causes[i].cause,
                         memory_mib, at + 2);
            } else {
                snprintf(cause, sizeof(cause), "%s", causes[i].cause);
            }
            snprintf(text, len, "%s%s%s%s", cause, causes[i].quote ? ": '" : "", causes[i].quote ? line : "",
                     causes[i].quote ? "'" : "");
            return true;
        }
    }
    return false;
}
