/* The guest's services: whether anybody can come in by SSH, and whether cloud-init will ask EC2. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/guest.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_masked(const struct tree *tree, const char *unit)
{
    const struct sw_look_entry *link;
    char path[256];

    snprintf(path, sizeof(path), "/etc/systemd/system/%s", unit);
    link = tree_find(tree, path);
    return link != NULL && strcmp(link->link, "/dev/null") == 0;
}

/* A link of that name where units are started from. */
static bool is_wanted(const struct tree *tree, const char *unit)
{
    static const char *const stems[] = {"/etc/systemd/system/*.wants/", "/lib/systemd/system/*.wants/"};
    char glob[256];

    for (size_t i = 0; i < SW_ARRAY_LEN(stems); i++) {
        snprintf(glob, sizeof(glob), "%s%s", stems[i], unit);
        if (tree_any(tree, glob))
            return true;
    }
    return false;
}

/* S20ssh in a folder of runlevels, or OpenRC's. */
static bool is_linked(const struct tree *tree, const char *unit)
{
    static const char *const globs[] = {"/etc/rc[2345].d/S??", "/etc/rc.d/rc[345].d/S??",
                                        "/etc/init.d/rc[35].d/S??", "/etc/runlevels/default/"};
    size_t len = strcspn(unit, ".");
    char glob[256];

    for (size_t i = 0; i < SW_ARRAY_LEN(globs); i++) {
        snprintf(glob, sizeof(glob), "%s%.*s", globs[i], (int)len, unit);
        if (tree_any(tree, glob))
            return true;
    }
    snprintf(glob, sizeof(glob), "/etc/init/%.*s.conf", (int)len, unit);
    return tree_has(tree, glob);
}

bool unit_enabled(const struct tree *tree, const char *const *names)
{
    bool systemd = tree_has(tree, "/lib/systemd/systemd");

    for (; *names != NULL; names++)
        if (!is_masked(tree, *names) && (is_wanted(tree, *names) || (!systemd && is_linked(tree, *names))))
            return true;
    return false;
}

static bool enabled(const struct tree *tree, const char *unit)
{
    const char *const names[] = {unit, NULL};

    return unit_enabled(tree, names);
}

/* iptables-save's: the chain's policy drops, and no rule speaks of the port. */
static bool is_closed_table(const struct sw_look_entry *rules)
{
    return text_has(rules, ":INPUT DROP") && !text_has(rules, "dport 22") && !text_has(rules, "dport ssh") &&
           !text_has(rules, "dports 22");
}

static bool is_closed_nft(const struct sw_look_entry *rules)
{
    return text_has(rules, "hook input") && text_has(rules, "policy drop") && !text_has(rules, "ssh") &&
           !text_has(rules, "dport 22") && !text_has(rules, " 22,") && !text_has(rules, ", 22");
}

static bool is_closed_zone(const struct tree *tree)
{
    char zone[64] = "public", path[128];
    const struct sw_look_entry *file;

    (void)!setting_of(tree_find(tree, "/etc/firewalld/firewalld.conf"), "DefaultZone", zone, sizeof(zone));
    if (strcmp(zone, "drop") == 0 || strcmp(zone, "block") == 0)
        return true;
    snprintf(path, sizeof(path), "/etc/firewalld/zones/%s.xml", zone);
    file = tree_find(tree, path);
    /* The zones that come with it let SSH in. */
    return file != NULL && !text_has(file, "\"ssh\"") && !text_has(file, "port=\"22\"") &&
           !text_has(file, "target=\"ACCEPT\"");
}

static bool is_blocked(const struct tree *tree)
{
    char on[16] = "";

    (void)!setting_of(tree_find(tree, "/etc/ufw/ufw.conf"), "ENABLED", on, sizeof(on));
    if (setting_is_yes(on) && !text_has(tree_find(tree, "/etc/ufw/user.rules"), "22"))
        return true;
    return (enabled(tree, "iptables.service") &&
            is_closed_table(tree_find(tree, "/etc/sysconfig/iptables"))) ||
           (enabled(tree, "netfilter-persistent.service") &&
            is_closed_table(tree_find(tree, "/etc/iptables/rules.v4"))) ||
           (enabled(tree, "nftables.service") &&
            (is_closed_nft(tree_find(tree, "/etc/nftables.conf")) ||
             is_closed_nft(tree_find(tree, "/etc/sysconfig/nftables.conf")))) ||
           (enabled(tree, "firewalld.service") && is_closed_zone(tree));
}

