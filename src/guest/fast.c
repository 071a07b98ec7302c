/* Which appliance a session starts: the fast one where it can be had, else libguestfs's own. */
#include "src/base/log.h"
#include "src/base/sockets.h"
#include "src/guest/cause.h"
#include "src/guest/session_private.h"

#include <string.h>
#include <unistd.h>

/* Where libguestfs has what an appliance is made of: the first of its places that has it. Free it. */
static char *find_supermin_dir(guestfs_h *g, struct sw_err *err)
{
    const char *path = guestfs_get_path(g);

    for (size_t len; path != NULL && *path != '\0'; path += len + (path[len] != '\0')) {
        SW_AUTO_FREE char *dir = NULL;

        len = strcspn(path, ":");
        dir = sw_strf(err, "%.*s/supermin.d", (int)len, path);
        if (dir == NULL)
            return NULL;
        if (access(dir, R_OK) == 0)
            return SW_STEAL_PTR(dir);
    }
    sw_fail(err, SW_FAILED, "libguestfs has no supermin.d in '%s'", path != NULL ? guestfs_get_path(g) : "");
    return NULL;
}

/*
 * libguestfs writes beyond the buffer of a command line that it puts together (1.48 does so when qemu's path is some 90 bytes or
 * longer), so it is told of a link in the folder for sockets, whose path is short.
 */
static int name_hypervisor(struct sw_session *session, struct sw_err *err)
{
    session->hypervisor = sw_sockets_path(session->sockets, "qemu", err);
    if (session->hypervisor == NULL)
        return -1;
    unlink(session->hypervisor); /* a killed process's */
    if (symlink(sw_appliance_hypervisor(session->appliance), session->hypervisor) < 0)
        return sw_fail_errno(err, "cannot make '%s'", session->hypervisor);
    return guestfs_set_hv(session->g, session->hypervisor) < 0
               ? sw_fail(err, SW_FAILED, "%s", guestfs_last_error(session->g))
               : 0;
}

static int take(struct sw_session *session, struct sw_err *err)
{
    SW_AUTO_FREE char *supermin_dir = find_supermin_dir(session->g, err);
    SW_AUTO_FREE char *qemu = guestfs_get_hv(session->g);
    const char *own_qemu = getenv("LIBGUESTFS_HV");
    bool made = false;

    if (supermin_dir == NULL || qemu == NULL ||
        sw_appliance_open(session->cache_dir, supermin_dir, qemu, &session->appliance, &made, err) < 0)
        return -1;
    if (made)
        sw_log(SW_LOG_INFO, "the appliance was made: '%s'", sw_appliance_dir(session->appliance));
    session->saved = !session->from_anew && !session->network && (own_qemu == NULL || own_qemu[0] == '\0');
    if (guestfs_set_path(session->g, sw_appliance_dir(session->appliance)) < 0)
        return sw_fail(err, SW_FAILED, "%s", guestfs_last_error(session->g));
    /* Programs of a file system that is mounted noexec cannot be run. */
    if (access(sw_appliance_hypervisor(session->appliance), X_OK) < 0)
        session->saved = false;
    return session->saved ? name_hypervisor(session, err) : 0;
}

void session_take_fast(struct sw_session *session)
{
    const char *fixed = getenv("LIBGUESTFS_PATH");
    struct sw_err err = {.code = SW_OK};

    if (session->stock || (fixed != NULL && fixed[0] != '\0') || take(session, &err) == 0)
        return;
    sw_log(SW_LOG_INFO, "no fast appliance, so libguestfs's own: %s", err.text);
    session_drop_fast(session);
}

void session_save_start(struct sw_session *session)
{
    struct sw_err err = {.code = SW_OK};

    if (session->appliance != NULL && session->saved && sw_appliance_save(session->appliance, &err) < 0)
        sw_log(SW_LOG_INFO, "the appliance's start was not saved: %s", err.text);
}

void session_note_saved(struct sw_session *session)
{
    const char *line;

    for (unsigned i = 0; !session->went_on && (line = console_line(&session->console, i)) != NULL; i++)
        session->went_on = strstr(line, "slipway: going on from a saved start") != NULL;
}

bool session_step_down(struct sw_session *session, const struct sw_err *why)
{
    bool saved, outside;

    pthread_mutex_lock(&session->lock);
    saved = session->saved && session->went_on;
    outside = cause_is_outside(&session->console);
    pthread_mutex_unlock(&session->lock);
    if (session->appliance == NULL || outside)
        return false;
    sw_log(SW_LOG_WARNING, "the fast appliance did not %s (%s): going on with %s",
           saved ? "go on from its saved start" : "start", why->text,
           saved ? "a whole start" : "libguestfs's own");
    if (saved)
        sw_appliance_forget(session->appliance);
    session->from_anew = true;
    session->stock = !saved;
    session_drop_fast(session);
    return true;
}

void session_drop_fast(struct sw_session *session)
{
    sw_appliance_close(SW_STEAL_PTR(session->appliance));
    if (session->hypervisor != NULL)
        unlink(session->hypervisor);
    free(SW_STEAL_PTR(session->hypervisor));
}

const char *sw_session_appliance(const struct sw_session *session)
{
    return session->appliance == NULL ? "stock" : session->went_on ? "saved" : "fast";
}
