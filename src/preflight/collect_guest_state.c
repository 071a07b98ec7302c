/* What is installed in the guest, and what it brings along that is its own: labels, identity, another hypervisor's tools. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/guest.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PACKAGES_MAX = 20000, NAME = 256 };

/* ---- packages ---- */

struct package {
    char name[NAME], version[NAME];
    bool installed;
};

static bool is_tools(const char *name)
{
    static const char *const globs[] = {"open-vm-tools*", "vmware-tools*", "virtualbox-guest-*",
                                        "prl-tools*",     "parallels-*",   "xe-guest-utilities*"};

    for (size_t i = 0; i < SW_ARRAY_LEN(globs); i++)
        if (fnmatch(globs[i], name, 0) == 0)
            return true;
    return false;
}

static void end_package(struct package *package, json_t *packages, json_t *tools)
{
    char text[2 * NAME + 2];

    if (package->installed && package->name[0] != '\0' && json_array_size(packages) < PACKAGES_MAX) {
        json_array_append_new(packages, json_pack("{s:o, s:o}", "name", untrusted(package->name), "version",
                                                  untrusted(package->version)));
        snprintf(text, sizeof(text), "%s %s", package->name, package->version);
        if (is_tools(package->name) && strcmp(package->name, "open-vm-tools-desktop") != 0)
            json_array_append_new(tools, untrusted(text));
    }
    *package = (struct package){.installed = false};
}

/* dpkg's own list: paragraphs of "Key: value", parted by empty lines. */
static void read_dpkg(const struct sw_look_entry *status, json_t *packages, json_t *tools)
{
    struct lines lines = lines_of(status);
    struct package package = {.installed = false};

    while (lines_next(&lines)) {
        char *key, *value;

        if (lines.text[0] == '\0') {
            end_package(&package, packages, tools);
            continue;
        }
        if (lines.indent > 0 || !setting_split(lines.text, ':', &key, &value))
            continue;
        if (strcmp(key, "Package") == 0)
            snprintf(package.name, sizeof(package.name), "%s", value);
        else if (strcmp(key, "Version") == 0)
            snprintf(package.version, sizeof(package.version), "%s", value);
        else if (strcmp(key, "Status") == 0)
            package.installed = strcmp(value, "install ok installed") == 0;
    }
    end_package(&package, packages, tools);
}

static void collect_packages(struct finding *finding)
{
    /* Programs that nothing else has, for what no list of packages knows of. */
    static const char *const programs[][2] = {{"/usr/bin/vmtoolsd", "vmtoolsd"},
                                              {"/etc/vmware-tools/*", "VMware Tools"},
                                              {"/usr/sbin/VBoxService", "VBoxService"},
                                              {"/opt/VBoxGuestAdditions*", "VirtualBox Guest Additions"},
                                              {"/usr/bin/prltoolsd", "Parallels Tools"}};
    const struct sw_look_entry *status = tree_find(&finding->tree, "/var/lib/dpkg/status");
    SW_AUTO_JSON json_t *packages = json_array();
    json_t *tools = json_array();

    read_dpkg(status, packages, tools);
    for (size_t i = 0; i < SW_ARRAY_LEN(programs) && json_array_size(tools) == 0; i++)
        if (tree_any(&finding->tree, programs[i][0]))
            json_array_append_new(tools, json_string(programs[i][1]));
    finding_set(finding, "hypervisor_tools", tools);
    if (status != NULL)
        finding_set(finding, "packages", json_pack("{s:s, s:O}", "manager", "dpkg", "list", packages));
    else if (tree_any(&finding->tree, "/var/lib/rpm/*") ||
             tree_any(&finding->tree, "/usr/lib/sysimage/rpm/*"))
        finding_set(finding, "packages", json_pack("{s:s}", "manager", "rpm"));
}

/* ---- labels ---- */

static void collect_selinux(struct finding *finding)
{
    const struct sw_look *look = finding->tree.look;
    char mode[32] = "disabled";
    json_int_t unlabelled = 0;

    (void)!setting_of(tree_find(&finding->tree, "/etc/selinux/config"), "SELINUX", mode, sizeof(mode));
    for (size_t i = 0; i < look->n; i++) {
        const struct sw_look_entry *entry = &look->entries[i];

        if (entry->kind == SW_LOOK_FILE && entry->group == finding->tree.group &&
            strncmp(entry->path, "/etc/", 5) == 0 && strchr(entry->path + 5, '/') == NULL &&
            tree_find(&finding->tree, entry->path) == entry && (entry->flags & SW_LOOK_LABELLED) == 0)
            unlabelled++;
    }
    finding_set(finding, "selinux",
                json_pack("{s:o, s:I, s:b}", "mode", untrusted(mode), "unlabelled", unlabelled, "autorelabel",
                          tree_has(&finding->tree, "/.autorelabel")));
}

/* ---- identity ---- */

static bool has_machine_id(const struct tree *tree)
{
    struct lines lines = lines_of(tree_find(tree, "/etc/machine-id"));

    return lines_next(&lines) && lines.text[0] != '\0' && strcmp(lines.text, "uninitialized") != 0;
}

/* A lease that is empty is none. */
static bool has_leases(const struct tree *tree)
{
    static const char *const globs[] = {"/var/lib/dhcp/*", "/var/lib/dhclient/*",
                                        "/var/lib/NetworkManager/*.lease"};

    for (size_t i = 0; i < SW_ARRAY_LEN(globs); i++) {
        const struct sw_look_entry *file;
        size_t at = 0;

        while ((file = tree_next(tree, globs[i], &at)) != NULL)
            if (S_ISREG(file->mode) && file->size_bytes > 0)
                return true;
    }
    return false;
}

static void collect_identity(struct finding *finding)
{
    const struct tree *tree = &finding->tree;

    finding_set(finding, "identity",
                json_pack("{s:b, s:b, s:b, s:b}", "machine_id", has_machine_id(tree), "host_keys",
                          tree_any(tree, "/etc/ssh/ssh_host_*_key"), "leases", has_leases(tree), "cloud",
                          tree_find(tree, "/var/lib/cloud/instance") != NULL ||
                              tree_any(tree, "/var/lib/cloud/instances/*")));
}

void collect_state(struct finding *finding)
{
    collect_packages(finding);
    collect_selinux(finding);
    collect_identity(finding);
}