static bool has_way_in(const struct tree *tree)
{
    static const char *const globs[] = {"/root/.ssh/authorized_keys", "/home/*/.ssh/authorized_keys"};

    for (size_t i = 0; i < SW_ARRAY_LEN(globs); i++) {
        const struct sw_look_entry *file;
        size_t at = 0;

        while ((file = tree_next(tree, globs[i], &at)) != NULL) {
            struct lines lines = lines_of(file);

            if (lines_next_setting(&lines))
                return true;
        }
    }
    return false;
}

static json_t *collect_ssh(const struct tree *tree)
{
    static const char *const units[] = {"ssh.service", "sshd.service", "ssh.socket",       "sshd.socket",
                                        "sshd",        "ssh",          "dropbear.service", NULL};

    return json_pack("{s:b, s:b, s:b, s:b}", "installed",
                     tree_has(tree, "/usr/sbin/sshd") || tree_has(tree, "/usr/sbin/dropbear"), "enabled",
                     unit_enabled(tree, units), "blocked", is_blocked(tree), "way_in", has_way_in(tree));
}

/* "[ A, B ]" on the line of the key, or a list of lines that begin with a dash. */
static void take_sources(char *text, json_t *list)
{
    char *rest = text, *word;

    while ((word = strsep(&rest, "[], \t\"'-")) != NULL)
        if (word[0] != '\0' && word[0] != '#' && json_array_size(list) < 64)
            json_array_append_new(list, untrusted(word));
}

/* The last file that has the list has the word. */
static void read_sources(const struct sw_look_entry *file, json_t *list)
{
    struct lines lines = lines_of(file);
    bool open = false;

    while (lines_next_setting(&lines)) {
        char *key, *value;

        if (open && lines.text[0] == '-') {
            take_sources(lines.text, list);
            continue;
        }
        open = false;
        if (!setting_split(lines.text, ':', &key, &value) || strcmp(key, "datasource_list") != 0)
            continue;
        json_array_clear(list);
        take_sources(value, list);
        open = value[0] == '\0' || strchr(value, ']') == NULL;
    }
}

/* What the configuration says of host keys; the last word counts. */
struct key_words {
    bool module; /* the module "ssh" is among those that run at boot */
    bool keeps;  /* ssh_deletekeys: false */
};

/* "- ssh", "- [ssh, always]" */
static bool is_module(const char *item, const char *name)
{
    size_t len = strlen(name);

    item += strspn(item, "-[ \t\"'");
    return strncmp(item, name, len) == 0 && strcspn(item + len, ",] \t\"'") == 0;
}

static void read_key_words(const struct sw_look_entry *file, struct key_words *words)
{
    struct lines lines = lines_of(file);
    bool in_modules = false;

    while (lines_next_setting(&lines)) {
        char *key, *value;

        if (lines.text[0] == '-') {
            words->module = words->module || (in_modules && is_module(lines.text, "ssh"));
            continue;
        }
        in_modules = false;
        if (!setting_split(lines.text, ':', &key, &value))
            continue;
        if (strcmp(key, "ssh_deletekeys") == 0) {
            value[strcspn(value, " \t#")] = '\0';
            words->keeps = !setting_is_yes(value);
        } else if (strcmp(key, "cloud_init_modules") == 0) {
            in_modules = true;
            words->module = false;
            for (char *rest = value, *word; (word = strsep(&rest, "[], \t\"'")) != NULL;)
                words->module = words->module || strcmp(word, "ssh") == 0;
        }
    }
}

static json_t *collect_cloud(struct finding *finding)
{
    const struct tree *tree = &finding->tree;
    const char *line = json_string_value(json_object_get(finding->out, "cmdline"));
    json_t *sources = json_array();
    struct key_words words = {.module = false};
    const struct sw_look_entry *file;
    size_t at = 0;

    read_sources(tree_find(tree, "/etc/cloud/cloud.cfg"), sources);
    read_key_words(tree_find(tree, "/etc/cloud/cloud.cfg"), &words);
    while ((file = tree_next(tree, "/etc/cloud/cloud.cfg.d/*.cfg", &at)) != NULL) {
        read_sources(file, sources);
        read_key_words(file, &words);
    }
    return json_pack("{s:b, s:b, s:b, s:o}", "installed", tree_has(tree, "/usr/bin/cloud-init"), "disabled",
                     tree_has(tree, "/etc/cloud/cloud-init.disabled") ||
                         (line != NULL && strstr(line, "cloud-init=disabled") != NULL),
                     "new_host_keys", words.module && !words.keeps, "datasources", sources);
}

void collect_services(struct finding *finding)
{
    finding_set(finding, "ssh", collect_ssh(&finding->tree));
    finding_set(finding, "cloud_init", collect_cloud(finding));
}
