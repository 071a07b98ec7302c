/* The guest's kernels: their versions, what is built into them, and what their initramfs brings. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/guest.h"
#include "src/preflight/initramfs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { KERNELS_MAX = 32, VERSION_BYTES = 160, MODULE_BYTES = 64 };

/* Drivers that somebody asks about: of EC2's disks and network, of others that say where the guest comes from. */
static const char *const drivers[] = {
    "nvme",       "nvme_core",   "ena",        "xen_blkfront", "xen_netfront", "ixgbevf", "virtio_pci",
    "virtio_blk", "virtio_scsi", "virtio_net", "ext4",         "xfs",          "btrfs",   "dm_mod",
    "vmw_pvscsi", "vmxnet3",     "mptspi",     "hv_storvsc",   "hv_netvsc",    "ahci",    "sd_mod"};

/* As a configuration of the kernel has them. */
static const struct {
    const char *option, *module;
} options[] = {{"CONFIG_BLK_DEV_NVME", "nvme"},
               {"CONFIG_NVME_CORE", "nvme_core"},
               {"CONFIG_ENA_ETHERNET", "ena"},
               {"CONFIG_XEN_BLKDEV_FRONTEND", "xen_blkfront"},
               {"CONFIG_XEN_NETDEV_FRONTEND", "xen_netfront"}};

/* The name of the module whose file that is, with or without a compression: "nvme-core.ko.xz" is nvme_core. */
static bool module_name(const char *path, char out[MODULE_BYTES])
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path,
               *end = strstr(name, ".ko");
    size_t len = end != NULL ? (size_t)(end - name) : 0;

    if (len == 0 || len >= MODULE_BYTES || (end[3] != '\0' && end[3] != '.' && end[3] != ':'))
        return false;
    for (size_t i = 0; i < len; i++)
        out[i] = name[i] == '-' ? '_' : name[i];
    out[len] = '\0';
    return true;
}

static bool is_asked_for(const char *module)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(drivers); i++)
        if (strcmp(drivers[i], module) == 0)
            return true;
    return false;
}

static int add_once(json_t *list, const char *name)
{
    const json_t *item;
    size_t i;

    json_array_foreach (list, i, item) {
        if (strcmp(json_string_value(item), name) == 0)
            return 0;
    }
    return json_array_append_new(list, json_string(name));
}

/* Of a list of paths, a line each; what is behind a colon is what a module needs. */
static void add_modules(json_t *list, const struct sw_look_entry *entry)
{
    struct lines lines = lines_of(entry);
    char module[MODULE_BYTES];

    while (lines_next(&lines)) {
        lines.text[strcspn(lines.text, ":")] = '\0';
        if (module_name(lines.text, module) && is_asked_for(module))
            (void)!add_once(list, module);
    }
}

static void add_configured(json_t *list, const struct sw_look_entry *entry)
{
    char value[8];

    for (size_t i = 0; entry != NULL && i < SW_ARRAY_LEN(options); i++)
        if (setting_of(entry, options[i].option, value, sizeof(value)) && strcmp(value, "y") == 0)
            (void)!add_once(list, options[i].module);
}

struct drivers_in {
    struct initramfs_visitor base;
    json_t *modules;
    const char *generator;
};

static int note_entry(struct initramfs_visitor *self, const char *name, unsigned mode, struct sw_err *err)
{
    struct drivers_in *in = (struct drivers_in *)self;
    char module[MODULE_BYTES];

    (void)mode;
    if (strncmp(name, "usr/lib/dracut/", 15) == 0 || strncmp(name, "lib/dracut/", 11) == 0)
        in->generator = "dracut";
    else if (strcmp(name, "scripts/functions") == 0 || strcmp(name, "conf/initramfs.conf") == 0)
        in->generator = "initramfs-tools";
    if (module_name(name, module) && is_asked_for(module) && add_once(in->modules, module) < 0)
        return sw_fail(err, SW_FAILED, "out of memory");
    return 0;
}

static json_t *initramfs_of(const struct sw_look_entry *entry)
{
    struct drivers_in in = {.base = {.entry = note_entry}, .modules = json_array()};
    SW_AUTO_JSON json_t *modules = in.modules;
    struct sw_err why = {.code = SW_OK};

    if ((entry->flags & (SW_LOOK_CUT | SW_LOOK_LEFT_OUT)) != 0)
        return json_pack("{s:o, s:s}", "path", tree_path(entry), "why", "it is too large to be looked into");
    if ((entry->flags & SW_LOOK_UNREAD) != 0)
        snprintf(why.text, sizeof(why.text), "its bytes cannot be read");
    if (why.text[0] != '\0' || initramfs_read(entry->data, entry->len, &in.base, &why) < 0)
        return json_pack("{s:o, s:b, s:o, s:O}", "path", tree_path(entry), "readable", false, "why",
                         untrusted(why.text), "modules", modules);
    return json_pack("{s:o, s:b, s:O, s:s*, s:s*, s:I}", "path", tree_path(entry), "readable", true,
                     "modules", modules, "compression", in.base.compressed, "generator", in.generator,
                     "entries", (json_int_t)in.base.entries);
}

static const struct sw_look_entry *find_named(const struct tree *tree, const char *const *forms,
                                              const char *version)
{
    for (; *forms != NULL; forms++) {
        char path[512];
        size_t len = strcspn(*forms, "%");

        snprintf(path, sizeof(path), "%.*s%s%s", (int)len, *forms, version, *forms + len + 1);
        if (tree_has(tree, path))
            return tree_find(tree, path);
    }
    return NULL;
}

