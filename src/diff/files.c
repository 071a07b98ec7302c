/* The files of both sides, side by side: what they are, whose, and what is in them. */
#include "slipway/progress.h"
#include "src/base/ckd.h"
#include "src/base/digest.h"
#include "src/base/json.h"
#include "src/diff/diff_private.h"
#include "src/diff/same.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { RENAMES_MAX = 1000, UNIFIED_MAX_BYTES = 256 << 10 };

static const char *type_of(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "file";
    case S_IFDIR:
        return "folder";
    case S_IFLNK:
        return "link";
    case S_IFCHR:
        return "character device";
    case S_IFBLK:
        return "block device";
    case S_IFIFO:
        return "pipe";
    case S_IFSOCK:
        return "socket";
    default:
        return "unknown";
    }
}

static json_t *mode_text(uint32_t mode)
{
    return json_sprintf("%04o", mode & 07777);
}

static json_t *owner_text(const struct sw_guest_entry *entry)
{
    return json_sprintf("%u:%u", entry->uid, entry->gid);
}

static json_t *size_of(const struct sw_guest_entry *entry)
{
    return json_integer((json_int_t)sw_min_u64(entry->size_bytes, INT64_MAX));
}

static json_t *link_text(const struct sw_guest_entry *entry)
{
    return sw_json_bytes(entry->link, entry->link_len);
}

static json_t *device_text(const struct sw_guest_entry *entry)
{
    return json_sprintf("%u:%u", major(entry->rdev), minor(entry->rdev));
}

static json_t *time_text(const struct sw_guest_entry *entry)
{
    return json_sprintf("%lld.%09u", (long long)entry->mtime_s, entry->mtime_ns);
}

/* ---- Attributes ------------------------------------------------------------------------------------------- */

/* A label of SELinux ends in a NUL that nobody wants to see. */
static json_t *value_of(const struct sw_guest_attr *attr)
{
    uint32_t len = attr->value_len;

    if (len > 1 && attr->value[len - 1] == '\0')
        len--;
    return sw_json_bytes(attr->value, len);
}

