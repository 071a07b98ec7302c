/* What is done with a guest whose step failed. */
#include "src/build/failed.h"

#include "slipway/copy.h"
#include "slipway/guest.h"
#include "src/base/fs.h"
#include "src/base/log.h"

#include <errno.h>
#include <unistd.h>

static const char disk_name[] = "failed.qcow2";

int failed_check(const struct sw_build_opts *opts, const struct sw_store *store, struct sw_err *err)
{
    if (opts->on_error != SW_ON_ERROR_KEEP || !sw_store_is_sealed(store))
        return 0;
    return sw_fail(
        err, SW_REFUSED,
        "--on-error keep: the store is sealed, and the disk would lie beside the log in clear; --on-error "
        "shell looks into it and leaves nothing");
}

int failed_forget(const char *log_dir, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_path_join(log_dir, disk_name, err);

    if (path == NULL)
        return -1;
    if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
        return sw_fail_errno(err, "cannot remove '%s', which an earlier build left", path);
    return 0;
}

void failed_shell(const struct sw_build_opts *opts, const struct sw_recipe *recipe, struct sw_guest *guest)
{
    const char *dir = recipe->working_directory != NULL ? recipe->working_directory : "/tmp";
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *variable = sw_strf(&err, "WORKING_DIRECTORY=%s", dir);
    const char *const env[] = {variable, NULL};
    struct sw_guest_shell shell;
    struct sw_guest_exit end;

    if (opts->on_error != SW_ON_ERROR_SHELL || variable == NULL)
        return;
    if (opts->failed_shell == NULL) {
        sw_log(SW_LOG_WARNING, "--on-error shell: there is no terminal to open one on");
        return;
    }
    shell = *opts->failed_shell;
    shell.cwd = dir;
    shell.env = env;
    shell.skip_starts = recipe->skip_starts;
    sw_log(SW_LOG_INFO,
           "a shell in the guest as the failed step left it: changes are dropped at its end, and the "
           "build has failed (press ^] three times to leave it at once)");
    if (guest->ops->shell(guest, &shell, &end, &err) < 0)
        sw_log(SW_LOG_WARNING, "the shell: %s", err.text);
    else if (end.kind == SW_EXIT_NOEXEC)
        sw_log(SW_LOG_WARNING, "the shell: cannot run %s", end.text);
}

/* As a layer is made, but that it goes to a file of its own. */
static int write_disk(const struct failed_disk *disk, struct sw_store *store, const char *path,
                      struct sw_err *err)
{
    const struct sw_open_opts top_only = {.top_only = true};
    SW_AUTO_IMAGE struct sw_image *below = NULL, *src = NULL, *top = NULL, *base = NULL;
    struct sw_copy copy = {.format = sw_format_by_name("qcow2"), .jobs = disk->jobs};
    struct sw_in *in;
    int rc;

    if (sw_store_open_chain(store, disk->beneath, &below, err) < 0 ||
        sw_store_open_chain(store, disk->parent, &base, err) < 0 ||
        sw_overlay_open(disk->overlay, &below, &src, err) < 0 ||
        sw_in_open_file(disk->overlay, &in, err) < 0 ||
        sw_image_open(in, "qcow2", &top_only, &top, err) < 0 ||
        sw_out_create_file(path, 0600, &copy.out, err) < 0)
        return -1;
    copy.src = src;
    copy.top = top;
    copy.base = base;
    copy.create = (struct sw_create_opts){
        .size_bytes = src->size_bytes, .backing_name = disk->parent, .backing_format = "qcow2"};
    rc = sw_copy_image(&copy, NULL, err);
    if (rc == 0)
        rc = sw_out_commit(copy.out, err);
    sw_out_close(copy.out);
    return rc;
}

static int keep(const struct failed_disk *disk, struct sw_store *store, struct sw_session *session,
                char **path, struct sw_err *err)
{
    *path = sw_path_join(disk->log_dir, disk_name, err);
    if (*path == NULL || sw_session_close(session, err) < 0)
        return -1;
    return write_disk(disk, store, *path, err);
}

void failed_keep(const struct failed_disk *disk, struct sw_store *store, struct sw_session *session)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *path = NULL;

    if (keep(disk, store, session, &path, &err) < 0)
        sw_log(SW_LOG_WARNING, "the disk as the failed step left it cannot be kept: %s", err.text);
    else
        sw_log(
            SW_LOG_INFO,
            "the disk as the failed step left it is '%s': slipway shell '%s' --allow-parent '%s/blobs/sha256' looks "
            "into it",
            path, path, sw_store_dir(store));
}
