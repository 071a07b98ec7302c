/* An exported object on its way into a file: fetched, opened as a disk, converted, sealed, signed. */
#include "src/cli/export_disk.h"

#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/log.h"
#include "src/cli/output.h"

#include <string.h>

/* Blocks are at least as long as this, as far as memory for them goes. */
#define BLOCK_BYTES (UINT64_C(2) << 20)

static int fetch(const struct export_disk *ask, struct sw_fetch **out, struct sw_err *err)
{
    struct out_progress progress;
    struct sw_fetch_opts opts = {.cloud = ask->cloud,
                                 .object = ask->object,
                                 .range_bytes = ask->range_bytes,
                                 .connections = (unsigned)ask->common->jobs,
                                 .progress = &progress.base};
    int rc;

    if (ask->target->recipients != NULL)
        return sw_fetch_in_place(&opts, out, err);
    out_progress_begin(&progress, "download", ask->common);
    rc = sw_fetch_to_disk(&opts, ask->target->path, out, err);
    out_progress_end(&progress);
    return rc;
}

/* The target gets its name once the object as a whole is what S3 says it is. */
static int check_fetch(void *arg, const struct sw_copy *copy, struct sw_err *err)
{
    (void)copy;
    return sw_fetch_check(arg, err);
}

static int write_disk(const struct export_disk *ask, struct sw_fetch *from, struct sw_image *img,
                      struct export_outcome *out, struct sw_err *err)
{
    struct disk_target target = *ask->target;
    struct out_progress progress;
    struct sw_copy copy = {.src = img,
                           .format = ask->format,
                           .create = ask->create->create,
                           .jobs = opt_jobs(ask->common),
                           .progress = &progress.base,
                           .verity = ask->digest ? out->verity : NULL};
    int rc;

    copy.create.name = target.path;
    target.check = check_fetch;
    target.arg = from;
    for (unsigned i = 0; i < img->nr_warnings; i++)
        sw_log(SW_LOG_WARNING, "'%s': %s", img->in->name, img->warnings[i]);
    /* Each worker is at a block of its own. */
    if (sw_fetch_read_ahead(from, (copy.jobs + 1) * sw_max_u64(img->unit_bytes, BLOCK_BYTES), err) < 0)
        return -1;
    out_progress_begin(&progress, "convert", ask->common);
    rc = disk_target_write(&target, &copy, &out->copy, err);
    out_progress_end(&progress);
    return rc == 0 ? disk_target_sign(&target, &copy, &out->copy, err) : -1;
}

static int convert(const struct export_disk *ask, struct sw_fetch *from, struct export_outcome *out,
                   struct sw_err *err)
{
    SW_AUTO_IMAGE struct sw_image *img = NULL;
    struct sw_open_opts open = {.parents = NULL};
    struct sw_in *in = NULL;

    if (sw_fetch_in(from, &in, err) < 0 || sw_image_open(in, ask->source_format, &open, &img, err) < 0)
        return -1;
    out->source_format = img->format->name;
    return write_disk(ask, from, img, out, err);
}

int export_disk(const struct export_disk *ask, struct export_outcome *out, struct sw_err *err)
{
    struct sw_fetch *from = NULL;
    int rc;

    memset(out, 0, sizeof(*out));
    if (fetch(ask, &from, err) < 0)
        return -1;
    rc = convert(ask, from, out, err);
    sw_fetch_stats(from, &out->fetch);
    if (rc < 0 && err->code != SW_INTEGRITY)
        sw_fetch_keep(from);
    sw_fetch_close(from);
    return rc;
}
