/* Rules about how a Linux guest boots: kernels, their initramfs, GRUB, the command line. */
#include "src/preflight/rules.h"

#include "src/base/cleanup.h"
#include "src/preflight/kernels.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const json_t *kernels_of(const struct ev *ev, struct ruling *ruling)
{
    return ev_need(ev_linux(ev, ruling), "kernels", ruling);
}

static const char *why_not_listed(enum listed listed)
{
    switch (listed) {
    case LISTED_OTHER_VERSION:
        return "the kernel is on the list, but this version of its system is not on the list";
    case LISTED_NO_SYSTEM:
        return "its system is not on the list";
    case LISTED_NO_VERSION:
        return "this version of its system is not on the list";
    case LISTED_NO_KERNEL:
        return "this kernel is not on the list";
    case LISTED_NO_FLAVOUR:
        return "this flavour of the kernel is not on the list";
    default:
        return "";
    }
}

/* How VM Import picks the kernel among several is not documented: one that is not the default is worth a note. */
static void kernel_listed(const struct ev *ev, struct ruling *ruling)
{
    const json_t *list = kernels_of(ev, ruling), *kernel;
    const char *date = ev_text(ev->systems, "date");
    const char *system = ev_text(ev->guest, "os.id"), *release = ev_text(ev->guest, "os.version");
    size_t i;

    if (list != NULL && json_array_size(list) == 0)
        found(ruling, ALL_LANES, "/boot", "no kernel was found");
    json_array_foreach (list, i, kernel) {
        const char *version = ev_text(kernel, "version");
        enum listed listed = kernels_listed(ev_get(ev->systems, "systems"), system, release, version);

        if (listed == LISTED)
            continue;
        if (listed == LISTED_OTHER_VERSION || ev_false(kernel, "default"))
            found_note(ruling, ALL_LANES, version, "%s%s of %s",
                       ev_false(kernel, "default") ? "not the default; " : "", why_not_listed(listed), date);
        else
            found(ruling, ALL_LANES, version, "%s%s%s: %s of %s",
                  system[0] != '\0' ? system : "a system without a name", release[0] != '\0' ? " " : "",
                  release, why_not_listed(listed), date);
    }
}

static void grub_default(const struct ev *ev, struct ruling *ruling)
{
    const json_t *loader = ev_need(ev_linux(ev, ruling), "bootloader", ruling);

    if (loader != NULL && ev_text(loader, "default")[0] == '\0')
        found(ruling, ALL_LANES, ev_true(loader, "bls") ? "grubenv" : "grub.cfg",
              ev_true(loader, "bls")
                  ? "the entries are in /boot/loader/entries, and no saved_entry says which one boots"
                  : "no default entry can be told");
}

static void grub_files(const struct ev *ev, struct ruling *ruling)
{
    const json_t *loader = ev_need(ev_linux(ev, ruling), "bootloader", ruling), *path;
    size_t i;

    json_array_foreach (ev_get(loader, "missing"), i, path)
        found(ruling, ALL_LANES, json_string_value(path),
              "GRUB's default entry names it, and it is not there");
}

static void grub_single(const struct ev *ev, struct ruling *ruling)
{
    const json_t *configs = ev_need(ev_linux(ev, ruling), "bootloader.configs", ruling), *config;
    const char *first = ev_text(json_array_get(configs, 0), "sha256");
    size_t i;

    json_array_foreach (configs, i, config) {
        if (strcmp(ev_text(config, "sha256"), first) != 0)
            found(ruling, ALL_LANES, ev_text(config, "path"), "it differs from %s",
                  ev_text(json_array_get(configs, 0), "path"));
    }
}

static bool esp_has(const struct ev *ev, const char *prefix, const char **path)
{
    const json_t *esp, *file;
    size_t i, j;

    json_array_foreach (ev_get(json_array_get(ev->disks, 0), "esp"), i, esp) {
        json_array_foreach (ev_get(esp, "files"), j, file) {
            *path = ev_text(file, "path");
            if (strncasecmp(*path, prefix, strlen(prefix)) == 0)
                return true;
        }
    }
    return false;
}

/* systemd-boot leaves itself on the ESP, where it is seen without a launch. */
static void bootloader(const struct ev *ev, struct ruling *ruling)
{
    const json_t *kind = NULL;
    const char *path = NULL;

    if (ev_maybe_linux(ev) && esp_has(ev, "/EFI/systemd/systemd-boot", &path)) {
        found(ruling, ALL_LANES, path, "systemd-boot starts it, not GRUB");
        return;
    }
    kind = ev_need(ev_linux(ev, ruling), "bootloader.kind", ruling);
    if (kind != NULL && strncmp(ev_text(ev->guest, "bootloader.kind"), "grub", 4) != 0)
        found(ruling, ALL_LANES, "the guest", "%s starts it, not GRUB",
              ev_text(ev->guest, "bootloader.kind"));
}

static void initramfs_readable(const struct ev *ev, struct ruling *ruling)
{
    const json_t *list = kernels_of(ev, ruling), *kernel;
    size_t i;

    json_array_foreach (list, i, kernel) {
        if (ev_false(kernel, "initramfs.readable"))
            found(ruling, ALL_LANES, ev_text(kernel, "initramfs.path"), "%s",
                  ev_text(kernel, "initramfs.why"));
    }
}

/* Built into the kernel, or in its initramfs where that counts, else in its folder of modules. */
static bool has_module(const json_t *kernel, const char *module, bool early)
{
    return ev_list_has(kernel, "builtin", module) ||
           ev_list_has(kernel, early ? "initramfs.modules" : "modules", module);
}

