/* One of the two sides of a comparison: its file systems, where they are seen, and all that is in them. */
#include "src/diff/side.h"

#include "src/diff/places.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

unsigned diff_partition_of(const char *device)
{
    const char *digits = device + strcspn(device, "0123456789");

    if (strncmp(device, "/dev/sd", 7) != 0 || digits[0] == '\0' || strlen(digits) > 4)
        return 0;
    return (unsigned)strtoul(digits, NULL, 10);
}

const json_t *diff_partition(const json_t *evidence, unsigned number)
{
    const json_t *partition;
    size_t i;

    json_array_foreach (json_object_get(evidence, "partitions"), i, partition) {
        if (json_integer_value(json_object_get(partition, "number")) == (json_int_t)number)
            return partition;
    }
    return NULL;
}

/* What a map of a file's blocks tells is a place of the disk for these, where they lie in a partition or on a whole disk. */
static void find_start(const struct diff_side *side, struct diff_fs *fs)
{
    static const char *const types[] = {"ext4", "ext3", "ext2", "xfs"};
    unsigned number = diff_partition_of(fs->fs->device);
    const json_t *partition = number > 0 ? diff_partition(side->evidence, number) : NULL;

    for (size_t i = 0; i < SW_ARRAY_LEN(types); i++)
        fs->bare = fs->bare || strcmp(fs->fs->type, types[i]) == 0;
    fs->bare = fs->bare && side->evidence != NULL && strncmp(fs->fs->device, "/dev/sd", 7) == 0 &&
               (number == 0 || partition != NULL);
    if (fs->bare && partition != NULL)
        fs->start = (uint64_t)json_integer_value(json_object_get(partition, "start"));
}

static int collect(void *arg, const void *bytes, size_t len, struct sw_err *err)
{
    struct sw_buf *survey = arg;

    if (len > DIFF_SURVEY_MAX_BYTES - survey->len)
        return sw_fail(err, SW_REFUSED, "what there is to be known of its files is more than %zu MiB",
                       DIFF_SURVEY_MAX_BYTES >> 20);
    return sw_buf_append(survey, bytes, len, err);
}

static int survey(struct diff_side *side, struct diff_fs *fs, bool extents, struct sw_err *err)
{
    find_start(side, fs);
    if (side->guest->ops->survey(side->guest, fs->fs->point, extents && fs->bare, collect, &fs->survey,
                                 err) == 0)
        return 0;
    return sw_context(err, "'%s': %s", side->name, fs->fs->device);
}

static int take_filesystems(struct diff_side *side, const struct sw_guest_filesystems *list, unsigned disk,
                            bool extents, struct sw_err *err)
{
    side->fss = sw_calloc(list->n + 1, sizeof(*side->fss), err);
    if (side->fss == NULL)
        return -1;
    for (size_t i = 0; i < list->n; i++) {
        struct diff_fs *fs = &side->fss[side->nr_fss];

        if (list->items[i].disk != disk)
            continue;
        fs->fs = &list->items[i];
        side->nr_fss++;
        if (fs->fs->point != NULL && survey(side, fs, extents, err) < 0)
            return -1;
    }
    return 0;
}

/* Of a file system whose folder is seen at a place, what lies in the folder is there, and the rest where nobody sees it. */
static char *path_of(const struct diff_fs *fs, const char *path, struct sw_err *err)
{
    size_t len = strlen(fs->prefix);
    const char *place = strcmp(fs->place, "/") == 0 ? "" : fs->place;

    if (len > 0 && strncmp(path, fs->prefix, len) != 0 &&
        (strncmp(path, fs->prefix, len - 1) != 0 || path[len - 1] != '\0'))
        return sw_strf(err, "%s/%s", fs->label, path);
    path += len > 0 && strlen(path) < len ? strlen(path) : len;
    if (path[0] == '\0' || strcmp(path, ".") == 0)
        return sw_strdup(fs->place, err);
    return sw_strf(err, "%s/%s", place, path);
}

static int add_file(struct diff_side *side, const struct diff_fs *fs, const struct sw_guest_entry *entry,
                    size_t *cap, struct sw_err *err)
{
    char *path;

    if (side->nr_files == DIFF_FILES_MAX)
        return sw_fail(err, SW_REFUSED, "'%s' has more than %d files", side->name, DIFF_FILES_MAX);
    if (side->nr_files == *cap) {
        size_t larger = *cap > 0 ? 2 * *cap : 1024;
        struct diff_file *grown = realloc(side->files, larger * sizeof(*grown));

        if (grown == NULL)
            return sw_fail(err, SW_FAILED, "out of memory");
        side->files = grown;
        *cap = larger;
    }
    path = path_of(fs, entry->path, err);
    if (path == NULL)
        return -1;
    side->files[side->nr_files++] = (struct diff_file){.path = path, .fs = fs, .entry = *entry};
    return 0;
}

static int by_path(const void *a, const void *b)
{
    const struct diff_file *one = a, *two = b;
    int order = strcmp(one->path, two->path);

    return order != 0 ? order : strcmp(one->fs->place, two->fs->place);
}

static int list_files(struct diff_side *side, struct sw_err *err)
{
    size_t cap = 0;

    for (size_t i = 0; i < side->nr_fss; i++) {
        const struct diff_fs *fs = &side->fss[i];
        struct sw_guest_entry entry;
        size_t at = 0;
        int more;

        while ((more = sw_survey_parse(fs->survey.data, fs->survey.len, &at, &entry, err)) > 0)
            if (add_file(side, fs, &entry, &cap, err) < 0)
                return -1;
        if (more < 0)
            return sw_context(err, "'%s': %s", side->name, fs->fs->device);
    }
    if (side->nr_files > 0)
        qsort(side->files, side->nr_files, sizeof(*side->files), by_path);
    return 0;
}

int diff_side_read(struct diff_side *side, const struct sw_guest_filesystems *list, unsigned disk,
                   bool extents, struct sw_err *err)
{
    if (take_filesystems(side, list, disk, extents, err) < 0 || diff_find_places(side, err) < 0)
        return -1;
    return list_files(side, err);
}

void diff_side_clear(struct diff_side *side)
{
    for (size_t i = 0; i < side->nr_files; i++)
        free(side->files[i].path);
    free(side->files);
    for (size_t i = 0; i < side->nr_fss; i++) {
        free(side->fss[i].label);
        free(side->fss[i].place);
        free(side->fss[i].prefix);
        sw_buf_free(&side->fss[i].survey);
    }
    free(side->fss);
    side->files = NULL;
    side->fss = NULL;
    side->nr_files = side->nr_fss = 0;
}

const struct diff_file *diff_side_find(const struct diff_side *side, const char *path)
{
    size_t low = 0, high = side->nr_files;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(side->files[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < side->nr_files && strcmp(side->files[low].path, path) == 0 ? &side->files[low] : NULL;
}

char *diff_file_inside(const struct diff_file *file, struct sw_err *err)
{
    return sw_strf(err, "%s/%s", file->fs->fs->point, file->entry.path);
}

int diff_side_get(const struct diff_side *side, const char *path, size_t max, char **bytes, size_t *len,
                  struct sw_err *err)
{
    const struct diff_file *file = diff_side_find(side, path);
    SW_AUTO_FREE char *inside = NULL;

    *bytes = NULL;
    *len = 0;
    if (file == NULL || !S_ISREG(file->entry.mode) || file->entry.size_bytes > max)
        return 0;
    inside = diff_file_inside(file, err);
    if (inside == NULL)
        return -1;
    return side->guest->ops->get(side->guest, inside, max, bytes, len, err);
}
