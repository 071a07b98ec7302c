/* Launching the appliance: the handle's settings, the thread that launches, the watchdog, and what went wrong. */
#include "slipway/progress.h"
#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/base/sockets.h"
#include "src/guest/cause.h"
#include "src/guest/media.h"
#include "src/guest/qemu.h"
#include "src/guest/session_private.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum {
    MEMORY_MIB = 1280, /* less is no faster, and package managers want it */
    SILENT_TCG_S = 60,
    SILENT_KVM_S = 20,
    WATCH_MS = 250,
    SOCKET_NAME_BYTES = 72, /* "/libguestfsXXXXXX/guestfsd.sock", and what keeps qemu's path short (fast.c) */
};
#define SCARCE_BYTES (UINT64_C(64) << 20)

/* Into the log; true when it was the watchdog that ended the appliance. */
static bool log_console(struct sw_session *session)
{
    const char *line;
    bool hung;

    pthread_mutex_lock(&session->lock);
    for (unsigned i = 0; (line = console_line(&session->console, i)) != NULL; i++)
        sw_log(SW_LOG_WARNING, "appliance: %s", line);
    hung = session->hung;
    pthread_mutex_unlock(&session->lock);
    return hung;
}

const char *session_scarce_place(const struct sw_session *session)
{
    const char *places[] = {session->scratch_dir, session->cache_dir, session->overlay};
    uint64_t free_bytes;

    for (size_t i = 0; i < SW_ARRAY_LEN(places); i++) {
        struct sw_err ignored = {.code = SW_OK};

        if (places[i] != NULL && sw_free_bytes(places[i], &free_bytes, &ignored) == 0 &&
            free_bytes < SCARCE_BYTES)
            return places[i];
    }
    return NULL;
}

bool session_cause(struct sw_session *session, char *text, size_t len)
{
    bool found;

    pthread_mutex_lock(&session->lock);
    found = cause_find(&session->console, session->memory_mib, text, len);
    pthread_mutex_unlock(&session->lock);
    return found;
}

int session_fail(struct sw_session *session, struct sw_err *err, const char *doing)
{
    const char *text = guestfs_last_error(session->g), *place;
    char cause[CAUSE_BYTES];

    if (log_console(session))
        return sw_fail(err, SW_FAILED,
                       "%s: the appliance hung: no byte on its console for %d s (%s); see slipway doctor",
                       doing, session->silent_s, session->tcg ? "TCG" : "KVM");
    place = session_scarce_place(session);
    if (place != NULL)
        return sw_fail(err, SW_FAILED, "%s: no space left beside '%s' (%s)", doing, place,
                       text != NULL ? text : "the appliance ended");
    if (session_cause(session, cause, sizeof(cause)))
        return sw_fail(err, SW_FAILED, "%s: %s", doing, cause);
    return sw_fail(err, SW_FAILED, "%s: %s; see slipway doctor", doing,
                   text != NULL ? text : "the appliance ended");
}

void session_kill(struct sw_session *session)
{
    pid_t qemu = qemu_of_socket(session->socket_path);

    if (qemu > 0)
        kill(qemu, SIGKILL);
}

/* The shape is libguestfs's. NOLINTNEXTLINE(readability-function-size) */
static void on_console(guestfs_h *g, void *opaque, uint64_t event, int event_handle, int flags,
                       const char *bytes, size_t len, const uint64_t *array, size_t array_len)
{
    struct sw_session *session = opaque;

    (void)g, (void)event, (void)event_handle, (void)flags, (void)array, (void)array_len;
    pthread_mutex_lock(&session->lock);
    console_add(&session->console, bytes, len);
    session_note_saved(session);
    pthread_mutex_unlock(&session->lock);
}

/* Sleeps on the condition; false once the launch is over. The lock is held. */
static bool still_launching(struct sw_session *session)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WATCH_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    if (session->state == LAUNCH_RUNNING)
        pthread_cond_clockwait(&session->changed, &session->lock, CLOCK_MONOTONIC, &until);
    return session->state == LAUNCH_RUNNING;
}

/* Since when the console has been silent, and what qemu had used of the processor then. */
struct quiet {
    int64_t since_ns, cpu_ns;
    pid_t qemu;
    uint64_t seen;
};

/* The folder of libguestfs's own socket. */
static void note_folder(const struct sw_session *session, pid_t qemu)
{
    char folder[QEMU_GUESTFS_FOLDER];

    if (qemu_guestfs_folder(qemu, folder))
        sw_sockets_also(session->sockets, folder);
}

