/* A folder of this machine as a sorted list, its digest, and a signature that tells when it may have changed. */
#include "src/base/fs.h"
#include "src/guest/media.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LINK_BYTES = 4096 };

struct reading {
    struct tree *tree;
    size_t cap;
    struct sw_err *err;
};

static struct tree_entry *grow(struct reading *reading)
{
    struct tree *tree = reading->tree;

    if (tree->n == MEDIA_ENTRIES_MAX) {
        sw_fail(reading->err, SW_RECIPE, "there are more than %d files in it", MEDIA_ENTRIES_MAX);
        return NULL;
    }
    if (tree->n == reading->cap) {
        size_t cap = reading->cap > 0 ? 2 * reading->cap : 256;
        struct tree_entry *grown = realloc(tree->items, cap * sizeof(*grown));

        if (grown == NULL) {
            sw_fail(reading->err, SW_FAILED, "out of memory");
            return NULL;
        }
        tree->items = grown;
        reading->cap = cap;
    }
    tree->items[tree->n] = (struct tree_entry){.name = NULL};
    return &tree->items[tree->n++];
}

static int64_t nanoseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static int read_link(int dir, const char *name, struct tree_entry *entry, struct sw_err *err)
{
    char target[LINK_BYTES];
    ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

    if (n < 0 || n == (ssize_t)sizeof(target) - 1)
        return sw_fail_errno(err, "cannot read the link '%s'", entry->name);
    target[n] = '\0';
    entry->link = sw_strdup(target, err);
    return entry->link != NULL ? 0 : -1;
}

static int read_folder(struct reading *reading, int fd, const char *prefix, unsigned depth);

static int read_entry(struct reading *reading, int dir, const char *prefix, const char *name, unsigned depth)
{
    struct tree_entry *entry = grow(reading);
    struct stat st;

    if (entry == NULL)
        return -1;
    entry->name = sw_strf(reading->err, "%s%s%s", prefix, prefix[0] != '\0' ? "/" : "", name);
    if (entry->name == NULL)
        return -1;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return sw_fail_errno(reading->err, "cannot look at '%s'", entry->name);
    entry->folder = S_ISDIR(st.st_mode);
    entry->executable = S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
    entry->size_bytes = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    entry->device = st.st_dev;
    entry->inode = st.st_ino;
    entry->mtime_ns = nanoseconds(&st.st_mtim);
    entry->ctime_ns = nanoseconds(&st.st_ctim);
    if (S_ISLNK(st.st_mode))
        return read_link(dir, name, entry, reading->err);
    if (S_ISREG(st.st_mode))
        return 0;
    if (!S_ISDIR(st.st_mode))
        return sw_fail(reading->err, SW_RECIPE, "'%s' is neither a file nor a folder nor a link",
                       entry->name);
    /* The list may move while it grows; the name does not. */
    return read_folder(reading, openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                       entry->name, depth + 1);
}

/* Takes fd. */
static int read_folder(struct reading *reading, int fd, const char *prefix, unsigned depth)
{
    SW_AUTO_DIR DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (dir == NULL) {
        sw_fail_errno(reading->err, "cannot read the folder '%s'", prefix);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (depth > MEDIA_DEPTH_MAX)
        return sw_fail(reading->err, SW_RECIPE, "'%s' lies too deep", prefix);
    for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (read_entry(reading, dirfd(dir), prefix, entry->d_name, depth) < 0)
            return -1;
    }
    return errno == 0 ? 0 : sw_fail_errno(reading->err, "cannot read the folder '%s'", prefix);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct tree_entry *)a)->name, ((const struct tree_entry *)b)->name);
}

int tree_read(const char *path, struct tree *out, struct sw_err *err)
{
    struct reading reading = {.tree = out, .err = err};

    *out = (struct tree){.items = NULL};
    if (read_folder(&reading, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "", 0) < 0) {
        tree_free(out);
        return -1;
    }
    if (out->n > 0)
        qsort(out->items, out->n, sizeof(*out->items), by_name);
    return 0;
}

void tree_free(struct tree *tree)
{
    for (size_t i = 0; i < tree->n; i++) {
        free(tree->items[i].name);
        free(tree->items[i].link);
    }
    free(tree->items);
    *tree = (struct tree){.items = NULL};
}

static const char *kind_of(const struct tree_entry *entry)
{
    if (entry->link != NULL)
        return "link";
    if (entry->folder)
        return "folder";
    return entry->executable ? "program" : "file";
}

/* A NUL ends each part, as no name has one. */
static int add_text(struct sw_digest *digest, const char *text, struct sw_err *err)
{
    return sw_digest_update(digest, text, strlen(text) + 1, err);
}

int tree_digest(const struct tree *tree, const char *path, uint8_t out[SW_SHA256_BYTES], struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new(err);

    if (digest == NULL)
        return -1;
    for (size_t i = 0; i < tree->n; i++) {
        const struct tree_entry *entry = &tree->items[i];
        uint8_t bytes[SW_SHA256_BYTES];

        if (add_text(digest, kind_of(entry), err) < 0 || add_text(digest, entry->name, err) < 0 ||
            add_text(digest, entry->link != NULL ? entry->link : "", err) < 0)
            return -1;
        if (entry->link != NULL || entry->folder)
            continue;
        SW_AUTO_FREE char *file = sw_path_join(path, entry->name, err);
        if (file == NULL || sw_sha256_file(file, bytes, err) < 0 ||
            sw_digest_update(digest, bytes, sizeof(bytes), err) < 0)
            return -1;
    }
    return sw_digest_final(digest, out, err);
}

int tree_signature(const struct tree *tree, uint8_t out[SW_SHA256_BYTES], struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new(err);

    if (digest == NULL)
        return -1;
    for (size_t i = 0; i < tree->n; i++) {
        const struct tree_entry *entry = &tree->items[i];
        char line[160];

        snprintf(line, sizeof(line), "%s %llu %llu %llu %lld %lld", kind_of(entry),
                 (unsigned long long)entry->size_bytes, (unsigned long long)entry->device,
                 (unsigned long long)entry->inode, (long long)entry->mtime_ns, (long long)entry->ctime_ns);
        if (add_text(digest, line, err) < 0 || add_text(digest, entry->name, err) < 0 ||
            add_text(digest, entry->link != NULL ? entry->link : "", err) < 0)
            return -1;
    }
    return sw_digest_final(digest, out, err);
}
