/* Why an appliance ended, by the last lines of its console. */
#include "src/guest/cause.h"

#include <stdio.h>
#include <string.h>

/* The first that any line has. %u: the appliance's memory; the line stands behind the text where it says more than the text. */
static const struct cause {
    const char *in_line, *cause;
    bool quote;
    bool outside; /* of the appliance: another one would end by it, too */
} causes[] = {
    {"Out of memory: Killed process",
     "the appliance's %u MiB of memory were too few (LIBGUESTFS_MEMSIZE gives it more)", true, false},
    {"Kernel panic - not syncing: System is deadlocked on memory",
     "the appliance's %u MiB of memory were too few (LIBGUESTFS_MEMSIZE gives it more)", false, false},
    {"cannot set up guest memory",
     "this machine has no %u MiB of memory left for the appliance: end other programs", false, true},
    {"Cannot allocate memory",
     "this machine has no %u MiB of memory left for the appliance: end other programs", false, true},
    /* GLib's, wherever in qemu it was. */
    {"gmem.c:", "this machine has no %u MiB of memory left for the appliance: end other programs", false,
     true},
    {"qemu_thread_create: ",
     "qemu could start no thread of its own: this machine has no memory or no processes left for it", true,
     true},
    {"Could not access KVM kernel module", "KVM cannot be used: --accel tcg goes without it", true, true},
    {"failed to initialize kvm", "KVM cannot be used: --accel tcg goes without it", true, true},
    {"could not load kernel", "qemu cannot read the appliance's kernel", true, false},
    {"error reading initrd", "qemu cannot read the appliance's initrd", true, false},
    {"No space left on device", "a disk of this machine is full", true, true},
    {"Failed to get \"write\" lock", "another program has the disk open", true, true},
    {"Kernel panic - not syncing", "the appliance's kernel panicked", true, false},
    {"could not load PC BIOS", "qemu's firmware is missing: install seabios", false, true},
};

static const struct cause *find_row(const struct console *console, const char **line)
{
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        for (unsigned k = 0; (*line = console_line(console, k)) != NULL; k++)
            if (strstr(*line, causes[i].in_line) != NULL)
                return &causes[i];
    return NULL;
}

bool cause_is_outside(const struct console *console)
{
    const char *line;
    const struct cause *row = find_row(console, &line);

    return row != NULL && row->outside;
}

bool cause_find(const struct console *console, unsigned memory_mib, char *text, size_t len)
{
    const char *line, *at;
    const struct cause *row = find_row(console, &line);
    char cause[200];

    if (row == NULL)
        return false;
    at = strstr(row->cause, "%u"); /* only some have a number in them, and the table is ours */
    if (at != NULL)
        snprintf(cause, sizeof(cause), "%.*s%u%s", (int)(at - row->cause), row->cause, memory_mib, at + 2);
    else
        snprintf(cause, sizeof(cause), "%s", row->cause);
    snprintf(text, len, "%s%s%s%s", cause, row->quote ? ": '" : "", row->quote ? line : "",
             row->quote ? "'" : "");
    return true;
}