static void look_at_console(const struct sw_session *session, struct quiet *quiet, int64_t now)
{
    if (session->console.bytes == quiet->seen && quiet->qemu > 0)
        return;
    /* Before qemu the appliance is made; that is silent, and bounded by the disk. */
    if (quiet->qemu <= 0) {
        quiet->qemu = qemu_of_socket(session->socket_path);
        note_folder(session, quiet->qemu);
    }
    quiet->seen = session->console.bytes;
    quiet->since_ns = now;
    quiet->cpu_ns = qemu_cpu_ns(quiet->qemu);
}

/* Kills a launch that nobody wants, and one that hangs. */
static void *watch(void *arg)
{
    struct sw_session *session = arg;
    struct quiet quiet = {.qemu = -1};

    pthread_mutex_lock(&session->lock);
    while (still_launching(session)) {
        int64_t limit = (int64_t)(session->tcg ? SILENT_TCG_S : SILENT_KVM_S) * 1000000000;
        int64_t now = sw_monotonic_ns(), silent;

        look_at_console(session, &quiet, now);
        silent = now - quiet.since_ns;
        if (!session->abandoned &&
            (silent < limit || !qemu_hangs(silent, qemu_cpu_ns(quiet.qemu) - quiet.cpu_ns, limit)))
            continue;
        if (qemu_of_socket(session->socket_path) > 0) {
            session->hung = !session->abandoned;
            session->silent_s = (int)(silent / 1000000000);
            session_kill(session);
        }
        quiet.qemu = -1;
    }
    pthread_mutex_unlock(&session->lock);
    return NULL;
}

/*
 * TCG runs `rep movsb` a byte at a time: without the two bits that recommend it, the guest's kernel and libc clear and copy
 * pages by words, and the start of a program takes a quarter fewer instructions. The rest is what libguestfs asks for; of two
 * -cpu qemu takes the last.
 */
static int choose_cpu(guestfs_h *g)
{
#if defined(__x86_64__)
    return guestfs_config(g, "-cpu", "max,la57=off,-erms,-fsrm");
#else
    (void)g;
    return 0;
#endif
}

/* KVM or TCG, with one line when it is not the one that is hoped for. */
static int choose_accel(struct sw_session *session, struct sw_err *err)
{
    struct sw_kvm kvm;
    bool tcg;

    guestfs_push_error_handler(session->g, NULL, NULL);
    SW_AUTO_FREE char *forced = guestfs_get_backend_setting(session->g, "force_tcg");
    guestfs_pop_error_handler(session->g);
    tcg = session->accel == SW_ACCEL_TCG || (session->accel == SW_ACCEL_AUTO && forced != NULL);
    if (!tcg) {
        sw_kvm_probe(&kvm);
        tcg = kvm.state != SW_KVM_OK;
        if (tcg && session->accel == SW_ACCEL_KVM)
            return sw_fail(err, SW_FAILED, "KVM is %s (%s): %s", sw_kvm_state_name(kvm.state), kvm.detail,
                           kvm.remedy);
        if (tcg)
            sw_log(SW_LOG_INFO, "KVM is %s (%s): using TCG, which is slower", sw_kvm_state_name(kvm.state),
                   kvm.detail);
    }
    pthread_mutex_lock(&session->lock);
    session->tcg = tcg;
    pthread_mutex_unlock(&session->lock);
    if (tcg && (guestfs_set_backend_setting(session->g, "force_tcg", "1") < 0 || choose_cpu(session->g) < 0))
        return session_fail(session, err, "cannot choose TCG");
    return 0;
}

/* What would make the launch fail after long seconds and with a riddle for a message. */
static int check_host(const struct sw_session *session, struct sw_err *err)
{
    const char *fixed = getenv("LIBGUESTFS_PATH");
    SW_AUTO_FREE char *hv = guestfs_get_hv(session->g);
    struct sw_host_kernel kernel;

    if (hv != NULL && hv[0] == '/' && access(hv, X_OK) < 0)
        return sw_fail(err, SW_FAILED, "'%s' is missing: install qemu-system-x86", hv);
    if (fixed != NULL && fixed[0] != '\0')
        return 0;
    sw_host_kernel(&kernel);
    if (kernel.path[0] == '\0')
        return sw_fail(err, SW_FAILED,
                       "there is no kernel in /boot for the appliance: install linux-image-cloud-amd64");
    if (!kernel.readable)
        return sw_fail(err, SW_FAILED,
                       "the appliance's kernel '%s' cannot be read by this user: as root, chmod 0644 '%s' "
                       "(or set SUPERMIN_KERNEL to one that can)",
                       kernel.path, kernel.path);
    return 0;
}