static void need_modules(const struct ev *ev, struct ruling *ruling, const char *const *modules, bool early)
{
    const json_t *list = kernels_of(ev, ruling), *kernel;
    size_t i;

    json_array_foreach (list, i, kernel) {
        if (early && ev_false(kernel, "initramfs.readable"))
            continue;
        for (const char *const *module = modules; *module != NULL; module++) {
            if (has_module(kernel, *module, early))
                continue;
            (ev_false(kernel, "default") ? found_note : found)(ruling, ALL_LANES, ev_text(kernel, "version"),
                                                               "%s is neither built in nor in %s", *module,
                                                               early ? "its initramfs" : "its modules");
        }
    }
}

static void initramfs_nvme(const struct ev *ev, struct ruling *ruling)
{
    static const char *const modules[] = {"nvme", "nvme_core", NULL};

    need_modules(ev, ruling, modules, true);
}

static void initramfs_xen(const struct ev *ev, struct ruling *ruling)
{
    static const char *const modules[] = {"xen_blkfront", NULL};

    need_modules(ev, ruling, modules, true);
}

static void modules_ena(const struct ev *ev, struct ruling *ruling)
{
    static const char *const modules[] = {"ena", NULL};

    need_modules(ev, ruling, modules, false);
}

static void modules_xen(const struct ev *ev, struct ruling *ruling)
{
    static const char *const modules[] = {"xen_netfront", NULL};

    need_modules(ev, ruling, modules, false);
}

/* The value of the last NAME= on the line, in buf; false when there is none. */
static bool argument(const char *line, const char *name, char *buf, size_t len)
{
    size_t n = strlen(name);
    bool there = false;

    while (*line != '\0') {
        size_t word = strcspn(line, " \t");

        if (word > n && strncmp(line, name, n) == 0) {
            snprintf(buf, len, "%.*s", (int)(word - n), line + n);
            there = true;
        }
        line += word + strspn(line + word, " \t");
    }
    return there;
}

static bool is_disk_name(const char *device)
{
    static const char *const stems[] = {"/dev/sd",  "/dev/hd",   "/dev/vd",
                                        "/dev/xvd", "/dev/nvme", "/dev/cciss/"};

    for (size_t i = 0; i < SW_ARRAY_LEN(stems); i++)
        if (strncmp(device, stems[i], strlen(stems[i])) == 0)
            return true;
    return false;
}

static void cmdline_root(const struct ev *ev, struct ruling *ruling)
{
    static const char *const names[] = {"root=", "resume="}, *const lost[] = {"lost.root", "lost.resume"};
    const char *where = "kernel command line";
    const json_t *line = ev_need(ev_linux(ev, ruling), "cmdline", ruling);
    char value[256];

    for (size_t i = 0; line != NULL && i < SW_ARRAY_LEN(names); i++) {
        bool by_name =
            argument(ev_text(ev->guest, "cmdline"), names[i], value, sizeof(value)) && is_disk_name(value);

        if (by_name)
            found(ruling, ALL_LANES, where, "%s%s: the name is another on EC2", names[i], value);
        else if (ev_text(ev->guest, lost[i])[0] != '\0')
            (i == 0 ? found : found_note)(ruling, ALL_LANES, where, "%s%s is on none of the disks", names[i],
                                          ev_text(ev->guest, lost[i]));
    }
}

static void cmdline_console(const struct ev *ev, struct ruling *ruling)
{
    const json_t *line = ev_need(ev_linux(ev, ruling), "cmdline", ruling);

    if (line != NULL && strstr(ev_text(ev->guest, "cmdline"), "console=ttyS0") == NULL)
        found(ruling, ALL_LANES, "kernel command line", "no console=ttyS0: EC2's serial console stays empty");
}

/* From 4.15 on a request that timed out is aborted, put into the queue again and so tried for minutes. */
static bool gives_up_early(const char *version)
{
    unsigned major = 0, minor = 0;

    return sscanf(version, "%u.%u", &major, &minor) == 2 && (major < 4 || (major == 4 && minor < 15));
}

static void cmdline_timeout(const struct ev *ev, struct ruling *ruling)
{
    const json_t *line = ev_need(ev_linux(ev, ruling), "cmdline", ruling), *kernel;
    const char *where = "kernel command line";
    char value[32];
    size_t i;

    if (line == NULL ||
        argument(ev_text(ev->guest, "cmdline"), "nvme_core.io_timeout=", value, sizeof(value)) ||
        argument(ev_text(ev->guest, "cmdline"), "nvme.io_timeout=", value, sizeof(value)))
        return;
    json_array_foreach (ev_get(ev->guest, "kernels"), i, kernel) {
        if (!ev_false(kernel, "default") && gives_up_early(ev_text(kernel, "version")))
            found(ruling, ALL_LANES, where,
                  "no nvme_core.io_timeout: with kernel %s I/O that EBS holds up fails after 30 s",
                  ev_text(kernel, "version"));
    }
}

const struct rule rules_linux_boot[] = {
    {"linux.kernel.listed", kernel_listed},
    {"linux.grub.default", grub_default},
    {"linux.grub.files", grub_files},
    {"linux.grub.single", grub_single},
    {"linux.bootloader", bootloader},
    {"linux.initramfs.readable", initramfs_readable},
    {"linux.initramfs.nvme", initramfs_nvme},
    {"linux.initramfs.xen", initramfs_xen},
    {"linux.modules.ena", modules_ena},
    {"linux.modules.xen", modules_xen},
    {"linux.cmdline.root", cmdline_root},
    {"linux.cmdline.console", cmdline_console},
    {"linux.cmdline.nvme-timeout", cmdline_timeout},
    {.id = NULL},
};
