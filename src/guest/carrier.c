/* Getting the runner into the guest without a trace, and the thread that waits for its end. */
#include "src/base/buf.h"
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/log.h"
#include "src/guest/media.h"
#include "src/guest/session_private.h"
#include "src/runner/embed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

enum { END_MS = 60000 };

static void *carry(void *arg)
{
    struct sw_session *session = arg;
    char *said;

    guestfs_set_error_handler(session->g, NULL, NULL); /* each thread's own */
    said = guestfs_command(session->g, session->carrier_command);
    if (said == NULL) {
        const char *text = guestfs_last_error(session->g);

        session->carrier_error = strdup(text != NULL ? text : "the appliance ended");
    }
    free(said);
    close(session->carrier_ended[1]);
    return NULL;
}

/* Called by the client when the runner is lost. */
static void on_lost(void *ctx, struct sw_err *err)
{
    struct sw_session *session = ctx;
    struct pollfd ended = {.fd = session->carrier_ended[0], .events = POLLIN};
    bool at_once = poll(&ended, 1, 1000) > 0;
    const char *line, *last = NULL, *place = session_scarce_place(session);
    char cause[CAUSE_BYTES];
    bool known;

    session_kill(session);
    session_join_carrier(session);
    known = session_cause(session, cause, sizeof(cause));
    pthread_mutex_lock(&session->lock);
    for (unsigned i = 0; (line = console_line(&session->console, i)) != NULL; i++) {
        if (err->code != SW_INTERRUPTED)
            sw_log(SW_LOG_WARNING, "appliance: %s", line);
        last = line;
    }
    if (place != NULL && err->code != SW_INTERRUPTED)
        sw_context(err, "no space left beside '%s', so the appliance stopped", place);
    else if (known && err->code != SW_INTERRUPTED)
        sw_context(err, "%s", cause);
    else if (at_once && session->carrier_error != NULL)
        sw_context(err, "%.300s", session->carrier_error);
    else if (err->code != SW_INTERRUPTED && last != NULL)
        sw_context(err, "the appliance's last words were '%s'", last);
    pthread_mutex_unlock(&session->lock);
}

/* Beside the runner, where the runner takes them from. The paths become the command's last words. */
static int mount_media(struct sw_session *session, const char *folder, struct sw_err *err)
{
    for (size_t i = 0; session->media != NULL && i < media_count(session->media); i++) {
        SW_AUTO_FREE char *device = sw_strf(err, "/dev/sd%c", (char)('b' + i));
        char *point = sw_strf(err, "%s/medium-%zu", folder, i);

        if (device == NULL || point == NULL) {
            free(point);
            return -1;
        }
        session->carrier_command[4 + i] = point;
        if (guestfs_mkdir(session->g, point) < 0 || guestfs_mount_ro(session->g, device, point) < 0)
            return session_fail(session, err, "cannot mount a package repository");
    }
    return 0;
}

/*
 * The runner lives in a tmpfs that covers one of the guest's folders while it runs. A tmpfs takes any device for its
 * source and does not look at it.
 */
static int put_runner(struct sw_session *session, char **path, struct sw_err *err)
{
    static const char *const folders[] = {"/run", "/tmp", "/mnt"};
    size_t len;
    const unsigned char *program = sw_runner_program(&len);

    for (size_t i = 0; i < SW_ARRAY_LEN(folders); i++) {
        if (guestfs_is_dir(session->g, folders[i]) != 1)
            continue;
        *path = sw_strf(err, "%s/slipway-runner", folders[i]);
        if (*path == NULL)
            return -1;
        if (guestfs_mount_vfs(session->g, "mode=0700,nosuid,nodev", "tmpfs", "/dev/sda", folders[i]) < 0 ||
            guestfs_write(session->g, *path, (const char *)program, len) < 0 ||
            guestfs_chmod(session->g, 0700, *path) < 0)
            return session_fail(session, err, "cannot put the runner into the guest");
        return mount_media(session, folders[i], err);
    }
    return sw_fail(err, SW_FAILED, "the image has none of the folders /run, /tmp and /mnt to start from");
}

static int start_carrier(struct sw_session *session, const char *nonce, struct sw_err *err)
{
    if (put_runner(session, &session->carrier_command[0], err) < 0)
        return -1;
    session->carrier_command[1] = sw_strdup("--port", err);
    session->carrier_command[2] = session->clock_s > 0
                                      ? sw_strf(err, RUNNER_PORT ",clock=%lld", (long long)session->clock_s)
                                      : sw_strdup(RUNNER_PORT, err);
    session->carrier_command[3] = sw_strdup(nonce, err);
    for (size_t i = 0; i < 4; i++)
        if (session->carrier_command[i] == NULL)
            return -1;
    if (pipe2(session->carrier_ended, O_CLOEXEC) < 0)
        return sw_fail_errno(err, "cannot make a pipe");
    errno = pthread_create(&session->carrier, NULL, carry, session);
    if (errno != 0) {
        close(session->carrier_ended[0]);
        close(session->carrier_ended[1]);
        return sw_fail_errno(err, "cannot start a thread");
    }
    session->has_carrier = true;
    return 0;
}

void session_join_carrier(struct sw_session *session)
{
    if (session->has_carrier) {
        pthread_join(session->carrier, NULL);
        close(session->carrier_ended[0]);
    }
    session->has_carrier = false;
    session->client.ended_fd = -1;
}

static void forget_command(struct sw_session *session)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(session->carrier_command); i++)
        free(SW_STEAL_PTR(session->carrier_command[i]));
    free(SW_STEAL_PTR(session->carrier_error));
}

int session_start_runner(struct sw_session *session, struct sw_err *err)
{
    uint8_t nonce[RUNNER_NONCE_BYTES];
    char hex[2 * RUNNER_NONCE_BYTES + 1];

    forget_command(session);
    if (sw_random(nonce, sizeof(nonce), err) < 0)
        return -1;
    sw_hex(nonce, sizeof(nonce), hex);
    client_init(&session->client, session->port_fd);
    client_drain(&session->client);
    if (start_carrier(session, hex, err) < 0)
        return -1;
    session->client.ended_fd = session->carrier_ended[0];
    session->client.lost = on_lost;
    session->client.ctx = session;
    return client_hello(&session->client, nonce, err);
}

/* Waits for the carrier; an appliance that does not let it go is killed. */
static int await_carrier(struct sw_session *session, struct sw_err *err)
{
    struct pollfd ended = {.fd = session->carrier_ended[0], .events = POLLIN};
    int64_t until = sw_monotonic_ns() + (int64_t)END_MS * 1000000;
    int n = 0;

    while (n <= 0 && sw_monotonic_ns() < until)
        n = poll(&ended, 1, 1000);
    if (n <= 0)
        session_kill(session);
    session_join_carrier(session);
    if (n <= 0)
        return sw_fail(err, SW_FAILED, "the guest's runner did not end within %d s", END_MS / 1000);
    if (session->carrier_error != NULL)
        return sw_fail(err, SW_FAILED, "the guest's runner ended badly: %s", session->carrier_error);
    return 0;
}

int session_stop_runner(struct sw_session *session, struct sw_err *err)
{
    int rc;

    if (!session->has_carrier)
        return 0;
    rc = client_bye(&session->client, err);
    if (rc == 0)
        rc = await_carrier(session, err);
    session->client.broken = true;
    session->client.because = (struct sw_err){.code = SW_FAILED, .text = "the boundary has ended"};
    forget_command(session);
    return rc;
}