/* libguestfs puts its sockets where XDG_RUNTIME_DIR says, but root's into /tmp: there is a place beside them, then. */
static int choose_socket_dir(struct sw_session *session, struct sw_err *err)
{
    if (sw_sockets_open(geteuid() != 0 ? session->scratch_dir : NULL, SOCKET_NAME_BYTES, &session->sockets,
                        err) < 0)
        return -1;
    session->socket_path = sw_sockets_path(session->sockets, "slipway-runner.sock", err);
    return session->socket_path != NULL ? 0 : -1;
}

static int set_places(struct sw_session *session, struct sw_err *err)
{
    SW_AUTO_FREE char *runtime = sw_strf(err, "XDG_RUNTIME_DIR=%s", sw_sockets_dir(session->sockets));
    char *env[] = {runtime, NULL};

    if (runtime == NULL)
        return -1;
    if (session->cache_dir == NULL)
        session->cache_dir = sw_appliance_cache(err);
    if (session->cache_dir == NULL || sw_mkdir_p(session->cache_dir, 0700, err) < 0)
        return -1;
    if (guestfs_parse_environment_list(session->g, env) < 0 ||
        guestfs_set_tmpdir(session->g, session->scratch_dir) < 0 ||
        guestfs_set_cachedir(session->g, session->cache_dir) < 0)
        return session_fail(session, err, "cannot set the appliance's folders");
    return 0;
}

static char *port_option(const char *path, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};

    return sw_buf_puts(&text, "socket,id=slipway,server=on,wait=off,path=", err) == 0 &&
                   sw_buf_double(&text, path, ',', err) == 0
               ? sw_buf_steal(&text)
               : NULL;
}

/*
 * A program that is loaded elsewhere each time is translated anew by TCG each time: starting one takes a quarter of the
 * time at a fixed place, and what depends on an address is the same in every build.
 */
static int set_append(guestfs_h *g)
{
    static const char fixed[] = "norandmaps";
    const char *given = guestfs_get_append(g);
    SW_AUTO_FREE char *both = NULL;
    struct sw_err ignored = {.code = SW_OK};

    if (given == NULL || given[0] == '\0')
        return guestfs_set_append(g, fixed);
    both = sw_strf(&ignored, "%s %s", fixed, given);
    return both != NULL ? guestfs_set_append(g, both) : -1;
}

static int add_overlay(guestfs_h *g, const char *path)
{
    return guestfs_add_drive_opts(g, path, GUESTFS_ADD_DRIVE_OPTS_FORMAT, "qcow2",
                                  GUESTFS_ADD_DRIVE_OPTS_CACHEMODE, "unsafe", GUESTFS_ADD_DRIVE_OPTS_DISCARD,
                                  "besteffort", -1);
}

static int add_disks(struct sw_session *session)
{
    if (add_overlay(session->g, session->overlay) < 0)
        return -1;
    for (size_t i = 0; i < session->nr_disks; i++)
        if (add_overlay(session->g, session->disks[i]) < 0)
            return -1;
    return 0;
}

/* Behind the image's disk: /dev/sdb and so on, in order. */
static int add_media(struct sw_session *session)
{
    for (size_t i = 0; session->media != NULL && i < media_count(session->media); i++)
        if (guestfs_add_drive_opts(session->g, media_image(session->media, i), GUESTFS_ADD_DRIVE_OPTS_FORMAT,
                                   "raw", GUESTFS_ADD_DRIVE_OPTS_READONLY, 1, -1) < 0)
            return -1;
    return 0;
}

/* The caller's, else libguestfs's own variable, else what is enough for most. */
static void choose_memory(struct sw_session *session)
{
    const char *given = getenv("LIBGUESTFS_MEMSIZE");

    if (session->memory_mib != 0)
        return;
    session->memory_mib = MEMORY_MIB;
    if (given != NULL && given[0] != '\0' && guestfs_get_memsize(session->g) > 0)
        session->memory_mib = (unsigned)guestfs_get_memsize(session->g);
}

static int configure(struct sw_session *session, struct sw_err *err)
{
    SW_AUTO_FREE char *chardev = port_option(session->socket_path, err);
    guestfs_h *g = session->g;

    if (chardev == NULL)
        return -1;
    choose_memory(session);
    if ((getenv("LIBGUESTFS_BACKEND") == NULL && guestfs_set_backend(g, "direct") < 0) ||
        guestfs_set_network(g, session->network) < 0 || guestfs_set_smp(g, 1) < 0 ||
        guestfs_set_pgroup(g, 1) < 0 || set_append(g) < 0 ||
        guestfs_set_memsize(g, (int)session->memory_mib) < 0 || add_disks(session) < 0 ||
        add_media(session) < 0 || guestfs_config(g, "-chardev", chardev) < 0 ||
        guestfs_config(g, "-device", "virtserialport,chardev=slipway,name=" RUNNER_PORT) < 0 ||
        guestfs_set_event_callback(g, on_console, GUESTFS_EVENT_APPLIANCE, 0, session) < 0)
        return session_fail(session, err, "cannot prepare the appliance");
    return 0;
}

