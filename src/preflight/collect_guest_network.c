/* The guest's network: which interfaces are configured, by whatever configures them. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/guest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { INTERFACES_MAX = 64, NAME = 128 };

struct interface {
    char name[NAME], mac[NAME];
    const char *method; /* NULL: it takes no part */
};

struct interfaces {
    json_t *list;
    bool failed, networkd, netplan;
};

static void add(struct interfaces *all, const struct interface *one, const char *file)
{
    if (one->method == NULL || json_array_size(all->list) == INTERFACES_MAX)
        return;
    if (json_array_append_new(all->list, json_pack("{s:o, s:o, s:s, s:o}", "name",
                                                   untrusted(one->name[0] != '\0' ? one->name : "*"), "file",
                                                   untrusted(file), "method", one->method, "mac",
                                                   untrusted(one->mac))) < 0)
        all->failed = true;
}

static void end_stanza(struct interfaces *all, struct interface *open, const struct sw_look_entry *file)
{
    add(all, open, file->path);
    *open = (struct interface){.method = NULL};
}

/* ifupdown: "iface NAME inet METHOD" and what belongs to it. */
static void read_interfaces(struct interfaces *all, const struct sw_look_entry *file)
{
    struct lines lines = lines_of(file);
    struct interface open = {.method = NULL};

    while (lines_next_setting(&lines)) {
        char word[4][NAME] = {"", "", "", ""};
        int n = sscanf(lines.text, "%127s %127s %127s %127s", word[0], word[1], word[2], word[3]);

        if (strcmp(word[0], "iface") == 0 || strcmp(word[0], "auto") == 0 ||
            strncmp(word[0], "allow-", 6) == 0 || strcmp(word[0], "mapping") == 0)
            end_stanza(all, &open, file);
        if (n == 4 && strcmp(word[0], "iface") == 0 && strcmp(word[2], "inet") == 0 &&
            strcmp(word[1], "lo") != 0) {
            snprintf(open.name, sizeof(open.name), "%s", word[1]);
            open.method = strcmp(word[3], "dhcp") == 0     ? "dhcp"
                          : strcmp(word[3], "static") == 0 ? "static"
                                                           : "manual";
        } else if (strcmp(word[0], "hwaddress") == 0) {
            snprintf(open.mac, sizeof(open.mac), "%s", strcmp(word[1], "ether") == 0 ? word[2] : word[1]);
        }
    }
    end_stanza(all, &open, file);
}

static bool is_stopped(const struct sw_look_entry *file)
{
    char value[NAME];

    if (setting_of(file, "ONBOOT", value, sizeof(value)) && strcasecmp(value, "no") == 0)
        return true;
    return setting_of(file, "STARTMODE", value, sizeof(value)) &&
           (strcmp(value, "off") == 0 || strcmp(value, "manual") == 0);
}

/* Red Hat's and SUSE's. */
static void read_ifcfg(struct interfaces *all, const struct sw_look_entry *file)
{
    static const char *const macs[] = {"HWADDR", "MACADDR", "LLADDR"};
    const char *name = tree_base(file) + strlen("ifcfg-");
    struct interface one = {.method = "manual"};
    char value[NAME] = "";

    if (strcmp(name, "lo") == 0 || strchr(name, '~') != NULL || strstr(name, ".bak") != NULL ||
        is_stopped(file))
        return;
    if (!setting_of(file, "DEVICE", one.name, sizeof(one.name)) || one.name[0] == '\0')
        snprintf(one.name, sizeof(one.name), "%s", name);
    for (size_t i = 0; i < SW_ARRAY_LEN(macs) && one.mac[0] == '\0'; i++)
        (void)!setting_of(file, macs[i], one.mac, sizeof(one.mac));
    (void)!setting_of(file, "BOOTPROTO", value, sizeof(value));
    if (strncasecmp(value, "dhcp", 4) == 0 || strcasecmp(value, "bootp") == 0)
        one.method = "dhcp";
    else if (setting_of(file, "IPADDR", value, sizeof(value)) ||
             setting_of(file, "IPADDR0", value, sizeof(value)))
        one.method = "static";
    add(all, &one, file->path);
}

/* Files of sections, as NetworkManager and systemd-networkd have them. */
struct section {
    struct lines lines;
    char name[NAME];
    char *key, *value;
};

static bool next_in_section(struct section *section)
{
    while (lines_next_setting(&section->lines)) {
        char *text = section->lines.text;

        if (text[0] == '[') {
            snprintf(section->name, sizeof(section->name), "%.*s", (int)strcspn(text + 1, "]"), text + 1);
            continue;
        }
        if (setting_split(text, '=', &section->key, &section->value))
            return true;
    }
    return false;
}