struct kernel {
    char version[VERSION_BYTES];
    const struct sw_look_entry *image;
    bool is_default;
};

static json_t *list_of(const struct tree *tree, const char *version, const char *file)
{
    json_t *list = json_array();
    char path[512];

    snprintf(path, sizeof(path), "/lib/modules/%s/%s", version, file);
    add_modules(list, tree_find(tree, path));
    if (strcmp(file, "modules.builtin") == 0) {
        snprintf(path, sizeof(path), "/boot/config-%s", version);
        add_configured(list, tree_find(tree, path));
    }
    return list;
}

/* What an entry names. Of what lies at the root the survey brings no content: a link there leads to a file in /boot. */
static const struct sw_look_entry *named_initramfs(const struct tree *tree, const char *path)
{
    const struct sw_look_entry *file = tree_has(tree, path) ? tree_find(tree, path) : NULL;
    const char *slash;
    char place[256];

    if (file == NULL || strncmp(path, "/boot/", 6) == 0)
        return file;
    slash = strrchr(file->link, '/');
    snprintf(place, sizeof(place), "/boot/%.200s", slash != NULL ? slash + 1 : file->link);
    return tree_has(tree, place) ? tree_find(tree, place) : NULL;
}

static json_t *kernel_json(const struct tree *tree, const struct kernel *kernel,
                           const struct boot_entry *entry)
{
    static const char *const forms[] = {"/boot/initrd.img-%", "/boot/initramfs-%.img", "/boot/initrd-%",
                                        "/boot/initrd-%.img", "/lib/modules/%/initrd", NULL};
    const struct sw_look_entry *initramfs = NULL;
    json_t *out = json_pack("{s:o, s:o, s:o}", "version", untrusted(kernel->version), "builtin",
                            list_of(tree, kernel->version, "modules.builtin"), "modules",
                            list_of(tree, kernel->version, "modules.dep"));

    if (entry != NULL && kernel->is_default)
        initramfs = named_initramfs(tree, entry->initrd);
    if (initramfs == NULL)
        initramfs = find_named(tree, forms, kernel->version);
    if (out != NULL && entry != NULL)
        json_object_set_new(out, "default", json_boolean(kernel->is_default));
    if (out != NULL && initramfs != NULL)
        json_object_set_new(out, "initramfs", initramfs_of(initramfs));
    return out;
}

/* The version of an image: what its head says, else what its name says. */
static bool version_of(const struct sw_look_entry *image, char *out, size_t len)
{
    const char *name = tree_base(image), *dash = strchr(name, '-');

    if (strcmp(name, "vmlinuz") == 0 && image->link[0] == '\0' && strncmp(image->path, "/lib/", 5) == 0) {
        snprintf(out, len, "%.*s", (int)strcspn(image->path + 13, "/"), image->path + 13);
        return true;
    }
    if (kernel_version(image->data, image->len, out, len))
        return true;
    snprintf(out, len, "%s", dash != NULL ? dash + 1 : "");
    return out[0] != '\0';
}

static bool is_default(const struct boot_entry *entry, const struct sw_look_entry *image,
                       const struct tree *tree)
{
    const struct sw_look_entry *named = entry != NULL ? tree_find(tree, entry->kernel) : NULL;
    const char *name = named != NULL && named->link[0] != '\0' ? named->link
                       : entry != NULL                         ? entry->kernel
                                                               : "";
    const char *slash = strrchr(name, '/');

    return strcmp(slash != NULL ? slash + 1 : name, tree_base(image)) == 0;
}

static void add_images(const struct tree *tree, const char *glob, const struct boot_entry *entry,
                       struct kernel *kernels, size_t *n)
{
    const struct sw_look_entry *image;
    size_t at = 0;

    while ((image = tree_next(tree, glob, &at)) != NULL && *n < KERNELS_MAX) {
        struct kernel kernel = {.image = image, .is_default = is_default(entry, image, tree)};
        bool known = false;

        /* A link to one that has a name of its own is no other kernel. */
        if ((image->link[0] != '\0' && strchr(image->link, '-') != NULL) ||
            !version_of(image, kernel.version, sizeof(kernel.version)))
            continue;
        for (size_t i = 0; i < *n && !known; i++) {
            known = strcmp(kernels[i].version, kernel.version) == 0;
            if (known)
                kernels[i].is_default = kernels[i].is_default || kernel.is_default;
        }
        if (!known)
            kernels[(*n)++] = kernel;
    }
}

json_t *collect_kernels(const struct tree *tree, const struct boot_entry *entry)
{
    static const char *const globs[] = {"/boot/vmlinuz-*", "/boot/kernel-*", "/boot/vmlinuz",
                                        "/lib/modules/*/vmlinuz"};
    SW_AUTO_FREE struct kernel *kernels = calloc(KERNELS_MAX, sizeof(*kernels));
    json_t *list = json_array();
    size_t n = 0;
    bool told = false;

    for (size_t i = 0; kernels != NULL && i < SW_ARRAY_LEN(globs); i++)
        add_images(tree, globs[i], entry, kernels, &n);
    for (size_t i = 0; i < n; i++)
        told = told || kernels[i].is_default;
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(list, kernel_json(tree, &kernels[i], told ? entry : NULL)) < 0)
            break;
    return list;
}
