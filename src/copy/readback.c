/* Reading a copy back through its own driver, before it is committed. */
#include "slipway/verify.h"
#include "src/base/cleanup.h"

#include <fcntl.h>
#include <string.h>

/* From the medium, where the kernel lets go of what it keeps in memory. */
static int sync_and_drop(const struct sw_out *out, struct sw_err *err)
{
    if (fdatasync(out->fd) < 0)
        return sw_fail_errno(err, "cannot sync '%s'", out->name);
    (void)posix_fadvise(out->fd, 0, 0, POSIX_FADV_DONTNEED);
    return 0;
}

static int open_target(const struct sw_copy *copy, struct sw_image **target, struct sw_err *err)
{
    struct sw_in *in = NULL;
    int fd;

    if (copy->out->fd < 0 || !sw_out_seekable(copy->out))
        return sw_fail(err, SW_USAGE, "'%s' is written as a stream: it cannot be read back", copy->out->name);
    if (sync_and_drop(copy->out, err) < 0)
        return -1;
    fd = fcntl(copy->out->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return sw_fail_errno(err, "cannot read '%s' back", copy->out->name);
    if (sw_in_open_fd(fd, copy->out->name, &in, err) < 0)
        return -1;
    return sw_image_open(in, copy->format->name, NULL, target, err);
}

/* Where the two part, if the source still reads as it did. */
static int say_difference(const struct sw_copy *copy, struct sw_image *target, struct sw_err *err)
{
    uint64_t at = UINT64_MAX;
    struct sw_err ignored = {.code = SW_OK};

    if (sw_check_interrupt(err) < 0)
        return -1;
    if (sw_compare_images(copy->src, target, copy->jobs, &at, &ignored) == 0 && at != UINT64_MAX)
        return sw_fail(
            err, SW_INTEGRITY,
            "'%s' does not read back as it was written: the first difference is at %llu of the disk",
            copy->out->name, (unsigned long long)at);
    return sw_fail(err, SW_INTEGRITY, "'%s' does not read back as it was written: its digest differs",
                   copy->out->name);
}

int sw_read_back(const struct sw_copy *copy, const uint8_t verity[SW_VERITY_BYTES], struct sw_err *err)
{
    uint8_t got[SW_VERITY_BYTES] = {0};
    struct sw_image *target = NULL;
    struct sw_scan scan = {.jobs = copy->jobs, .progress = copy->progress, .verity = got};
    int rc;

    if (open_target(copy, &target, err) < 0)
        return sw_context(err, "reading back");
    scan.img = target;
    rc = sw_scan_image(&scan, NULL, err);
    if (rc < 0)
        sw_context(err, "reading back");
    else if (memcmp(got, verity, sizeof(got)) != 0)
        rc = say_difference(copy, target, err);
    sw_image_close(target);
    return rc;
}