/* The handle, all but the choices of the launching thread. */
static int open_handle(struct sw_session *session, struct sw_err *err)
{
    session->g = guestfs_create();
    if (session->g == NULL)
        return sw_fail_errno(err, "cannot make a libguestfs handle");
    guestfs_set_error_handler(session->g, NULL, NULL);
    return set_places(session, err) < 0 ? -1 : configure(session, err);
}

static bool is_abandoned(struct sw_session *session)
{
    bool abandoned;

    pthread_mutex_lock(&session->lock);
    abandoned = session->abandoned;
    pthread_mutex_unlock(&session->lock);
    return abandoned;
}

/* A fresh handle for another try. */
static int begin_anew(struct sw_session *session, struct sw_err *err)
{
    guestfs_close(session->g);
    session->g = NULL;
    pthread_mutex_lock(&session->lock);
    session->hung = false;
    session->went_on = false;
    session->console = (struct console){.bytes = 0};
    pthread_mutex_unlock(&session->lock);
    return open_handle(session, err);
}

/* From a saved start; from the fast appliance's whole one; with libguestfs's own. */
static int launch_any(struct sw_session *session, struct sw_err *err)
{
    for (;;) {
        struct sw_err why = {.code = SW_OK};

        if (choose_accel(session, err) < 0)
            return -1;
        session_take_fast(session);
        if (guestfs_launch(session->g) == 0)
            return 0;
        session_fail(session, &why, "cannot start the appliance");
        if (is_abandoned(session) || session_scarce_place(session) != NULL ||
            !session_step_down(session, &why)) {
            *err = why;
            return -1;
        }
        if (begin_anew(session, err) < 0)
            return -1;
    }
}

static void *launch(void *arg)
{
    struct sw_session *session = arg;
    struct sw_err err = {.code = SW_OK};
    int64_t began = sw_monotonic_ns();
    int rc;

    guestfs_set_error_handler(session->g, NULL, NULL); /* it is each thread's own, and prints if not set */
    rc = launch_any(session, &err);
    pthread_mutex_lock(&session->lock);
    session->launch_ms = (sw_monotonic_ns() - began) / 1000000;
    session->launch_err = err;
    session->state = rc == 0 ? LAUNCH_DONE : LAUNCH_FAILED;
    pthread_cond_broadcast(&session->changed);
    pthread_mutex_unlock(&session->lock);
    return NULL;
}

static int start_thread(pthread_t *thread, bool *has, void *(*fn)(void *), struct sw_session *session,
                        struct sw_err *err)
{
    errno = pthread_create(thread, NULL, fn, session);
    if (errno != 0)
        return sw_fail_errno(err, "cannot start a thread");
    *has = true;
    return 0;
}

int session_launch(struct sw_session *session, struct sw_err *err)
{
    if (choose_socket_dir(session, err) < 0 || open_handle(session, err) < 0 ||
        check_host(session, err) < 0 ||
        start_thread(&session->launcher, &session->has_launcher, launch, session, err) < 0)
        return -1;
    return start_thread(&session->watchdog, &session->has_watchdog, watch, session, err);
}

static void join_threads(struct sw_session *session)
{
    if (session->has_launcher)
        pthread_join(session->launcher, NULL);
    if (session->has_watchdog)
        pthread_join(session->watchdog, NULL);
    session->has_launcher = session->has_watchdog = false;
}

void session_abandon_launch(struct sw_session *session)
{
    pthread_mutex_lock(&session->lock);
    session->abandoned = true;
    pthread_cond_broadcast(&session->changed);
    pthread_mutex_unlock(&session->lock);
    join_threads(session);
}

/* Connects to the runner's port; the connection is kept, its name is not. */
static int open_port(struct sw_session *session, struct sw_err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, session->socket_path, strlen(session->socket_path) + 1);
    session->port_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (session->port_fd < 0 ||
        connect(session->port_fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return sw_fail_errno(err, "cannot connect to the appliance");
    unlink(session->socket_path);
    return 0;
}

int session_await(struct sw_session *session, struct sw_err *err)
{
    enum launch_state state;

    pthread_mutex_lock(&session->lock);
    while (still_launching(session) && !sw_interrupted())
        continue;
    state = session->state;
    pthread_mutex_unlock(&session->lock);
    if (state == LAUNCH_RUNNING)
        return sw_check_interrupt(err);
    join_threads(session);
    if (state == LAUNCH_FAILED) {
        *err = session->launch_err;
        return -1;
    }
    return session->port_fd >= 0 ? 0 : open_port(session, err);
}
