/* Small files that others wrote: read whole, within bounds. */
#include "src/provenance/small_file.h"

#include "src/base/fs.h"

#include <fcntl.h>
#include <sys/stat.h>

int small_file_read(const char *path, size_t max_bytes, struct sw_buf *out, struct sw_err *err)
{
    /* O_NONBLOCK: a FIFO must be refused, not waited for. */
    SW_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) {
        sw_fail_errno(err, "cannot open '%s'", path);
        err->code = SW_INTEGRITY;
        return -1;
    }
    if (!S_ISREG(st.st_mode))
        return sw_fail(err, SW_INTEGRITY, "'%s' is no regular file", path);
    if ((uint64_t)st.st_size > max_bytes)
        return sw_fail(err, SW_INTEGRITY, "'%s' has %llu bytes; at most %zu are allowed", path,
                       (unsigned long long)st.st_size, max_bytes);
    if (sw_buf_reserve(out, (size_t)st.st_size + 1, err) < 0 ||
        sw_pread_full(fd, out->data, (size_t)st.st_size, 0, path, err) < 0)
        return -1;
    out->len = (size_t)st.st_size;
    out->data[out->len] = '\0';
    return 0;
}
