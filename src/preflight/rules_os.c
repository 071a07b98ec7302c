/* Rules about which system is on the disks, and what it is for. */
#include "src/preflight/rules.h"

#include <stdio.h>
#include <string.h>

static void single(const struct ev *ev, struct ruling *ruling)
{
    const json_t *roots = ev_need(ev_guest(ev, ruling), "roots", ruling), *root;
    size_t i;

    if (json_array_size(roots) < 2)
        return;
    json_array_foreach (roots, i, root)
        found(ruling, ALL_LANES, ev_text(root, "device"), "one of %zu roots", json_array_size(roots));
}

static void recognised(const struct ev *ev, struct ruling *ruling)
{
    const json_t *guest = ev_guest(ev, ruling), *roots, *fault;
    size_t i;

    if (guest == NULL)
        return;
    json_array_foreach (ev_get(guest, "windows.faults"), i, fault)
        found(ruling, ALL_LANES, "the registry", "%s",
              json_string_value(fault) != NULL ? json_string_value(fault) : "damaged");
    roots = ev_need(guest, "roots", ruling);
    if (roots == NULL)
        return; /* it may be where nobody can look, as on a volume that is not there */
    if (json_array_size(roots) == 0)
        found(ruling, ALL_LANES, "the guest", "no operating system was found");
    else if (!ev_is(guest, "platform", "linux") && !ev_is(guest, "platform", "windows"))
        found(ruling, ALL_LANES, "the guest", "it is neither Linux nor Windows");
    else if (ev_true(guest, "ostree"))
        found(ruling, ALL_LANES, "the guest",
              "an OSTree system, whose files lie where VM Import does not look");
    else if (ev_is(guest, "platform", "linux") && ev_text(guest, "os.id")[0] == '\0')
        found(ruling, ALL_LANES, "/etc/os-release", "it names no system");
}

static void tell_architecture(struct ruling *ruling, const char *where, const char *name)
{
    if (strcmp(name, "x86_64") != 0)
        found(ruling, strcmp(name, "arm64") == 0 ? IMPORT_IMAGE : ALL_LANES, where, "%s", name);
}

/* Types of root partitions and names of loaders say it as well. */
static bool told_by_disk(const struct ev *ev, struct ruling *ruling)
{
    struct boot_ways ways = ev_boot(ev);
    const json_t *disk, *part;
    char where[300];
    bool told = false;
    size_t i, j;

    json_array_foreach (ev->disks, i, disk) {
        json_array_foreach (ev_get(disk, "partitions"), j, part) {
            if (ev_get(part, "architecture") == NULL)
                continue;
            told = true;
            tell_architecture(ruling, ev_part_name(disk, part, where, sizeof(where)),
                              ev_text(part, "architecture"));
        }
    }
    if (!told && ways.loader_arm64 && !ways.loader && !ways.bios) {
        told = true;
        tell_architecture(ruling, "/EFI/BOOT/BOOTAA64.EFI", "arm64");
    }
    return told;
}

static void architecture(const struct ev *ev, struct ruling *ruling)
{
    const json_t *value = NULL;

    if (ev->guest == NULL && told_by_disk(ev, ruling))
        return;
    value = ev_need(ev_guest(ev, ruling), "architecture", ruling);
    if (value != NULL)
        tell_architecture(ruling, "the guest", ev_text(ev->guest, "architecture"));
}

static void dhcp(const struct ev *ev, struct ruling *ruling)
{
    const json_t *list, *interface;
    size_t i, dynamic = 0;

    if (ev_is(ev->guest, "platform", "windows")) {
        not_applicable(ruling, "Windows: windows.network tells of it");
        return;
    }
    list = ev_need(ev_guest(ev, ruling), "network.interfaces", ruling);
    json_array_foreach (list, i, interface) {
        if (ev_is(interface, "method", "dhcp"))
            dynamic++;
        else if (ev_is(interface, "method", "static"))
            found(ruling, ALL_LANES, ev_text(interface, "file"), "%s has a fixed address",
                  ev_text(interface, "name"));
    }
    if (list != NULL && dynamic == 0 && json_array_size(list) == 0)
        found(ruling, ALL_LANES, "the guest", "no interface is configured to take its address by DHCP");
    if (ev_false(ev->guest, "network.dhcp_client"))
        found(ruling, ALL_LANES, "the guest", "no DHCP client is installed");
}

const struct rule rules_os[] = {
    {"os.single", single},
    {"os.recognised", recognised},
    {"os.architecture", architecture},
    {"guest.network.dhcp", dhcp},
    {.id = NULL},
};
