/* Which appliance a session starts: the fast one where it can be had, else libguestfs's own. */
#include "src/base/log.h"
#include "src/guest/session_private.h"

#include <string.h>

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

static int take(struct sw_session *session, struct sw_err *err)
{
    SW_AUTO_FREE char *supermin_dir = find_supermin_dir(session->g, err);
    bool made = false;

    if (supermin_dir == NULL ||
        sw_appliance_open(session->cache_dir, supermin_dir, &session->appliance, &made, err) < 0)
        return -1;
    if (made)
        sw_log(SW_LOG_INFO, "the appliance was made: '%s'", sw_appliance_dir(session->appliance));
    if (guestfs_set_path(session->g, sw_appliance_dir(session->appliance)) < 0)
        return sw_fail(err, SW_FAILED, "%s", guestfs_last_error(session->g));
    return 0;
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

void session_drop_fast(struct sw_session *session)
{
    sw_appliance_close(SW_STEAL_PTR(session->appliance));
}

const char *sw_session_appliance(const struct sw_session *session)
{
    return session->appliance != NULL ? "fast" : "stock";
}
