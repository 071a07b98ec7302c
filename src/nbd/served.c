/* A disk for an appliance: our own reader of it, on a socket, beneath an overlay of ours. */
#include "slipway/nbd.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/sockets.h"

#include <unistd.h>

static int make_overlay(const char *path, uint64_t size_bytes, const char *beneath, struct sw_err *err)
{
    const struct sw_create_opts create = {
        .size_bytes = size_bytes, .backing_name = beneath, .backing_format = "raw"};

    return sw_overlay_create(path, &create, err);
}

int sw_served_open(struct sw_image *image, const char *folder, struct sw_served *out, struct sw_err *err)
{
    static const char name[] = "disk.sock";
    SW_AUTO_FREE char *socket_path = NULL, *uri = NULL;

    out->dir = sw_strdup(folder, err);
    if (out->dir == NULL || sw_mkdir_p(folder, 0700, err) < 0 ||
        sw_sockets_open(folder, sizeof(name), &out->sockets, err) < 0)
        return -1;
    socket_path = sw_sockets_path(out->sockets, name, err);
    out->overlay = sw_path_join(folder, "overlay.qcow2", err);
    if (socket_path == NULL || out->overlay == NULL ||
        sw_nbd_start(image, socket_path, "disk", &out->server, err) < 0)
        return -1;
    uri = sw_nbd_uri("disk", socket_path, err);
    return uri != NULL ? make_overlay(out->overlay, image->size_bytes, uri, err) : -1;
}

void sw_served_blame(const struct sw_served *served, struct sw_err *err)
{
    struct sw_err cause = {.code = SW_OK};

    if (served->server != NULL && sw_nbd_check(served->server, &cause) < 0)
        *err = cause;
}

void sw_served_close(struct sw_served *served)
{
    sw_nbd_stop(served->server);
    sw_sockets_close(served->sockets);
    free(served->overlay);
    free(served->dir);
    *served = (struct sw_served){.dir = NULL};
}
