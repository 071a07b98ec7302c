/* Media as archives: looking into ISO 9660 images and tars, and making images of trees and tars. */
#include "src/base/archive.h"
#include "src/base/fs.h"
#include "src/guest/media.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK_BYTES = 256 << 10, NAME_MAX_BYTES = 4000 };

static int fail(struct archive *archive, struct sw_err *err, const char *doing)
{
    const char *text = archive_error_string(archive);

    return sw_fail(err, archive_errno(archive) == ENOMEM ? SW_FAILED : SW_RECIPE, "%s: %.200s", doing,
                   text != NULL ? text : "damaged");
}

static struct archive *open_reader(const char *path, struct sw_err *err)
{
    struct archive *archive = archive_read_new();

    if (archive == NULL || archive_read_support_filter_all(archive) < ARCHIVE_WARN ||
        archive_read_support_format_tar(archive) < ARCHIVE_WARN ||
        archive_read_support_format_iso9660(archive) != ARCHIVE_OK ||
        archive_read_open_filename(archive, path, BLOCK_BYTES) != ARCHIVE_OK) {
        if (archive == NULL)
            sw_fail(err, SW_FAILED, "out of memory");
        else
            fail(archive, err, "cannot open it");
        archive_read_free(archive);
        return NULL;
    }
    return archive;
}

/* The next entry; 0 at the end. */
static int next(struct archive *archive, struct archive_entry **entry, struct sw_err *err)
{
    int rc = archive_read_next_header(archive, entry);

    if (rc == ARCHIVE_EOF)
        return 0;
    return rc >= ARCHIVE_WARN ? 1 : fail(archive, err, "cannot read it");
}

/* Its name without "./" and slashes at the ends; NULL for the top itself, and for what leads out of it. */
static char *clean_name(struct archive_entry *entry, struct sw_err *err)
{
    const char *name = archive_entry_pathname(entry);
    size_t len;

    if (name == NULL)
        name = archive_entry_pathname_utf8(entry);
    if (name == NULL) {
        sw_fail(err, SW_RECIPE, "a name in it cannot be read");
        return NULL;
    }
    while (name[0] == '.' && name[1] == '/')
        name += 2 + strspn(name + 2, "/");
    len = strlen(name);
    while (len > 0 && name[len - 1] == '/')
        len--;
    if (len > NAME_MAX_BYTES || name[0] == '/' || strncmp(name, "../", 3) == 0 ||
        strstr(name, "/../") != NULL || (len >= 2 && strcmp(name + len - 2, "..") == 0)) {
        sw_fail(err, SW_RECIPE, "the name '%.100s' in it leads out of it", name);
        return NULL;
    }
    return sw_strf(err, "%.*s", (int)len, name);
}

