/* What one disk holds: its system, packages, units, users and the sizes of its folders. */
#include "slipway/preflight.h"
#include "src/base/ckd.h"
#include "src/base/fields.h"
#include "src/base/json.h"
#include "src/diff/facts.h"
#include "src/diff/launch.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

enum { OS_RELEASE_MAX = 64 << 10, FOLDERS_SHOWN = 64, DEPTH = 2 };

/* ---- The system ------------------------------------------------------------------------------------------- */

/* A value may be in quotes. */
static json_t *unquoted(struct field value)
{
    if (value.len >= 2 && (value.at[0] == '"' || value.at[0] == '\'') &&
        value.at[value.len - 1] == value.at[0])
        value = (struct field){.at = value.at + 1, .len = value.len - 2};
    return sw_json_bytes(value.at, value.len);
}

static int add_os_line(json_t *os, const struct field *line, struct sw_err *err)
{
    struct field name, value;
    char key[64];

    if (!field_split(line, '=', &name, &value) || name.len == 0 || name.len >= sizeof(key) ||
        name.at[0] == '#')
        return 0;
    for (size_t i = 0; i < name.len; i++) {
        if (!isalnum((unsigned char)name.at[i]) && name.at[i] != '_')
            return 0;
        key[i] = (char)tolower((unsigned char)name.at[i]);
    }
    key[name.len] = '\0';
    return sw_json_set(os, key, unquoted(value), err);
}

static json_t *os_of(const struct diff_side *side, struct sw_err *err)
{
    static const char *const paths[] = {"/etc/os-release", "/usr/lib/os-release"};
    SW_AUTO_JSON json_t *os = json_object();

    for (size_t i = 0; i < SW_ARRAY_LEN(paths) && json_object_size(os) == 0; i++) {
        SW_AUTO_FREE char *text = NULL;
        struct field line;
        const char *at;
        size_t len;

        if (diff_side_get(side, paths[i], OS_RELEASE_MAX, &text, &len, err) < 0)
            return NULL;
        at = text;
        while (text != NULL && field_line(&at, &len, &line))
            if (add_os_line(os, &line, err) < 0)
                return NULL;
    }
    return SW_STEAL_PTR(os);
}

/* The folders of modules; a kernel that has none there is nowhere told of. */
static json_t *kernels_of(const struct diff_side *side, struct sw_err *err)
{
    static const char *const folders[] = {"/lib/modules/", "/usr/lib/modules/"};
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t k = 0; k < SW_ARRAY_LEN(folders); k++)
        for (size_t i = 0; i < side->nr_files; i++) {
            const char *path = side->files[i].path, *version = path + strlen(folders[k]);

            if (strncmp(path, folders[k], strlen(folders[k])) == 0 && strchr(version, '/') == NULL &&
                S_ISDIR(side->files[i].entry.mode) && sw_json_append(list, diff_text(version), err) < 0)
                return NULL;
        }
    return SW_STEAL_PTR(list);
}

static json_t *bootloader_of(const struct diff_side *side, struct sw_err *err)
{
    static const struct {
        const char *kind, *path;
    } signs[] = {
        {"GRUB 2", "/boot/grub/grub.cfg"},
        {"GRUB 2", "/boot/grub2/grub.cfg"},
        {"GRUB legacy", "/boot/grub/menu.lst"},
        {"GRUB legacy", "/boot/grub/grub.conf"},
        {"boot loader entries", "/boot/loader/entries"},
        {"systemd-boot", "/boot/efi/loader/loader.conf"},
        {"extlinux", "/boot/extlinux/extlinux.conf"},
        {"syslinux", "/boot/syslinux/syslinux.cfg"},
        {"Windows Boot Manager", "/bootmgr"},
    };
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < SW_ARRAY_LEN(signs); i++)
        if (diff_side_find(side, signs[i].path) != NULL &&
            sw_json_append(list, json_pack("{s:s, s:s}", "kind", signs[i].kind, "path", signs[i].path), err) <
                0)
            return NULL;
    return SW_STEAL_PTR(list);
}

