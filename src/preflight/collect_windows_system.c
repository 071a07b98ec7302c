/* The hive SYSTEM: services, network, Remote Desktop, the page file, the clock. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/collect_windows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { START_AUTOMATIC = 2, START_DISABLED = 4, INTERFACES_MAX = 64 };

#define NETWORK    "Control\\Network\\{4D36E972-E325-11CE-BFC1-08002BE10318}"
#define INTERFACES "Services\\Tcpip\\Parameters\\Interfaces"

static bool has_service(struct registry *registry, const char *name)
{
    uint32_t start;

    return registry_number(registry, &start, "Start", "%s\\Services\\%s", registry->set, name) &&
           start != START_DISABLED;
}

static int add_machine(struct registry *registry, json_t *windows, json_t *guest, struct sw_err *err)
{
    static const char *const names[][2] = {{"AMD64", "x86_64"}, {"x86", "i386"}, {"ARM64", "arm64"}};
    SW_AUTO_FREE char *machine = registry_text(registry, "PROCESSOR_ARCHITECTURE",
                                               "%s\\Control\\Session Manager\\Environment", registry->set);
    SW_AUTO_FREE char *language =
        registry_text(registry, "InstallLanguage", "%s\\Control\\Nls\\Language", registry->set);
    const char *is = machine;

    for (size_t i = 0; machine != NULL && i < SW_ARRAY_LEN(names); i++)
        if (strcasecmp(machine, names[i][0]) == 0)
            is = names[i][1];
    if (is != NULL && sw_json_set(guest, "architecture", sw_json_bytes(is, strlen(is)), err) < 0)
        return -1;
    return language != NULL ? sw_json_set(windows, "language", sw_json_bytes(language, strlen(language)), err)
                            : 0;
}

/* Denied by default, and by the firewall where its rule is there and off. */
static int add_rdp(struct registry *registry, json_t *windows, struct sw_err *err)
{
    SW_AUTO_FREE char *rule =
        registry_text(registry, "RemoteDesktop-UserMode-In-TCP",
                      "%s\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules", registry->set);
    uint32_t denied = 1;

    (void)registry_number(registry, &denied, "fDenyTSConnections", "%s\\Control\\Terminal Server",
                          registry->set);
    if (sw_json_set(windows, "rdp_denied", json_boolean(denied != 0), err) < 0)
        return -1;
    return sw_json_set(windows, "rdp_blocked",
                       json_boolean(rule != NULL && strcasestr(rule, "|Active=FALSE|") != NULL), err);
}

static int add_services(struct registry *registry, json_t *windows, struct sw_err *err)
{
    static const char *const tools[][2] = {{"VMTools", "VMware Tools"},
                                           {"VBoxService", "VirtualBox Guest Additions"},
                                           {"prl_tools", "Parallels Tools"},
                                           {"SepMasterService", "Symantec Endpoint Protection"},
                                           {"mfefire", "McAfee"},
                                           {"SAVService", "Sophos Anti-Virus"},
                                           {"AVP", "Kaspersky"},
                                           {"ekrn", "ESET"},
                                           {"CSFalconService", "CrowdStrike Falcon"},
                                           {"SentinelAgent", "SentinelOne"}};
    uint32_t start = 0;

    if (sw_json_set(windows, "hyperv", json_boolean(has_service(registry, "vmms")), err) < 0)
        return -1;
    (void)registry_number(registry, &start, "Start", "%s\\Services\\Dhcp", registry->set);
    if (sw_json_set(windows, "dhcp_service", json_boolean(start == START_AUTOMATIC), err) < 0)
        return -1;
    for (size_t i = 0; i < SW_ARRAY_LEN(tools); i++)
        if (registry_number(registry, &start, "Start", "%s\\Services\\%s", registry->set, tools[i][0]) &&
            start <= START_AUTOMATIC && windows_note(windows, "hindering_software", tools[i][1], err) < 0)
            return -1;
    return 0;
}

static int add_drivers(struct registry *registry, json_t *windows, struct sw_err *err)
{
    bool nvme = has_service(registry, "AWSNVMe") || has_service(registry, "stornvme");

    if (sw_json_set(windows, "missing_drivers", json_array(), err) < 0)
        return -1;
    if (!nvme && windows_note(windows, "missing_drivers", "NVMe (AWSNVMe or stornvme)", err) < 0)
        return -1;
    return has_service(registry, "ena") ? 0 : windows_note(windows, "missing_drivers", "ENA (ena)", err);
}