int archive_look(const char *path, enum medium_kind *kind, struct layout *layout, struct sw_err *err)
{
    SW_AUTO_ARCHIVE_READ struct archive *archive = open_reader(path, err);
    struct archive_entry *entry;
    size_t n = 0;
    int rc;

    if (archive == NULL)
        return -1;
    while ((rc = next(archive, &entry, err)) > 0) {
        SW_AUTO_FREE char *name = clean_name(entry, err);

        if (name == NULL || layout_add(layout, name, err) < 0)
            return -1;
        if (++n > MEDIA_ENTRIES_MAX)
            return sw_fail(err, SW_RECIPE, "there are more than %d files in it", MEDIA_ENTRIES_MAX);
    }
    if (rc < 0)
        return -1;
    *kind = (archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ISO9660 ? MEDIUM_ISO
                                                                                           : MEDIUM_TAR;
    return 0;
}

/* ---- Images ------------------------------------------------------------------------------------------------ */

static struct archive *open_writer(int fd, struct sw_err *err)
{
    struct archive *archive = archive_write_new();

    if (archive == NULL || archive_write_set_format_iso9660(archive) != ARCHIVE_OK ||
        archive_write_set_options(archive, "iso-level=3,!joliet,volume-id=SLIPWAY") < ARCHIVE_WARN ||
        archive_write_add_filter_none(archive) != ARCHIVE_OK ||
        archive_write_open_fd(archive, fd) != ARCHIVE_OK) {
        if (archive == NULL)
            sw_fail(err, SW_FAILED, "out of memory");
        else
            fail(archive, err, "cannot make an image of it");
        archive_write_free(archive);
        return NULL;
    }
    return archive;
}

static int put_header(struct archive *out, struct archive_entry *entry, struct sw_err *err)
{
    /* Whoever runs in the guest may read all of it. */
    archive_entry_set_perm(
        entry,
        archive_entry_filetype(entry) == AE_IFDIR || (archive_entry_perm(entry) & 0111) != 0 ? 0555 : 0444);
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
    return archive_write_header(out, entry) >= ARCHIVE_WARN ? 0
                                                            : fail(out, err, "cannot make an image of it");
}

static int put_bytes(struct archive *out, const void *bytes, size_t len, struct sw_err *err)
{
    la_ssize_t n = archive_write_data(out, bytes, len);

    return n == (la_ssize_t)len ? 0 : fail(out, err, "cannot make an image of it");
}

static int close_writer(struct archive *out, struct sw_err *err)
{
    return archive_write_close(out) == ARCHIVE_OK ? 0 : fail(out, err, "cannot make an image of it");
}

/* Exactly the bytes that were listed: a file that grows meanwhile is no matter, one that shrinks is an error. */
static int put_file(struct archive *out, const char *path, uint64_t size_bytes, struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    SW_AUTO_FREE char *block = sw_calloc(1, BLOCK_BYTES, err);

    if (fd < 0)
        return sw_fail_errno(err, "cannot open '%s'", path);
    if (block == NULL)
        return -1;
    for (uint64_t at = 0; at < size_bytes;) {
        size_t n = size_bytes - at < BLOCK_BYTES ? (size_t)(size_bytes - at) : BLOCK_BYTES;

        if (sw_pread_full(fd, block, n, at, path, err) < 0 || put_bytes(out, block, n, err) < 0)
            return -1;
        at += n;
    }
    return 0;
}

static int put_tree_entry(struct archive *out, const struct tree_entry *item, const char *path,
                          struct sw_err *err)
{
    SW_AUTO_ARCHIVE_ENTRY struct archive_entry *entry = archive_entry_new();
    SW_AUTO_FREE char *file = sw_path_join(path, item->name, err);

    if (entry == NULL || file == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    archive_entry_set_pathname(entry, item->name);
    archive_entry_set_mtime(entry, item->mtime_ns / 1000000000, 0);
    archive_entry_set_perm(entry, item->executable ? 0755 : 0644);
    archive_entry_set_filetype(entry, item->folder ? AE_IFDIR : item->link != NULL ? AE_IFLNK : AE_IFREG);
    if (item->link != NULL)
        archive_entry_set_symlink(entry, item->link);
    archive_entry_set_size(entry, (la_int64_t)item->size_bytes);
    if (put_header(out, entry, err) < 0)
        return -1;
    return item->folder || item->link != NULL ? 0 : put_file(out, file, item->size_bytes, err);
}

int archive_image_of_tree(const struct tree *tree, const char *path, int image_fd, struct sw_err *err)
{
    SW_AUTO_ARCHIVE_WRITE struct archive *out = open_writer(image_fd, err);

    if (out == NULL)
        return -1;
    for (size_t i = 0; i < tree->n; i++)
        if (put_tree_entry(out, &tree->items[i], path, err) < 0)
            return -1;
    return close_writer(out, err);
}

static int put_tar_data(struct archive *in, struct archive *out, uint64_t *total, struct sw_err *err)
{
    SW_AUTO_FREE char *block = sw_calloc(1, BLOCK_BYTES, err);
    la_ssize_t n;

    if (block == NULL)
        return -1;
    while ((n = archive_read_data(in, block, BLOCK_BYTES)) > 0) {
        *total += (uint64_t)n;
        if (*total > MEDIA_TREE_MAX_BYTES)
            return sw_fail(err, SW_RECIPE, "its files hold more than a tebibyte");
        if (put_bytes(out, block, (size_t)n, err) < 0)
            return -1;
    }
    return n == 0 ? 0 : fail(in, err, "cannot read it");
}

static int put_tar_entry(struct archive *in, struct archive *out, struct archive_entry *entry,
                         uint64_t *total, struct sw_err *err)
{
    SW_AUTO_FREE char *name = clean_name(entry, err);
    unsigned type = archive_entry_filetype(entry);
    bool plain = type == AE_IFREG && archive_entry_hardlink(entry) == NULL;

    if (name == NULL)
        return -1;
    if (name[0] == '\0')
        return 0;
    if (type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
        return sw_fail(err, SW_RECIPE, "'%.100s' in it is neither a file nor a folder nor a link", name);
    archive_entry_set_pathname(entry, name);
    if (put_header(out, entry, err) < 0)
        return -1;
    return plain ? put_tar_data(in, out, total, err) : 0;
}

int archive_image_of_tar(const char *path, int image_fd, struct sw_err *err)
{
    SW_AUTO_ARCHIVE_READ struct archive *in = open_reader(path, err);
    SW_AUTO_ARCHIVE_WRITE struct archive *out = in != NULL ? open_writer(image_fd, err) : NULL;
    struct archive_entry *entry;
    uint64_t total = 0;
    int rc;

    if (out == NULL)
        return -1;
    while ((rc = next(in, &entry, err)) > 0)
        if (put_tar_entry(in, out, entry, &total, err) < 0)
            return -1;
    return rc < 0 ? -1 : close_writer(out, err);
}
