/* Compressed files, and the archive that the kernel takes for its first file system. */
#include "src/appliance/pack.h"
#include "src/base/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 << 10 };

static int fail(struct archive *archive, struct sw_err *err, const char *doing)
{
    const char *text = archive != NULL ? archive_error_string(archive) : "out of memory";

    return sw_fail(err, SW_FAILED, "%s: %.200s", doing, text != NULL ? text : "damaged");
}

int unpack(const void *bytes, size_t len, size_t max_bytes, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_ARCHIVE_READ struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    size_t begin = out->len;

    if (archive == NULL || archive_read_support_filter_all(archive) < ARCHIVE_WARN ||
        archive_read_support_format_raw(archive) != ARCHIVE_OK ||
        archive_read_open_memory(archive, bytes, len) != ARCHIVE_OK ||
        archive_read_next_header(archive, &entry) != ARCHIVE_OK)
        return fail(archive, err, "cannot decompress");
    for (;;) {
        la_ssize_t n;

        if (sw_buf_reserve(out, PIECE_BYTES, err) < 0)
            return -1;
        n = archive_read_data(archive, out->data + out->len, PIECE_BYTES);
        if (n == 0)
            return 0;
        if (n < 0)
            return fail(archive, err, "cannot decompress");
        out->len += (size_t)n;
        out->data[out->len] = '\0';
        if (out->len - begin > max_bytes)
            return sw_fail(err, SW_FAILED, "it is larger than %zu bytes", max_bytes);
    }
}

int initrd_open(struct initrd *initrd, const char *path, struct sw_err *err)
{
    struct archive *archive;

    initrd->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (initrd->fd < 0)
        return sw_fail_errno(err, "cannot make '%s'", path);
    initrd->archive = archive = archive_write_new();
    if (archive == NULL || archive_write_set_format_cpio_newc(archive) != ARCHIVE_OK ||
        archive_write_open_fd(archive, initrd->fd) != ARCHIVE_OK)
        return fail(archive, err, "cannot write an initrd");
    return 0;
}

int initrd_add(struct initrd *initrd, const char *name, unsigned mode, const void *bytes, size_t len,
               struct sw_err *err)
{
    SW_AUTO_ARCHIVE_ENTRY struct archive_entry *entry = archive_entry_new();

    if (entry == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, mode);
    archive_entry_set_nlink(entry, 1);
    archive_entry_set_size(entry, (la_int64_t)len);
    if (archive_write_header(initrd->archive, entry) != ARCHIVE_OK ||
        archive_write_data(initrd->archive, bytes, len) != (la_ssize_t)len)
        return fail(initrd->archive, err, "cannot write an initrd");
    return 0;
}

int initrd_finish(struct initrd *initrd, struct sw_err *err)
{
    if (archive_write_close(initrd->archive) != ARCHIVE_OK)
        return fail(initrd->archive, err, "cannot write an initrd");
    if (fsync(initrd->fd) < 0)
        return sw_fail_errno(err, "cannot sync an initrd");
    return 0;
}

void initrd_close(struct initrd *initrd)
{
    if (initrd->archive != NULL)
        archive_write_free(initrd->archive);
    if (initrd->fd >= 0)
        close(initrd->fd);
    *initrd = (struct initrd){.fd = -1};
}
