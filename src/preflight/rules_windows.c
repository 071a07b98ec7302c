/* Rules about Windows: disks that it lays out in its own ways, and what its registry says. */
#include "src/preflight/rules.h"

#include "src/base/cleanup.h"
#include "src/preflight/kernels.h"

#include <string.h>

enum { MAX_PRIMARY = 3, DOTNET_45 = 378389 };

#define GIB (UINT64_C(1) << 30)

static const json_t *windows(const struct ev *ev, struct ruling *ruling, const char *member)
{
    const json_t *guest = ev_windows(ev, ruling);

    return ev_need(guest != NULL ? ev_get(guest, "windows") : NULL, member, ruling);
}

static const json_t *all_of(const struct ev *ev, struct ruling *ruling)
{
    return ev_need(ev_windows(ev, ruling), "windows", ruling);
}

static void edition(const struct ev *ev, struct ruling *ruling)
{
    const json_t *all = all_of(ev, ruling);
    const char *product = ev_text(all, "product");

    if (all == NULL)
        return;
    if (ev_is(all, "installation", "Nano Server"))
        found(ruling, ALL_LANES, "SOFTWARE", "a Nano Server");
    else if (!kernels_product_listed(ev_get(ev->systems, "windows"), product))
        found(ruling, ALL_LANES, "SOFTWARE", "'%s' is not on the list of %s", product,
              ev_text(ev->systems, "date"));
}

static void language(const struct ev *ev, struct ruling *ruling)
{
    const json_t *all = all_of(ev, ruling);

    if (ev_is(all, "installation", "Client") && !ev_is(all, "language", "0409"))
        found(ruling, ALL_LANES, "SYSTEM",
              "its language is %s; of clients US English (0409) alone is imported", ev_text(all, "language"));
}

static void rdp(const struct ev *ev, struct ruling *ruling)
{
    const json_t *denied = windows(ev, ruling, "rdp_denied");

    if (json_is_true(denied))
        found(ruling, ALL_LANES, "SYSTEM", "Terminal Server\\fDenyTSConnections is not 0");
    if (denied != NULL && ev_true(ev->guest, "windows.rdp_blocked"))
        found(ruling, ALL_LANES, "SYSTEM", "the firewall's rule RemoteDesktop-UserMode-In-TCP is off");
}

static void autologon(const struct ev *ev, struct ruling *ruling)
{
    if (json_is_true(windows(ev, ruling, "autologon")))
        found(ruling, ALL_LANES, "SOFTWARE", "Winlogon\\AutoAdminLogon is 1");
}

static void dotnet(const struct ev *ev, struct ruling *ruling)
{
    const json_t *release = windows(ev, ruling, "dotnet_release");

    if (release != NULL && json_integer_value(release) < DOTNET_45)
        found(ruling, ALL_LANES, "SOFTWARE", ".NET Framework 4.5 or later is not installed");
}

static void each(struct ruling *ruling, const json_t *list, const char *where)
{
    const json_t *item;
    size_t i;

    json_array_foreach (list, i, item)
        found(ruling, ALL_LANES, where, "%s", json_string_value(item) != NULL ? json_string_value(item) : "");
}

static void hypervisor_tools(const struct ev *ev, struct ruling *ruling)
{
    each(ruling, windows(ev, ruling, "hindering_software"), "SOFTWARE");
}

static void hyperv(const struct ev *ev, struct ruling *ruling)
{
    if (json_is_true(windows(ev, ruling, "hyperv")))
        found(ruling, ALL_LANES, "SYSTEM", "the role Hyper-V is installed (service vmms)");
}

static void network(const struct ev *ev, struct ruling *ruling)
{
    const json_t *all = all_of(ev, ruling);

    if (ev_false(all, "dhcp_service"))
        found(ruling, ALL_LANES, "SYSTEM", "the service Dhcp does not start on boot");
    each(ruling, ev_get(all, "fixed_addresses"), "SYSTEM");
}

static void passwords(const struct ev *ev, struct ruling *ruling)
{
    each(ruling, windows(ev, ruling, "accounts_without_password"), "SAM");
}

static void pending(const struct ev *ev, struct ruling *ruling)
{
    each(ruling, windows(ev, ruling, "pending"), "SOFTWARE");
}

