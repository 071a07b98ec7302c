/* Where a guest mounts its file systems, by its own fstab. */
#include "src/diff/places.h"

#include "src/base/json.h"
#include "src/guest/fstab.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { FSTAB_BYTES_MAX = 64 << 10, MARK_BYTES = 64 };

/* Whether a path is one of those that a root has, in the folder that prefix is, or in any when it is NULL. */
static bool is_mark(const char *path)
{
    static const char *const marks[] = {"etc/os-release", "usr/lib/os-release", "etc/fstab", "etc/passwd"};

    for (size_t i = 0; i < SW_ARRAY_LEN(marks); i++)
        if (strcmp(path, marks[i]) == 0)
            return true;
    return strcasecmp(path, "windows/system32/config/system") == 0;
}

/*
 * The folder with the root: "" or, on a file system with subvolumes, a name and a slash. NULL: there is no root in it. Free
 * it.
 */
static int find_root(const struct diff_fs *fs, char **prefix, struct sw_err *err)
{
    struct sw_guest_entry entry;
    size_t at = 0;
    int more;

    *prefix = NULL;
    while ((more = sw_survey_parse(fs->survey.data, fs->survey.len, &at, &entry, err)) > 0) {
        size_t len = strcspn(entry.path, "/");

        if (S_ISDIR(entry.mode))
            continue;
        if (is_mark(entry.path)) {
            free(*prefix);
            *prefix = sw_strdup("", err);
            return *prefix != NULL ? 0 : -1;
        }
        if (*prefix == NULL && entry.path[len] == '/' && strcmp(fs->fs->type, "btrfs") == 0 &&
            is_mark(entry.path + len + 1)) {
            *prefix = sw_strf(err, "%.*s/", (int)len, entry.path);
            if (*prefix == NULL)
                return -1;
        }
    }
    return more;
}

static const char *partuuid_of(const struct diff_side *side, const struct diff_fs *fs)
{
    const char *text =
        sw_json_text(diff_partition(side->evidence, diff_partition_of(fs->fs->device)), "partuuid");

    return text != NULL ? text : "";
}

/* "/dev/mapper/a-b" and "/dev/a/b" are one volume; a hyphen in a name is written twice in the first. */
static bool is_volume(const char *spec, const char *device)
{
    char flat[256];
    size_t n = 0;

    if (strncmp(spec, "/dev/mapper/", 12) != 0 || strncmp(device, "/dev/", 5) != 0)
        return strcmp(spec, device) == 0;
    for (const char *at = device + 5; *at != '\0' && n + 2 < sizeof(flat); at++) {
        if (*at == '-')
            flat[n++] = '-';
        flat[n++] = *at == '/' ? '-' : *at;
    }
    flat[n] = '\0';
    return strcmp(spec + 12, flat) == 0 || strcmp(spec, device) == 0;
}

/* What the guest calls its first disk is the only one that there is. */
static bool is_numbered(const char *spec, unsigned number)
{
    static const char *const disks[] = {"/dev/sda", "/dev/vda", "/dev/xvda", "/dev/hda", "/dev/nvme0n1p"};
    char name[32];

    for (size_t i = 0; i < SW_ARRAY_LEN(disks) && number > 0; i++) {
        snprintf(name, sizeof(name), "%s%u", disks[i], number);
        if (strcmp(spec, name) == 0)
            return true;
    }
    return false;
}

static bool is_meant(const struct diff_side *side, const struct diff_fs *fs, const char *spec)
{
    if (strncmp(spec, "UUID=", 5) == 0)
        return fs->fs->uuid[0] != '\0' && strcasecmp(spec + 5, fs->fs->uuid) == 0;
    if (strncmp(spec, "LABEL=", 6) == 0)
        return fs->fs->label[0] != '\0' && strcmp(spec + 6, fs->fs->label) == 0;
    if (strncmp(spec, "PARTUUID=", 9) == 0)
        return spec[9] != '\0' && strcasecmp(spec + 9, partuuid_of(side, fs)) == 0;
    if (strncmp(fs->fs->device, "/dev/sd", 7) == 0)
        return is_numbered(spec, diff_partition_of(fs->fs->device));
    return is_volume(spec, fs->fs->device);
}

/* A file system that is mounted by its fstab where nothing else is. */
static int place_by_fstab(struct diff_side *side, const struct fstab *fstab, struct sw_err *err)
{
    for (size_t i = 0; i < fstab->n; i++)
        for (size_t j = 0; j < side->nr_fss; j++) {
            struct diff_fs *fs = &side->fss[j];

            if (fs->place != NULL || fs->fs->point == NULL || !is_meant(side, fs, fstab->lines[i].spec))
                continue;
            fs->place = sw_strdup(fstab->lines[i].point, err);
            if (fs->place == NULL)
                return -1;
            break;
        }
    return 0;
}

static int read_fstab(struct diff_side *side, const struct diff_fs *root, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_strf(err, "%s/%setc/fstab", root->fs->point, root->prefix);
    SW_AUTO_FREE char *text = NULL;
    struct sw_guest_stat stat;
    struct fstab fstab;
    size_t len = 0;

    if (path == NULL || side->guest->ops->stat(side->guest, path, false, &stat, err) < 0)
        return -1;
    if (stat.kind != SW_FILE_REGULAR || stat.size_bytes > FSTAB_BYTES_MAX)
        return 0;
    if (side->guest->ops->get(side->guest, path, FSTAB_BYTES_MAX, &text, &len, err) < 0)
        return -1;
    fstab_parse(text, len, &fstab);
    return place_by_fstab(side, &fstab, err);
}

/* By what is the same in both images where the same is meant. */
static int name_the_rest(struct diff_side *side, struct sw_err *err)
{
    for (size_t i = 0; i < side->nr_fss; i++) {
        struct diff_fs *fs = &side->fss[i];
        unsigned number = diff_partition_of(fs->fs->device);

        if (fs->prefix == NULL && (fs->prefix = sw_strdup("", err)) == NULL)
            return -1;
        if (number > 0)
            fs->label = sw_strf(err, "[partition %u]", number);
        else
            fs->label = strncmp(fs->fs->device, "/dev/sd", 7) == 0 ? sw_strdup("[disk]", err)
                                                                   : sw_strf(err, "[%s]", fs->fs->device);
        if (fs->place == NULL && fs->label != NULL)
            fs->place = sw_strdup(fs->label, err);
        if (fs->place == NULL)
            return -1;
    }
    return 0;
}

int diff_find_places(struct diff_side *side, struct sw_err *err)
{
    struct diff_fs *root = NULL;

    for (size_t i = 0; i < side->nr_fss && root == NULL; i++) {
        struct diff_fs *fs = &side->fss[i];

        if (fs->fs->point == NULL)
            continue;
        if (find_root(fs, &fs->prefix, err) < 0)
            return sw_context(err, "'%s': %s", side->name, fs->fs->device);
        if (fs->prefix != NULL)
            root = fs;
    }
    if (root != NULL) {
        root->place = sw_strdup("/", err);
        if (root->place == NULL || read_fstab(side, root, err) < 0)
            return -1;
    }
    return name_the_rest(side, err);
}
