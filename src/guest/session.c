/* The session: one appliance per build, whose boundaries are mounts. */
#include "src/base/buf.h"
#include "src/base/sockets.h"
#include "src/guest/session_private.h"

#include <string.h>

int sw_session_start(const struct sw_session_opts *opts, struct sw_session **out, struct sw_err *err)
{
    struct sw_session *session = sw_calloc(1, sizeof(*session), err);

    if (session == NULL)
        return -1;
    session->port_fd = -1;
    session->accel = opts->accel;
    session->memory_mib = opts->memory_mib;
    session->network = opts->network;
    session->stock = opts->stock_appliance;
    session->media = opts->media;
    session->volumes = opts->volumes;
    session->clock_s = opts->clock_s;
    for (size_t i = 0; i < opts->nr_disks && i < SW_LOOK_DISKS_MAX; i++) {
        session->disks[i] = realpath(opts->disks[i], NULL);
        session->nr_disks += session->disks[i] != NULL;
    }
    pthread_mutex_init(&session->lock, NULL);
    pthread_cond_init(&session->changed, NULL);
    session->overlay = realpath(opts->overlay, NULL);
    session->scratch_dir = realpath(opts->scratch_dir, NULL);
    if (session->overlay == NULL || session->scratch_dir == NULL) {
        sw_fail_errno(err, "cannot find '%s'", session->overlay == NULL ? opts->overlay : opts->scratch_dir);
        sw_session_free(session);
        return -1;
    }
    if (session->nr_disks != opts->nr_disks) {
        sw_fail(err, SW_FAILED, "a disk is missing, or there are more than %d", SW_LOOK_DISKS_MAX + 1);
        sw_session_free(session);
        return -1;
    }
    if (session_launch(session, err) < 0) {
        sw_session_free(session);
        return -1;
    }
    *out = session;
    return 0;
}

void sw_session_set_clock(struct sw_session *session, int64_t clock_s)
{
    session->clock_s = clock_s;
}

int sw_session_wait(struct sw_session *session, struct sw_err *err)
{
    return session_await(session, err);
}

int sw_session_begin(struct sw_session *session, struct sw_guest **guest, struct sw_err *err)
{
    if (session_await(session, err) < 0)
        return -1;
    if (session->mounted)
        return sw_fail(err, SW_FAILED, "the guest is already in use");
    if (session_mount(session, err) < 0 || session_start_runner(session, err) < 0)
        return -1;
    /* Windows has no use for Linux' package repositories. */
    if (session->media != NULL && !session->is_windows &&
        sw_media_show(session->media, &session->client.base, session->network, err) < 0)
        return -1;
    *guest = &session->client.base;
    if (session->is_windows) {
        windows_guest_init(&session->windows, &session->client.base);
        *guest = &session->windows.base;
    }
    return 0;
}

int sw_session_end(struct sw_session *session, struct sw_err *err)
{
    if (!session->mounted)
        return 0;
    if (session_stop_runner(session, err) < 0)
        return -1;
    if (guestfs_umount_all(session->g) < 0 || guestfs_sync(session->g) < 0)
        return session_fail(session, err, "cannot unmount the image's file systems");
    session->mounted = false;
    return 0;
}

int sw_session_close(struct sw_session *session, struct sw_err *err)
{
    if (session_await(session, err) < 0 || sw_session_end(session, err) < 0)
        return -1;
    if (guestfs_shutdown(session->g) < 0)
        return session_fail(session, err, "cannot shut the appliance down");
    session_save_start(session);
    return 0;
}

void sw_session_free(struct sw_session *session)
{
    if (session == NULL)
        return;
    session_abandon_launch(session);
    if (session->has_carrier) {
        session_kill(session);
        session_join_carrier(session);
    }
    if (session->g != NULL)
        guestfs_close(session->g);
    session_drop_fast(session);
    if (session->port_fd >= 0)
        close(session->port_fd);
    if (session->socket_path != NULL)
        unlink(session->socket_path);
    sw_sockets_close(session->sockets);
    session_free_mounts(session);
    for (size_t i = 0; i < SW_ARRAY_LEN(session->carrier_command); i++)
        free(session->carrier_command[i]);
    free(session->carrier_error);
    for (size_t i = 0; i < session->nr_disks; i++)
        free(session->disks[i]);
    free(session->overlay);
    free(session->scratch_dir);
    free(session->cache_dir);
    free(session->socket_path);
    pthread_mutex_destroy(&session->lock);
    pthread_cond_destroy(&session->changed);
    free(session);
}

int64_t sw_session_launch_ms(const struct sw_session *session)
{
    return session->launch_ms;
}

bool sw_session_is_tcg(const struct sw_session *session)
{
    return session->tcg;
}