static void space(const struct ev *ev, struct ruling *ruling)
{
    const json_t *bytes = windows(ev, ruling, "free_bytes");

    if (bytes != NULL && json_integer_value(bytes) < (json_int_t)(6 * GIB))
        found(ruling, ALL_LANES, "C:", "%lld MiB free; 6 GiB are wanted",
              (long long)json_integer_value(bytes) >> 20);
}

static void pagefile(const struct ev *ev, struct ruling *ruling)
{
    if (json_is_false(windows(ev, ruling, "fixed_pagefile")))
        found(ruling, ALL_LANES, "SYSTEM", "PagingFiles leaves place and size to Windows");
}

static bool is_dynamic(const json_t *part)
{
    return ev_is(part, "role", "ldm");
}

static void disk_dynamic(const struct ev *ev, struct ruling *ruling)
{
    const json_t *disk, *part;
    char where[300];
    size_t i, j;

    json_array_foreach (ev->disks, i, disk) {
        if (!ev_looked(disk))
            unknown(ruling, "the disk cannot be read");
        json_array_foreach (ev_get(disk, "partitions"), j, part) {
            if (is_dynamic(part))
                found(ruling, ALL_LANES, ev_part_name(disk, part, where, sizeof(where)),
                      "a part of a dynamic disk");
        }
    }
}

/* AWS turns a GPT of Windows into an MBR, which has room for so many and no more. */
static void disk_layout(const struct ev *ev, struct ruling *ruling)
{
    const json_t *disk = json_array_get(ev->disks, 0), *part;
    size_t i, n = 0;

    if (!ev_looked(disk)) {
        unknown(ruling, "the disk cannot be read");
        return;
    }
    if (!ev_is(disk, "table.kind", "gpt") || !ev_maybe_windows(ev)) {
        not_applicable(ruling, "no Windows on a GPT");
        return;
    }
    json_array_foreach (ev_get(disk, "partitions"), i, part)
        n += ev_is(part, "content", "ntfs") || ev_is(part, "content", "BitLocker");
    if (n > MAX_PRIMARY)
        found(ruling, IMPORT_IMAGE, ev_disk_name(disk), "%zu NTFS partitions", n);
    if (ev_number(disk, "container.virtual_bytes") > 2048 * GIB)
        found(ruling, IMPORT_IMAGE, ev_disk_name(disk), "more than 2 TiB");
}

/* An NTFS says without a launch whether Windows is to check it. */
static void hibernated(const struct ev *ev, struct ruling *ruling)
{
    const json_t *disk, *part;
    char where[300];
    size_t i, j;

    json_array_foreach (ev->disks, i, disk) {
        json_array_foreach (ev_get(disk, "partitions"), j, part) {
            if (ev_is(part, "content", "ntfs") && ev_is(part, "state", "dirty"))
                found(ruling, ALL_LANES, ev_part_name(disk, part, where, sizeof(where)),
                      "the NTFS is to be checked");
        }
    }
    if (json_is_true(windows(ev, ruling, "hibernated")))
        found(ruling, ALL_LANES,
              "C:", "it was hibernated or shut down by Fast Startup, or not shut down at all");
}

static void drivers(const struct ev *ev, struct ruling *ruling)
{
    each(ruling, windows(ev, ruling, "missing_drivers"), "SYSTEM");
}

static void clock_utc(const struct ev *ev, struct ruling *ruling)
{
    if (json_is_false(windows(ev, ruling, "real_time_is_universal")))
        found(ruling, ALL_LANES, "SYSTEM", "RealTimeIsUniversal is not 1");
}

static void ems(const struct ev *ev, struct ruling *ruling)
{
    if (json_is_true(windows(ev, ruling, "ems")))
        found(ruling, ALL_LANES, "BCD", "Emergency Management Services are on");
}

const struct rule rules_windows[] = {
    {"windows.edition", edition},
    {"windows.language", language},
    {"windows.rdp.off", rdp},
    {"windows.autologon", autologon},
    {"windows.dotnet", dotnet},
    {"windows.hypervisor-tools", hypervisor_tools},
    {"windows.hyperv", hyperv},
    {"windows.network", network},
    {"windows.passwords", passwords},
    {"windows.pending", pending},
    {"windows.space", space},
    {"windows.pagefile", pagefile},
    {"windows.disk.dynamic", disk_dynamic},
    {"windows.disk.layout", disk_layout},
    {"windows.hibernated", hibernated},
    {"windows.drivers", drivers},
    {"windows.clock", clock_utc},
    {"windows.ems", ems},
    {.id = NULL},
};
