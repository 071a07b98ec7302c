/* The disk that prepare writes. */
#include "src/cli/prepare_out.h"

#include "src/base/buf.h"
#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/cli/disk_target.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"

#include <string.h>
#include <unistd.h>

/* "vmdk,subformat=monolithicSparse" in its two parts. */
static int parse_format(const char *text, const char *path, struct prepare_out *out, struct sw_err *err)
{
    const char *comma = text != NULL ? strchr(text, ',') : NULL;
    SW_AUTO_FREE char *name = NULL;
    struct opt_list settings = {.n = 0};

    if (comma != NULL) {
        settings.items[settings.n++] = comma + 1;
        name = sw_strf(err, "%.*s", (int)(comma - text), text);
        if (name == NULL)
            return -1;
    }
    if (create_arg_parse(&settings, &out->create, err) < 0 ||
        sw_source_date(0, &out->create.create.epoch, err) < 0)
        return -1;
    return create_arg_format(name != NULL ? name : text, path, &out->format, err);
}

/* What comes before the output takes minutes, or is somebody's work in a shell: a name that cannot be is told before. */
static int check_folder(const char *path, struct sw_err *err)
{
    SW_AUTO_FREE char *dir = sw_path_dir(path, err);

    if (dir == NULL)
        return -1;
    return access(dir, W_OK | X_OK) < 0 ? sw_fail_errno(err, "cannot write in the folder of '%s'", path) : 0;
}

int prepare_out_open(const char *path, const char *output, const struct opt_list *seal_to, const char *sign,
                     struct prepare_out *out, struct sw_err *err)
{
    out->path = path;
    if (parse_format(output, path, out, err) < 0 || out_check_replaced(path, err) < 0 ||
        check_folder(path, err) < 0)
        return -1;
    if (seal_to->n > 0 && sw_format_check_sealed(out->format, out->create.create.subformat, err) < 0)
        return -1;
    if (seal_to->n > 0 && (out->recipients = seal_args_ring(SW_KEY_SEAL, seal_to, err)) == NULL)
        return -1;
    return sign_args_open(sign, path, &out->sign, err);
}

int prepare_out_write(struct prepare_out *out, struct sw_image *disk, const struct common_opts *common,
                      struct sw_copy_stats *stats, struct sw_err *err)
{
    struct out_progress progress;
    struct sw_copy copy = {.src = disk,
                           .format = out->format,
                           .create = out->create.create,
                           .jobs = opt_jobs(common),
                           .progress = &progress.base};
    const struct disk_target target = {.path = out->path,
                                       .mode = out->secret ? 0600 : 0666,
                                       .recipients = out->recipients,
                                       .one_run = true,
                                       .sign = &out->sign};
    int rc;

    copy.create.name = out->path;
    out_progress_begin(&progress, out->what, common);
    rc = disk_target_write(&target, &copy, stats, err);
    out_progress_end(&progress);
    return rc < 0 ? -1 : disk_target_sign(&target, &copy, stats, err);
}

void prepare_out_close(struct prepare_out *out)
{
    sw_keyring_free(out->recipients);
    sign_args_close(&out->sign);
}
