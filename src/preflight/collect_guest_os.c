/* Which system the guest is, by the files that name it, and for which processor. */
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/base/json.h"
#include "src/preflight/guest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void finding_set(struct finding *finding, const char *key, json_t *value)
{
    if (value == NULL || json_object_set_new(finding->out, key, value) < 0)
        finding->failed = true;
}

/* "CentOS release 6.10 (Final)": systems from before os-release. */
static const struct {
    const char *stem, *id;
} old_names[] = {{"Red Hat Enterprise Linux", "rhel"},
                 {"CentOS", "centos"},
                 {"Oracle Linux", "ol"},
                 {"Fedora", "fedora"},
                 {"Rocky", "rocky"},
                 {"AlmaLinux", "almalinux"},
                 {"Amazon Linux", "amzn"},
                 {"SUSE Linux Enterprise", "sles"}};

static bool name_by_release(const struct tree *tree, char id[64], char version[64])
{
    static const char *const paths[] = {"/etc/oracle-release", "/etc/centos-release", "/etc/redhat-release",
                                        "/etc/SuSE-release",   "/etc/system-release", NULL};
    const struct sw_look_entry *entry = tree_first(tree, paths);
    struct lines lines = lines_of(entry);

    if (entry == NULL || !lines_next(&lines))
        return false;
    for (size_t i = 0; i < SW_ARRAY_LEN(old_names); i++) {
        const char *at = lines.text + strcspn(lines.text, "0123456789");

        if (strncmp(lines.text, old_names[i].stem, strlen(old_names[i].stem)) != 0)
            continue;
        snprintf(id, 64, "%s", old_names[i].id);
        snprintf(version, 64, "%.*s", (int)strspn(at, "0123456789."), at);
        return true;
    }
    return false;
}

/* Debian says in os-release which release it is, and in a file of its own which point release. */
static void refine(const struct tree *tree, const char *id, char version[64])
{
    static const char *const centos[] = {"/etc/centos-release", NULL};
    const struct sw_look_entry *entry = strcmp(id, "debian") == 0   ? tree_find(tree, "/etc/debian_version")
                                        : strcmp(id, "centos") == 0 ? tree_first(tree, centos)
                                                                    : NULL;
    struct lines lines = lines_of(entry);
    const char *at;
    size_t len;

    if (entry == NULL || !lines_next(&lines))
        return;
    at = lines.text + strcspn(lines.text, "0123456789");
    len = strspn(at, "0123456789.");
    if (len > strlen(version) && len < 64 && strncmp(at, version, strlen(version)) == 0)
        snprintf(version, 64, "%.*s", (int)len, at);
}

static void tell_system(struct finding *finding)
{
    static const char *const paths[] = {"/etc/os-release", "/usr/lib/os-release", NULL};
    const struct sw_look_entry *entry = tree_first(&finding->tree, paths);
    char id[64] = "", version[64] = "", name[256] = "";

    (void)!setting_of(entry, "ID", id, sizeof(id));
    (void)!setting_of(entry, "VERSION_ID", version, sizeof(version));
    (void)!setting_of(entry, "PRETTY_NAME", name, sizeof(name));
    if (id[0] == '\0' && !name_by_release(&finding->tree, id, version) &&
        tree_has(&finding->tree, "/etc/debian_version"))
        snprintf(id, sizeof(id), "debian");
    refine(&finding->tree, id, version);
    finding_set(finding, "os",
                json_pack("{s:o, s:o, s:o}", "id", untrusted(id), "version", untrusted(version), "name",
                          untrusted(name)));
}

static const char *architecture(const struct tree *tree)
{
    static const char *const paths[] = {"/sbin/init", "/bin/sh", "/usr/bin/env", NULL};

    for (const char *const *path = paths; *path != NULL; path++) {
        const struct sw_look_entry *entry = tree_find(tree, *path);

        if (entry == NULL || entry->len < 20 ||
            memcmp(entry->data,
                   "\x7f"
                   "ELF",
                   4) != 0 ||
            entry->data[5] != 1)
            continue;
        switch (le16_get(entry->data + 18)) {
        case 62:
            return entry->data[4] == 2 ? "x86_64" : "x32";
        case 3:
            return "i386";
        case 183:
            return "arm64";
        case 40:
            return "arm";
        default:
            return "other";
        }
    }
    return NULL;
}

void collect_os(struct finding *finding)
{
    const char *machine = architecture(&finding->tree);

    tell_system(finding);
    if (machine != NULL)
        finding_set(finding, "architecture", json_string(machine));
}