static bool at_key(const struct section *section, const char *name, const char *key)
{
    return strcasecmp(section->name, name) == 0 && strcasecmp(section->key, key) == 0;
}

static void read_keyfile(struct interfaces *all, const struct sw_look_entry *file)
{
    struct section section = {.lines = lines_of(file)};
    struct interface one = {.method = "dhcp"};
    bool wired = true;

    while (next_in_section(&section)) {
        if (at_key(&section, "connection", "type"))
            wired = strcmp(section.value, "ethernet") == 0 || strcmp(section.value, "802-3-ethernet") == 0;
        else if (at_key(&section, "connection", "interface-name"))
            snprintf(one.name, sizeof(one.name), "%s", section.value);
        else if (at_key(&section, "connection", "autoconnect") && strcmp(section.value, "false") == 0)
            one.method = NULL;
        else if (at_key(&section, "ethernet", "mac-address") ||
                 at_key(&section, "802-3-ethernet", "mac-address"))
            snprintf(one.mac, sizeof(one.mac), "%s", section.value);
        else if (at_key(&section, "ipv4", "method") && one.method != NULL)
            one.method = strcmp(section.value, "auto") == 0     ? "dhcp"
                         : strcmp(section.value, "manual") == 0 ? "static"
                                                                : "manual";
    }
    if (wired)
        add(all, &one, file->path);
}

static void read_networkd(struct interfaces *all, const struct sw_look_entry *file)
{
    struct section section = {.lines = lines_of(file)};
    struct interface one = {.method = "manual"};

    all->networkd = true;
    while (next_in_section(&section)) {
        if (at_key(&section, "Match", "Name"))
            snprintf(one.name, sizeof(one.name), "%s", section.value);
        else if (at_key(&section, "Match", "MACAddress") || at_key(&section, "Match", "PermanentMACAddress"))
            snprintf(one.mac, sizeof(one.mac), "%s", section.value);
        else if (at_key(&section, "Network", "DHCP"))
            one.method =
                setting_is_yes(section.value) || strcmp(section.value, "ipv4") == 0 ? "dhcp" : one.method;
        else if (strcasecmp(section.key, "Address") == 0 && strcmp(one.method, "dhcp") != 0)
            one.method = "static";
    }
    /* e* and en* are no name of one interface. */
    if (strpbrk(one.name, "*?[ ") != NULL)
        strcpy(one.name, "*");
    if (strcmp(one.name, "lo") != 0)
        add(all, &one, file->path);
}

/* netplan: what is indented beneath "ethernets:", a name a level, and settings beneath that. */
static void read_netplan(struct interfaces *all, const struct sw_look_entry *file)
{
    struct lines lines = lines_of(file);
    struct interface open = {.method = NULL};
    unsigned outer = 0, names = 0, settings = 0;
    bool inside = false;
    char *key, *value;

    all->netplan = true;
    while (lines_next_setting(&lines)) {
        if (!setting_split(lines.text, ':', &key, &value))
            continue;
        if (inside && lines.indent <= outer)
            inside = false;
        if (strcmp(key, "ethernets") == 0) {
            inside = true;
            outer = lines.indent;
            names = 0;
            continue;
        }
        if (!inside || (names == 0 && lines.indent <= outer))
            continue;
        if (names == 0 || lines.indent <= names) {
            end_stanza(all, &open, file);
            names = lines.indent;
            settings = 0;
            snprintf(open.name, sizeof(open.name), "%s", key);
            open.method = "manual";
            continue;
        }
        settings = settings == 0 ? lines.indent : settings;
        if (strcmp(key, "dhcp4") == 0 && setting_is_yes(value) && lines.indent == settings) {
            open.method = "dhcp";
        } else if (strcmp(key, "addresses") == 0 && lines.indent == settings &&
                   strcmp(open.method, "dhcp") != 0) {
            open.method = "static";
        } else if (strcmp(key, "macaddress") == 0) {
            snprintf(open.mac, sizeof(open.mac), "%s", value);
        } else if (strcmp(key, "name") == 0) {
            snprintf(open.name, sizeof(open.name), "%s", strpbrk(value, "*?[") != NULL ? "*" : value);
        }
    }
    end_stanza(all, &open, file);
}

static bool is_written_anew(const struct sw_look_entry *file)
{
    return strstr(file->path, "50-cloud-init") != NULL || text_has(file, "cloud-init");
}