static json_t *filesystems_of(const struct diff_side *side, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < side->nr_fss; i++) {
        const struct sw_guest_fs *fs = side->fss[i].fs;
        const char *why = fs->why;

        if (sw_json_append(list,
                           json_pack("{s:o, s:o, s:o, s:o, s:o, s:o*}", "place",
                                     diff_text(side->fss[i].place), "device", diff_text(fs->device), "type",
                                     diff_text(fs->type), "uuid", diff_text(fs->uuid), "label",
                                     diff_text(fs->label), "why", why != NULL ? diff_text(why) : NULL),
                           err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(list);
}

/* ---- Sizes ------------------------------------------------------------------------------------------------ */

struct folder {
    const char *path; /* borrowed */
    size_t path_len;
    uint64_t bytes, files;
};

struct folders {
    struct folder *items;
    size_t n, cap;
    size_t last[DEPTH]; /* of each level, the place of the latest behind it by one; 0: none */
};

static struct folder *new_folder(struct folders *all, const char *path, size_t len, struct sw_err *err)
{
    if (all->n == all->cap) {
        size_t cap = all->cap > 0 ? 2 * all->cap : 256;
        struct folder *grown = realloc(all->items, cap * sizeof(*grown));

        if (grown == NULL) {
            sw_fail(err, SW_FAILED, "out of memory");
            return NULL;
        }
        all->items = grown;
        all->cap = cap;
    }
    all->items[all->n] = (struct folder){.path = path, .path_len = len};
    return &all->items[all->n++];
}

/* Files come sorted by path: those of one folder follow one another. */
static struct folder *folder_of(struct folders *all, unsigned depth, const char *path, size_t len,
                                struct sw_err *err)
{
    struct folder *last = all->last[depth] > 0 ? &all->items[all->last[depth] - 1] : NULL;

    if (last != NULL && last->path_len == len && memcmp(last->path, path, len) == 0)
        return last;
    last = new_folder(all, path, len, err);
    all->last[depth] = all->n;
    return last;
}

static int count_file(struct folders *all, const struct diff_file *file, struct sw_err *err)
{
    const char *at = file->path;

    for (unsigned depth = 0; depth < DEPTH; depth++) {
        const char *slash = strchr(at + 1, '/');
        struct folder *folder;

        if (slash == NULL)
            return 0;
        folder = folder_of(all, depth, file->path, (size_t)(slash - file->path), err);
        if (folder == NULL)
            return -1;
        folder->bytes = sw_min_u64(folder->bytes + file->entry.size_bytes / file->entry.links, INT64_MAX);
        folder->files++;
        at = slash;
    }
    return 0;
}

static int larger_first(const void *a, const void *b)
{
    const struct folder *one = a, *two = b;

    return (one->bytes < two->bytes) - (one->bytes > two->bytes);
}

static json_t *list_folders(struct folders *all, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    if (all->n > 0)
        qsort(all->items, all->n, sizeof(*all->items), larger_first);
    for (size_t i = 0; i < all->n && i < FOLDERS_SHOWN; i++) {
        const struct folder *folder = &all->items[i];

        if (sw_json_append(list,
                           json_pack("{s:o, s:I, s:I}", "path", sw_json_bytes(folder->path, folder->path_len),
                                     "bytes", (json_int_t)folder->bytes, "files", (json_int_t)folder->files),
                           err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(list);
}

static json_t *folders_of(const struct diff_side *side, struct sw_err *err)
{
    struct folders all = {.items = NULL};
    json_t *list = NULL;
    int rc = 0;

    for (size_t i = 0; i < side->nr_files && rc == 0; i++)
        if (S_ISREG(side->files[i].entry.mode) && side->files[i].entry.links > 0)
            rc = count_file(&all, &side->files[i], err);
    if (rc == 0)
        list = list_folders(&all, err);
    free(all.items);
    return list;
}

/* ---- The whole -------------------------------------------------------------------------------------------- */

int facts_all(const struct diff_side *side, json_t *out, struct sw_err *err)
{
    static const struct {
        const char *name;
        json_t *(*of)(const struct diff_side *side, struct sw_err *err);
    } parts[] = {
        {"filesystems", filesystems_of}, {"os", os_of},
        {"kernels", kernels_of},         {"bootloader", bootloader_of},
        {"packages", facts_packages},    {"units", facts_units},
        {"users", facts_users},          {"groups", facts_groups},
        {"folders", folders_of},
    };

    for (size_t i = 0; i < SW_ARRAY_LEN(parts); i++) {
        json_t *part = parts[i].of(side, err);

        if (part == NULL || sw_json_set(out, parts[i].name, part, err) < 0)
            return -1;
    }
    return 0;
}

static int describe(struct diff_side *side, const struct launch *launch, json_t *out, struct sw_err *err)
{
    side->guest = launch->guests[0];
    if (diff_side_read(side, &launch->lists[0], 0, false, err) < 0 ||
        sw_json_set(out, "table", json_incref(json_object_get(side->evidence, "table")), err) < 0 ||
        sw_json_set(out, "partitions", json_incref(json_object_get(side->evidence, "partitions")), err) < 0)
        return -1;
    return facts_all(side, out, err);
}

json_t *sw_describe_disk(const struct sw_describe *ask, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = json_object();
    SW_AUTO_JSON json_t *evidence = launch_evidence(&ask->disk, err);
    struct diff_side side = {
        .name = ask->disk.name, .disk_bytes = ask->disk.image->size_bytes, .evidence = evidence};
    struct launch launch = {.nr_disks = 1, .accel = ask->accel, .stock_appliance = ask->stock_appliance};
    int rc = -1;

    if (evidence == NULL)
        return NULL;
    if (launch_open(&launch, &ask->disk, err) == 0 && launch_survey(&launch, false, err) == 0)
        rc = describe(&side, &launch, out, err);
    if (rc < 0)
        launch_blame(&launch, err);
    diff_side_clear(&side);
    launch_close(&launch);
    return rc == 0 ? SW_STEAL_PTR(out) : NULL;
}
