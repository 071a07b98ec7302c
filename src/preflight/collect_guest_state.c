/* What is installed in the guest, and what it brings along that is its own: labels, identity, another hypervisor's tools. */
#include "slipway/packages.h"
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/guest.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PACKAGES_MAX = 20000, TEXT_BYTES = 256 };

/* ---- packages ---- */

struct packages {
    json_t *list, *tools;
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

static int take_package(void *arg, const struct sw_installed *package, struct sw_err *err)
{
    struct packages *all = arg;
    char name[TEXT_BYTES], version[TEXT_BYTES], both[2 * TEXT_BYTES];

    if (!package->installed || json_array_size(all->list) == PACKAGES_MAX)
        return 0;
    snprintf(name, sizeof(name), "%.*s", (int)package->name.len, package->name.at);
    snprintf(version, sizeof(version), "%.*s", (int)package->version.len,
             package->version.len > 0 ? package->version.at : "");
    snprintf(both, sizeof(both), "%s %s", name, version);
    if (sw_json_append(all->list,
                       json_pack("{s:o, s:o}", "name", untrusted(name), "version", untrusted(version)),
                       err) < 0)
        return -1;
    if (!is_tools(name) || strcmp(name, "open-vm-tools-desktop") == 0)
        return 0;
    return sw_json_append(all->tools, untrusted(both), err);
}

/* The first database that is there and holds something is the guest's. A damaged one is told of, and no list of it. */
static void read_packages(struct finding *finding, struct packages *all)
{
    for (size_t i = 0; i < sw_nr_package_databases && json_array_size(all->list) == 0; i++) {
        const struct sw_package_database *database = &sw_package_databases[i];
        const struct sw_look_entry *file = tree_find(&finding->tree, database->path);
        struct sw_err cause = {.code = SW_OK};

        if (file == NULL || !S_ISREG(file->mode))
            continue;
        if ((file->flags & (SW_LOOK_CUT | SW_LOOK_UNREAD)) != 0)
            sw_fail(&cause, SW_REFUSED, "it could not be read as a whole");
        else if (sw_packages_read(database, file->len > 0 ? (const void *)file->data : "", file->len,
                                  take_package, all, &cause) == 0) {
            finding_set(finding, "packages",
                        json_pack("{s:s, s:O}", "manager", database->manager, "list", all->list));
            continue;
        }
        json_array_clear(all->list);
        finding_set(finding, "packages",
                    json_pack("{s:s, s:o}", "manager", database->manager, "unread", untrusted(cause.text)));
    }
}

static void collect_packages(struct finding *finding)
{
    /* Programs that nothing else has, for what no list of packages knows of. */
    static const char *const programs[][2] = {{"/usr/bin/vmtoolsd", "vmtoolsd"},
                                              {"/etc/vmware-tools/*", "VMware Tools"},
                                              {"/usr/sbin/VBoxService", "VBoxService"},
                                              {"/opt/VBoxGuestAdditions*", "VirtualBox Guest Additions"},
                                              {"/usr/bin/prltoolsd", "Parallels Tools"}};
    SW_AUTO_JSON json_t *list = json_array();
    SW_AUTO_JSON json_t *tools = json_array();
    struct packages all = {.list = list, .tools = tools};

    read_packages(finding, &all);
    for (size_t i = 0; i < SW_ARRAY_LEN(programs) && json_array_size(tools) == 0; i++)
        if (tree_any(&finding->tree, programs[i][0]))
            json_array_append_new(tools, json_string(programs[i][1]));
    finding_set(finding, "hypervisor_tools", json_incref(tools));
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