static const struct {
    const char *glob;
    void (*read)(struct interfaces *all, const struct sw_look_entry *file);
} readers[] = {{"/etc/network/interfaces", read_interfaces},
               {"/etc/network/interfaces.d/*", read_interfaces},
               {"/etc/sysconfig/network-scripts/ifcfg-*", read_ifcfg},
               {"/etc/sysconfig/network/ifcfg-*", read_ifcfg},
               {"/etc/NetworkManager/system-connections/*", read_keyfile},
               {"/etc/netplan/*.yaml", read_netplan},
               {"/etc/systemd/network/*.network", read_networkd}};

/* What cloud-init wrote for one instance it writes for the next again. */
static void read_all(const struct tree *tree, bool cloud, struct interfaces *all)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(readers); i++) {
        const struct sw_look_entry *file;
        size_t at = 0;

        while ((file = tree_next(tree, readers[i].glob, &at)) != NULL)
            if (!(cloud && is_written_anew(file)))
                readers[i].read(all, file);
    }
    if (json_array_size(all->list) == 0 && cloud)
        add(all, &(struct interface){.name = "*", .method = "dhcp"}, "cloud-init");
    else if (json_array_size(all->list) == 0 && tree_has(tree, "/usr/sbin/NetworkManager"))
        add(all, &(struct interface){.name = "*", .method = "dhcp"}, "NetworkManager");
}

static bool has_settings(const struct sw_look_entry *file)
{
    struct lines lines = lines_of(file);

    return lines_next_setting(&lines);
}

/* What names an interface by its address. */
static json_t *list_persistent(struct finding *finding)
{
    static const char *const globs[] = {"/etc/udev/rules.d/*persistent-net*.rules",
                                        "/etc/systemd/network/*.link"};
    json_t *list = json_array();

    for (size_t i = 0; i < SW_ARRAY_LEN(globs); i++) {
        const struct sw_look_entry *file;
        size_t at = 0;

        while ((file = tree_next(&finding->tree, globs[i], &at)) != NULL) {
            bool link = strstr(file->path, ".link") != NULL;

            if (!has_settings(file) || (link && !(text_has(file, "MACAddress=") && text_has(file, "Name="))))
                continue;
            if (json_array_append_new(list, tree_path(file)) < 0)
                finding->failed = true;
        }
    }
    return list;
}

static bool has_client(const struct tree *tree, const struct interfaces *all)
{
    static const char *const globs[] = {"/*bin/dhclient*",          "/*bin/dhcpcd*",    "/*bin/udhcpc",
                                        "/usr/*bin/dhclient",       "/usr/*bin/dhcpcd", "/usr/*bin/udhcpc",
                                        "/usr/sbin/NetworkManager", "/usr/sbin/wickedd"};
    static const char *const networkd[] = {"systemd-networkd.service", NULL};

    for (size_t i = 0; i < SW_ARRAY_LEN(globs); i++)
        if (tree_any(tree, globs[i]))
            return true;
    return tree_has(tree, "/lib/systemd/systemd-networkd") &&
           (all->networkd || all->netplan || unit_enabled(tree, networkd));
}

static bool says_network(const struct sw_look_entry *file)
{
    struct lines lines = lines_of(file);
    char *key, *value;

    while (lines_next_setting(&lines))
        if (lines.indent == 0 && setting_split(lines.text, ':', &key, &value) && strcmp(key, "network") == 0)
            return true;
    return false;
}

/* Does cloud-init write the network anew? Not where its configuration says "network:", which outranks the datasource. */
static bool cloud_writes(const struct tree *tree)
{
    const struct sw_look_entry *file;
    size_t at = 0;

    if (!tree_has(tree, "/usr/bin/cloud-init") || tree_has(tree, "/etc/cloud/cloud-init.disabled") ||
        says_network(tree_find(tree, "/etc/cloud/cloud.cfg")))
        return false;
    while ((file = tree_next(tree, "/etc/cloud/cloud.cfg.d/*.cfg", &at)) != NULL)
        if (says_network(file))
            return false;
    return true;
}

void collect_network(struct finding *finding)
{
    const struct tree *tree = &finding->tree;
    struct interfaces all = {.list = json_array()};

    read_all(tree, cloud_writes(tree), &all);
    finding->failed = finding->failed || all.failed;
    finding_set(finding, "network",
                json_pack("{s:o, s:o, s:b}", "interfaces", all.list, "persistent", list_persistent(finding),
                          "dhcp_client", has_client(tree, &all)));
}
