/* slipway export of an EBS snapshot: its blocks on their way into a file, or what differs from another snapshot. */
#include "src/cli/export_snapshot.h"

#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/log.h"
#include "src/cli/disk_out.h"
#include "src/cli/output.h"

/* What was done. */
struct outcome {
    struct sw_snapshot_stats snapshot;
    struct sw_copy_stats copy;
    uint8_t verity[SW_VERITY_BYTES];
};

static int open_snapshot(const struct export_snapshot *ask, unsigned jobs, struct sw_image **img,
                         struct sw_err *err)
{
    /* Each worker is at a unit of its own, and few formats have units of more than 2 MiB: 32 MiB is the largest. */
    const struct sw_snapshot_opts opts = {.cloud = ask->cloud,
                                          .id = ask->id,
                                          .parent = ask->parent,
                                          .connections = (unsigned)ask->common->jobs,
                                          .span_bytes = (jobs + 1) * (UINT64_C(32) << 20)};

    return sw_snapshot_open(&opts, img, err);
}

static int lay_on(const struct export_snapshot *ask, struct image_arg *base, struct sw_copy *copy,
                  struct sw_err *err)
{
    if (backing_open(&ask->backing, base, copy, err) < 0)
        return -1;
    if (ask->parent == NULL)
        return 0;
    copy->top = copy->src;
    return sw_snapshot_lay_on(copy->src, base->img, err);
}

static int write_disk(const struct export_snapshot *ask, const struct sw_copy *plan, struct outcome *out,
                      struct sw_err *err)
{
    struct out_progress progress;
    struct sw_copy copy = *plan;
    int rc;

    copy.progress = &progress.base;
    out_progress_begin(&progress, "export", ask->common);
    rc = disk_target_write(ask->target, &copy, &out->copy, err);
    out_progress_end(&progress);
    sw_snapshot_stats(copy.src, &out->snapshot);
    return rc == 0 ? disk_target_sign(ask->target, &copy, &out->copy, err) : -1;
}

static int show(const struct export_snapshot *ask, const struct outcome *out, struct sw_err *err)
{
    char fetched[32], disk[32], digest[DISK_DIGEST_CHARS];

    disk_digest_text(out->verity, digest);
    if (ask->common->json)
        return out_json(
            json_pack("{s:o, s:s, s:b, s:s, s:s*, s:I, s:I, s:I, s:I, s:s*}", "file",
                      json_untrusted(ask->target->path), "format", ask->format->name, "sealed",
                      ask->target->recipients != NULL, "snapshot_id", ask->id, "parent_snapshot_id",
                      ask->parent, "fetched_bytes", (json_int_t)out->snapshot.fetched_bytes, "snapshot_bytes",
                      (json_int_t)out->snapshot.held_bytes, "virtual_bytes",
                      (json_int_t)out->copy.virtual_bytes, "stored_bytes", (json_int_t)out->copy.stored_bytes,
                      "fsverity", ask->digest ? digest : NULL),
            err);
    out_size(out->snapshot.fetched_bytes, fetched, sizeof(fetched));
    out_size(out->copy.virtual_bytes, disk, sizeof(disk));
    sw_log(SW_LOG_INFO, "'%s': %s, a disk of %s; %s came over the line, each block with its digest",
           ask->target->path, ask->format->name, disk, fetched);
    if (ask->digest)
        disk_digest_print(out->verity);
    return 0;
}

int export_snapshot(const struct export_snapshot *ask, struct sw_err *err)
{
    AUTO_IMAGE_ARG struct image_arg base = {.img = NULL};
    SW_AUTO_IMAGE struct sw_image *img = NULL;
    struct outcome out = {.copy = {.virtual_bytes = 0}};
    struct sw_copy copy = {.format = ask->format,
                           .create = ask->create->create,
                           .jobs = opt_jobs(ask->common),
                           .verity = ask->digest ? out.verity : NULL};

    if (open_snapshot(ask, copy.jobs, &img, err) < 0)
        return -1;
    copy.src = img;
    copy.create.name = ask->target->path;
    if ((ask->backing.file != NULL && lay_on(ask, &base, &copy, err) < 0) ||
        write_disk(ask, &copy, &out, err) < 0)
        return sw_context(err, "snapshot '%s'", ask->id);
    return show(ask, &out, err);
}