static int order_of(const struct sw_guest_attr *a, const struct sw_guest_attr *b)
{
    uint32_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
    int order = len > 0 ? memcmp(a->name, b->name, len) : 0;

    return order != 0 ? order : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

static int add_attr(json_t *row, const struct sw_guest_attr *from, const struct sw_guest_attr *to,
                    struct sw_err *err)
{
    const struct sw_guest_attr *either = from != NULL ? from : to;
    SW_AUTO_FREE char *what = sw_strf(err, "attribute %.*s", (int)either->name_len, either->name);
    SW_AUTO_JSON json_t *name = what != NULL ? diff_text(what) : NULL;

    if (name == NULL)
        return -1;
    return diff_change(row, json_string_value(name), from != NULL ? value_of(from) : NULL,
                       to != NULL ? value_of(to) : NULL, err);
}

static int compare_attrs(json_t *row, const struct sw_guest_entry *a, const struct sw_guest_entry *b,
                         struct sw_err *err)
{
    SW_AUTO_FREE struct sw_guest_attr *from = sw_calloc(a->nr_attrs + 1, sizeof(*from), err);
    SW_AUTO_FREE struct sw_guest_attr *to = sw_calloc(b->nr_attrs + 1, sizeof(*to), err);
    uint32_t i = 0, j = 0;

    if (from == NULL || to == NULL)
        return -1;
    sw_survey_attrs(a, from);
    sw_survey_attrs(b, to);
    while (i < a->nr_attrs || j < b->nr_attrs) {
        int order = i == a->nr_attrs ? 1 : j == b->nr_attrs ? -1 : order_of(&from[i], &to[j]);
        const struct sw_guest_attr *one = order <= 0 ? &from[i++] : NULL, *two = order >= 0 ? &to[j++] : NULL;

        if (one != NULL && two != NULL && one->value_len == two->value_len &&
            (one->value_len == 0 || memcmp(one->value, two->value, one->value_len) == 0))
            continue;
        if (add_attr(row, one, two, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- One file on both sides ------------------------------------------------------------------------------- */

static bool same_time(const struct sw_diff *ask, const struct sw_guest_entry *a,
                      const struct sw_guest_entry *b)
{
    if (ask->latest_s != 0 && a->mtime_s >= ask->latest_s && b->mtime_s >= ask->latest_s)
        return true;
    return a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns;
}

static int compare_owner(const struct sw_diff *ask, json_t *row, const struct sw_guest_entry *a,
                         const struct sw_guest_entry *b, struct sw_err *err)
{
    bool is_link = S_ISLNK(a->mode) || S_ISLNK(b->mode);

    if (!is_link && ((a->mode ^ b->mode) & 07777) != 0 &&
        diff_change(row, "mode", mode_text(a->mode), mode_text(b->mode), err) < 0)
        return -1;
    if ((a->uid != b->uid || a->gid != b->gid) &&
        diff_change(row, "owner", owner_text(a), owner_text(b), err) < 0)
        return -1;
    if (S_ISREG(a->mode) && S_ISREG(b->mode) && a->links != b->links &&
        diff_change(row, "hard links", json_integer(a->links), json_integer(b->links), err) < 0)
        return -1;
    if (ask->times && !same_time(ask, a, b) && diff_change(row, "time", time_text(a), time_text(b), err) < 0)
        return -1;
    return compare_attrs(row, a, b, err);
}

static json_t *hex_of(const uint8_t digest[SW_SHA256_BYTES])
{
    char hex[SW_SHA256_HEX];

    sw_hex(digest, SW_SHA256_BYTES, hex);
    return json_string(hex);
}

/* What cannot be read is told of, and never taken to be the same. */
static int compare_bytes(struct differing *to, json_t *row, const struct diff_file *a,
                         const struct diff_file *b, struct sw_err *err)
{
    uint8_t one[SW_SHA256_BYTES], two[SW_SHA256_BYTES];
    struct sw_err cause = {.code = SW_OK};
    int rc;

    if (same_is_proved(to, a, b))
        return 0;
    rc = same_digest(&to->a, a, one, &cause) == 0 && same_digest(&to->b, b, two, &cause) == 0 ? 0 : -1;
    if (rc < 0 && cause.code != SW_GUEST && cause.code != SW_REFUSED) {
        *err = cause;
        return -1;
    }
    if (rc < 0)
        return diff_not_compared(to, a->path, cause.text, err);
    if (memcmp(one, two, sizeof(one)) == 0)
        return 0;
    return diff_change(row, "content", hex_of(one), hex_of(two), err);
}

static int compare_what_it_is(struct differing *to, json_t *row, const struct diff_file *a,
                              const struct diff_file *b, struct sw_err *err)
{
    const struct sw_guest_entry *from = &a->entry, *is = &b->entry;

    if (S_ISREG(from->mode) && from->size_bytes != is->size_bytes)
        return diff_change(row, "size", size_of(from), size_of(is), err);
    if (S_ISREG(from->mode))
        return compare_bytes(to, row, a, b, err);
    if (S_ISLNK(from->mode) &&
        (from->link_len != is->link_len || memcmp(from->link, is->link, from->link_len) != 0))
        return diff_change(row, "target", link_text(from), link_text(is), err);
    if ((S_ISCHR(from->mode) || S_ISBLK(from->mode)) && from->rdev != is->rdev)
        return diff_change(row, "device", device_text(from), device_text(is), err);
    return 0;
}

/* A text that anybody may read, on either side; NULL: no such. */
static int get_text(const struct diff_side *side, const struct diff_file *file, char **text, size_t *len,
                    struct sw_err *err)
{
    if ((file->entry.mode & S_IROTH) == 0 || file->entry.size_bytes > UNIFIED_MAX_BYTES)
        return 0;
    if (diff_side_get(side, file->path, UNIFIED_MAX_BYTES, text, len, err) < 0)
        return -1;
    if (*text != NULL && memchr(*text, '\0', *len) != NULL) {
        free(*text);
        *text = NULL;
    }
    return 0;
}

static int add_lines(struct differing *to, json_t *row, const struct diff_file *a, const struct diff_file *b,
                     struct sw_err *err)
{
    SW_AUTO_FREE char *from = NULL, *is = NULL, *lines = NULL;
    const json_t *changes = json_object_get(row, "changes");
    size_t from_len = 0, is_len = 0;

    if (!to->ask->unified ||
        (json_object_get(changes, "content") == NULL && json_object_get(changes, "size") == NULL))
        return 0;
    if (get_text(&to->a, a, &from, &from_len, err) < 0 || get_text(&to->b, b, &is, &is_len, err) < 0)
        return -1;
    if (from == NULL || is == NULL)
        return 0;
    lines = diff_lines(from, from_len, is, is_len, err);
    if (lines == NULL)
        return err->code == SW_OK ? 0 : -1;
    return sw_json_set(row, "unified", sw_json_bytes(lines, strlen(lines)), err);
}

static int compare_both(struct differing *to, const struct diff_file *a, const struct diff_file *b,
                        struct sw_err *err)
{
    SW_AUTO_JSON json_t *row = diff_row("changed", "path", diff_text(a->path), err);

    if (row == NULL || sw_json_set(row, "type", json_string(type_of(b->entry.mode)), err) < 0)
        return -1;
    if (((a->entry.mode ^ b->entry.mode) & S_IFMT) != 0) {
        if (diff_change(row, "type", json_string(type_of(a->entry.mode)), json_string(type_of(b->entry.mode)),
                        err) < 0)
            return -1;
    } else if (compare_what_it_is(to, row, a, b, err) < 0) {
        return -1;
    }
    if (compare_owner(to->ask, row, &a->entry, &b->entry, err) < 0 || add_lines(to, row, a, b, err) < 0)
        return -1;
    if (json_object_get(row, "changes") == NULL)
        return 0;
    return diff_add(to, "files", json_incref(row), err);
}

/* ---- Files of one side ------------------------------------------------------------------------------------ */

static json_t *describe(const char *change, const struct diff_file *file, struct sw_err *err)
{
    const struct sw_guest_entry *entry = &file->entry;
    SW_AUTO_JSON json_t *row = diff_row(change, "path", diff_text(file->path), err);

    if (row == NULL || sw_json_set(row, "type", json_string(type_of(entry->mode)), err) < 0 ||
        sw_json_set(row, "mode", mode_text(entry->mode), err) < 0 ||
        sw_json_set(row, "owner", owner_text(entry), err) < 0 ||
        (S_ISREG(entry->mode) && sw_json_set(row, "size", size_of(entry), err) < 0) ||
        (S_ISLNK(entry->mode) && sw_json_set(row, "target", link_text(entry), err) < 0))
        return NULL;
    return SW_STEAL_PTR(row);
}

/* Files that one side alone has, until it is known which of them only got another name. */
struct single {
    const struct diff_file *file;
    const struct diff_file *other; /* the same content on the other side */
};

struct singles {
    struct single *items;
    size_t n, cap;
};

static int add_single(struct singles *list, const struct diff_file *file, struct sw_err *err)
{
    if (list->n == list->cap) {
        size_t cap = list->cap > 0 ? 2 * list->cap : 64;
        struct single *grown = realloc(list->items, cap * sizeof(*grown));

        if (grown == NULL)
            return sw_fail(err, SW_FAILED, "out of memory");
        list->items = grown;
        list->cap = cap;
    }
    list->items[list->n++] = (struct single){.file = file};
    return 0;
}

static bool may_be_renamed(const struct single *single)
{
    return single->other == NULL && S_ISREG(single->file->entry.mode) && single->file->entry.size_bytes > 0;
}

/* 1 when the bytes are the same, 0 when they are not, or cannot be read. */
static int has_same_bytes(struct differing *to, const struct diff_file *a, const struct diff_file *b,
                          struct sw_err *err)
{
    uint8_t one[SW_SHA256_BYTES], two[SW_SHA256_BYTES];
    struct sw_err cause = {.code = SW_OK};

    if (same_is_proved(to, a, b))
        return 1;
    if (same_digest(&to->a, a, one, &cause) == 0 && same_digest(&to->b, b, two, &cause) == 0)
        return memcmp(one, two, sizeof(one)) == 0;
    if (cause.code == SW_GUEST || cause.code == SW_REFUSED)
        return 0;
    *err = cause;
    return -1;
}

static int by_size(const void *a, const void *b)
{
    const struct single *one = *(struct single *const *)a, *two = *(struct single *const *)b;
    uint64_t from = one->file->entry.size_bytes, to = two->file->entry.size_bytes;

    /* In order of path where sizes are the same. */
    return from != to ? (from > to) - (from < to) : (one > two) - (one < two);
}

/* Those that may have had another name, by size. */
static struct single **sort_by_size(const struct singles *list, size_t *n, struct sw_err *err)
{
    struct single **sorted = sw_calloc(list->n + 1, sizeof(*sorted), err);

    *n = 0;
    for (size_t i = 0; sorted != NULL && i < list->n; i++)
        if (may_be_renamed(&list->items[i]))
            sorted[(*n)++] = &list->items[i];
    if (*n > 0)
        qsort(sorted, *n, sizeof(struct single *), by_size);
    return sorted;
}

/* The first of those from at on that has the same size and bytes; so many comparisons of all, and no more. */
static int find_new_name(struct differing *to, struct single *gone, struct single **at,
                         struct single *const *end, size_t *tried, struct sw_err *err)
{
    uint64_t size = gone->file->entry.size_bytes;

    for (; at < end && (*at)->file->entry.size_bytes == size && *tried < RENAMES_MAX; at++) {
        int same;

        if ((*at)->other != NULL)
            continue;
        ++*tried;
        same = has_same_bytes(to, gone->file, (*at)->file, err);
        if (same < 0)
            return -1;
        if (same == 0)
            continue;
        gone->other = (*at)->file;
        (*at)->other = gone->file;
        return 0;
    }
    return 0;
}

static int pair_up(struct differing *to, struct singles *gone, struct singles *come, struct sw_err *err)
{
    size_t nr_gone = 0, nr_come = 0, tried = 0, first = 0;
    SW_AUTO_FREE struct single **from = sort_by_size(gone, &nr_gone, err);
    SW_AUTO_FREE struct single **is = from != NULL ? sort_by_size(come, &nr_come, err) : NULL;

    if (is == NULL)
        return -1;
    for (size_t i = 0; i < nr_gone; i++) {
        while (first < nr_come && is[first]->file->entry.size_bytes < from[i]->file->entry.size_bytes)
            first++;
        if (find_new_name(to, from[i], is + first, is + nr_come, &tried, err) < 0)
            return -1;
    }
    return 0;
}

static int tell_single(struct differing *to, const char *change, const struct single *single,
                       struct sw_err *err)
{
    SW_AUTO_JSON json_t *row = NULL;
    const struct diff_file *from = single->other;

    if (from == NULL)
        return diff_add(to, "files", describe(change, single->file, err), err);
    /* Told of once, by its new name. */
    if (strcmp(change, "removed") == 0)
        return 0;
    row = describe("renamed", single->file, err);
    if (row == NULL || sw_json_set(row, "from", diff_text(from->path), err) < 0 ||
        compare_owner(to->ask, row, &from->entry, &single->file->entry, err) < 0)
        return -1;
    return diff_add(to, "files", json_incref(row), err);
}

/* ---- All of them ------------------------------------------------------------------------------------------ */

static bool is_asked_for(const struct sw_diff *ask, const char *path)
{
    for (size_t i = 0; i < ask->nr_globs; i++) {
        size_t len = strlen(ask->globs[i]);

        if (fnmatch(ask->globs[i], path, 0) == 0 ||
            (strncmp(ask->globs[i], path, len) == 0 && path[len] == '/'))
            return true;
    }
    return ask->nr_globs == 0;
}

static int order_of_files(const struct diff_file *a, const struct diff_file *b)
{
    int order = strcmp(a->path, b->path);

    return order != 0 ? order : strcmp(a->fs->place, b->fs->place);
}

static int walk_both(struct differing *to, struct singles *gone, struct singles *come, struct sw_err *err)
{
    const struct diff_side *a = &to->a, *b = &to->b;
    size_t i = 0, j = 0;

    while (i < a->nr_files || j < b->nr_files) {
        const struct diff_file *one = &a->files[i], *two = &b->files[j];
        int order = i == a->nr_files ? 1 : j == b->nr_files ? -1 : order_of_files(one, two);
        int rc = 0;

        if (sw_check_interrupt(err) < 0)
            return -1;
        i += order <= 0;
        j += order >= 0;
        if (!is_asked_for(to->ask, order <= 0 ? one->path : two->path))
            continue;
        if (order == 0)
            rc = compare_both(to, one, two, err);
        else
            rc = order < 0 ? add_single(gone, one, err) : add_single(come, two, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(sw_json_text(*(json_t *const *)a, "path"), sw_json_text(*(json_t *const *)b, "path"));
}

static int sort_rows(json_t *rows, struct sw_err *err)
{
    size_t n = json_array_size(rows);
    SW_AUTO_FREE json_t **list = sw_calloc(n + 1, sizeof(json_t *), err);

    if (list == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        list[i] = json_incref(json_array_get(rows, i));
    if (n > 0)
        qsort(list, n, sizeof(json_t *), by_path);
    json_array_clear(rows);
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(rows, list[i]) < 0)
            return sw_fail(err, SW_FAILED, "out of memory");
    return 0;
}

int diff_files(struct differing *to, struct sw_err *err)
{
    struct singles gone = {.items = NULL}, come = {.items = NULL};
    int rc = walk_both(to, &gone, &come, err);

    if (rc == 0)
        rc = pair_up(to, &gone, &come, err);
    for (size_t i = 0; i < gone.n && rc == 0; i++)
        rc = tell_single(to, "removed", &gone.items[i], err);
    for (size_t i = 0; i < come.n && rc == 0; i++)
        rc = tell_single(to, "added", &come.items[i], err);
    free(gone.items);
    free(come.items);
    return rc < 0 ? -1 : sort_rows(json_object_get(to->out, "files"), err);
}