/* One network card. Cards that are no longer there are still told of, and their addresses are of no harm: they come as well. */
static int add_interface(struct registry *registry, const char *guid, json_t *windows, json_t *list,
                         struct sw_err *err)
{
    SW_AUTO_FREE char *name =
        registry_text(registry, "Name", "%s\\" NETWORK "\\%s\\Connection", registry->set, guid);
    SW_AUTO_FREE char *address =
        registry_text(registry, "IPAddress", "%s\\" INTERFACES "\\%s", registry->set, guid);
    SW_AUTO_FREE char *text = NULL;
    const char *shown = name != NULL ? name : guid;
    uint32_t dhcp = 1;
    bool fixed;

    if (!registry_number(registry, &dhcp, "EnableDHCP", "%s\\" INTERFACES "\\%s", registry->set, guid))
        return 0;
    fixed = dhcp == 0 && address != NULL && strcmp(address, "0.0.0.0") != 0;
    if (fixed) {
        text = sw_strf(err, "%s has the address %s", shown, address);
        if (text == NULL || windows_note(windows, "fixed_addresses", text, err) < 0)
            return -1;
    }
    return sw_json_append(list,
                          json_pack("{s:o, s:o, s:s, s:s}", "name", sw_json_bytes(shown, strlen(shown)),
                                    "guid", sw_json_bytes(guid, strlen(guid)), "file", "SYSTEM", "method",
                                    fixed ? "static" : "dhcp"),
                          err);
}

static int add_network(struct registry *registry, json_t *windows, json_t *guest, struct sw_err *err)
{
    AUTO_HIVE_NAMES struct hive_names guids = registry_keys(registry, "%s\\" INTERFACES, registry->set);
    SW_AUTO_JSON json_t *list = json_array();

    if (sw_json_set(windows, "fixed_addresses", json_array(), err) < 0)
        return -1;
    for (size_t i = 0; i < guids.n && i < INTERFACES_MAX; i++)
        if (add_interface(registry, guids.names[i], windows, list, err) < 0)
            return -1;
    return sw_json_set(guest, "network",
                       json_pack("{s:O, s:b}", "interfaces", list, "dhcp_client",
                                 json_is_true(json_object_get(windows, "dhcp_service"))),
                       err);
}

/* "C:\pagefile.sys 1024 4096". Without a drive Windows chooses the place, with sizes of 0 the size. */
static bool is_fixed(const char *pagefile)
{
    const char *sizes = pagefile != NULL ? strrchr(pagefile, '\\') : NULL;
    unsigned least = 0, most = 0;

    if (sizes == NULL || pagefile[0] == '?')
        return false;
    sizes += strcspn(sizes, " ");
    return sscanf(sizes, "%u %u", &least, &most) == 2 && most > 0;
}

static int add_rest(struct registry *registry, json_t *windows, struct sw_err *err)
{
    SW_AUTO_FREE char *pagefile = registry_text(
        registry, "PagingFiles", "%s\\Control\\Session Manager\\Memory Management", registry->set);
    SW_AUTO_FREE char *renames =
        registry_text(registry, "PendingFileRenameOperations", "%s\\Control\\Session Manager", registry->set);
    uint32_t utc = 0;

    (void)registry_number(registry, &utc, "RealTimeIsUniversal", "%s\\Control\\TimeZoneInformation",
                          registry->set);
    if (sw_json_set(windows, "fixed_pagefile", json_boolean(is_fixed(pagefile)), err) < 0 ||
        sw_json_set(windows, "real_time_is_universal", json_boolean(utc == 1), err) < 0)
        return -1;
    return renames != NULL ? windows_note(windows, "pending", "PendingFileRenameOperations", err) : 0;
}

int windows_system(struct registry *registry, json_t *windows, json_t *guest, struct sw_err *err)
{
    if (add_machine(registry, windows, guest, err) < 0 || add_rdp(registry, windows, err) < 0 ||
        add_services(registry, windows, err) < 0 || add_drivers(registry, windows, err) < 0 ||
        add_network(registry, windows, guest, err) < 0)
        return -1;
    return add_rest(registry, windows, err);
}
