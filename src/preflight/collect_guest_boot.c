/* What starts the guest: the boot loader's configurations, its default entry, and the kernel's command line. */
#include "src/base/cleanup.h"
#include "src/base/digest.h"
#include "src/base/json.h"
#include "src/preflight/grub.h"
#include "src/preflight/guest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* One that only leads to another says nothing of its own. */
static bool is_stub(const struct sw_look_entry *config)
{
    return text_has(config, "configfile") && !text_has(config, "menuentry") && !text_has(config, "blscfg");
}

static const char *const config_globs[] = {"/boot/grub2/grub.cfg", "/boot/grub/grub.cfg",
                                           "/boot/efi/EFI/*/grub.cfg", "/boot/grub/menu.lst",
                                           "/boot/grub/grub.conf"};

static bool is_legacy(const struct sw_look_entry *config)
{
    return config != NULL && strcmp(tree_base(config), "grub.cfg") != 0;
}

/* In the order in which they are believed; those of GRUB 2 make others old. */
static const struct sw_look_entry *main_config(const struct tree *tree)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(config_globs); i++) {
        const struct sw_look_entry *config;
        size_t at = 0;

        while ((config = tree_next(tree, config_globs[i], &at)) != NULL)
            if (config->len > 0 && !is_stub(config))
                return config;
    }
    return NULL;
}

static json_t *list_configs(struct finding *finding)
{
    json_t *list = json_array();

    for (size_t i = 0; i < SW_ARRAY_LEN(config_globs); i++) {
        const struct sw_look_entry *config;
        size_t at = 0;

        while ((config = tree_next(&finding->tree, config_globs[i], &at)) != NULL) {
            char hex[SW_SHA256_HEX];
            struct sw_err err = {.code = SW_OK};

            /* GRUB 1's and GRUB 2's speak different languages: only likes can be the same. */
            if (config->len == 0 || is_stub(config) ||
                is_legacy(config) != is_legacy(main_config(&finding->tree)))
                continue;
            if (sw_sha256_hex(config->data, config->len, hex, &err) < 0 ||
                json_array_append_new(list,
                                      json_pack("{s:o, s:s}", "path", tree_path(config), "sha256", hex)) < 0)
                finding->failed = true;
        }
    }
    return list;
}

static const char *other_loader(const struct tree *tree)
{
    static const struct {
        const char *path, *kind;
    } others[] = {{"/boot/extlinux/extlinux.conf", "extlinux"},
                  {"/boot/syslinux/syslinux.cfg", "syslinux"},
                  {"/etc/lilo.conf", "LILO"},
                  {"/boot/efi/loader/loader.conf", "systemd-boot"},
                  {"/efi/loader/loader.conf", "systemd-boot"},
                  {"/boot/loader/loader.conf", "systemd-boot"}};

    for (size_t i = 0; i < SW_ARRAY_LEN(others); i++)
        if (tree_has(tree, others[i].path))
            return others[i].kind;
    return NULL;
}

/* What is told where no configuration of a boot loader has a line. */
static void line_elsewhere(const struct tree *tree, char *line, size_t len)
{
    const struct sw_look_entry *file = tree_find(tree, "/etc/kernel/cmdline");
    struct lines lines = lines_of(file);

    if (file != NULL && lines_next(&lines))
        snprintf(line, len, "%s", lines.text);
    else
        (void)!setting_of(tree_find(tree, "/etc/default/grub"), "GRUB_CMDLINE_LINUX", line, len);
}

/* Names of a kernel or an initramfs, which the survey brings wherever GRUB would look for them. */
static bool is_surveyed(const char *path)
{
    static const char *const stems[] = {"vmlinuz", "kernel-", "initrd", "initramfs"};
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;

    if (strchr(path, '$') != NULL ||
        (base != path + 1 && strncmp(path, "/boot/", (size_t)(base - path)) != 0))
        return false;
    for (size_t i = 0; i < SW_ARRAY_LEN(stems); i++)
        if (strncmp(base, stems[i], strlen(stems[i])) == 0)
            return true;
    return false;
}

/* What the entry that boots names, and is not there. */
static json_t *missing_of(const struct tree *tree, const struct boot_entry *entry)
{
    const char *const paths[] = {entry != NULL ? entry->kernel : "", entry != NULL ? entry->initrd : ""};
    json_t *list = json_array();

    for (size_t i = 0; i < SW_ARRAY_LEN(paths); i++)
        if (is_surveyed(paths[i]) && !tree_has(tree, paths[i]) &&
            json_array_append_new(list, untrusted(paths[i])) < 0)
            break;
    return list;
}

/* What root= or resume= names and is on none of the disks; NULL where that cannot be told. */
static json_t *lost_of(const struct guest *guest, const char *line, const char *name)
{
    const char *at = line, *value = NULL;
    size_t n = strlen(name), len = 0;
    char spec[256];
    bool told;

    /* The last word counts. */
    while (*at != '\0') {
        size_t word = strcspn(at, " \t");

        if (word > n && strncmp(at, name, n) == 0) {
            value = at + n;
            len = word - n;
        }
        at += word + strspn(at + word, " \t");
    }
    if (value == NULL || len >= sizeof(spec))
        return NULL;
    snprintf(spec, sizeof(spec), "%.*s", (int)len, value);
    if (strchr(spec, '$') != NULL || guest_device_of(guest, spec, &told) != NULL || !told)
        return NULL;
    return untrusted(spec);
}

void collect_boot(struct finding *finding)
{
    const struct tree *tree = &finding->tree;
    const struct sw_look_entry *config = main_config(tree);
    const char *other = config == NULL ? other_loader(tree) : NULL;
    SW_AUTO_FREE struct grub_menu *menu = calloc(1, sizeof(*menu));
    const struct boot_entry *entry;
    char line[LINE_BYTES] = "";
    json_t *loader;

    if (menu == NULL) {
        finding->failed = true;
        return;
    }
    if (config != NULL)
        (is_legacy(config) ? grub_read_legacy : grub_read)(tree, config, menu);
    entry = menu->chosen;
    loader = json_pack("{s:s, s:b, s:o, s:o, s:o}", "kind",
                       config != NULL  ? is_legacy(config) ? "grub" : "grub2"
                       : other != NULL ? other
                                       : "nothing that is known",
                       "bls", menu->bls, "default",
                       entry != NULL ? untrusted(entry->title[0] != '\0' ? entry->title : entry->kernel)
                                     : json_null(),
                       "missing", missing_of(tree, entry), "configs", list_configs(finding));
    /* Of what nobody here reads no default can be told. */
    if (other != NULL)
        json_object_set_new(loader, "default", json_string(other));
    finding_set(finding, "bootloader", loader);
    if (entry == NULL && menu->n > 0)
        entry = &menu->entries[0];
    if (entry != NULL && entry->kernel[0] != '\0')
        snprintf(line, sizeof(line), "%s", entry->line);
    else
        line_elsewhere(tree, line, sizeof(line));
    if (line[0] != '\0') {
        finding_set(finding, "cmdline", untrusted(line));
        finding_set(finding, "lost",
                    json_pack("{s:o*, s:o*}", "root", lost_of(finding->guest, line, "root="), "resume",
                              lost_of(finding->guest, line, "resume=")));
    }
    finding_set(finding, "kernels", collect_kernels(tree, menu->chosen));
}
