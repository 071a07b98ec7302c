/* Saving a start: qemu is run once as libguestfs runs it, to where the disks would be looked at, and its state is kept. */
#include "src/appliance/saved.h"

#include "slipway/progress.h"
#include "src/appliance/embed.h"
#include "src/appliance/hv/hv.h"
#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/base/sockets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    READY_MS = 180000,
    QMP_MS = 60000,
    MIGRATE_MS = 120000,
    POLL_MS = 20,
    ARGS_MAX = 512,
    RETRY_S = 24 * 3600,
    STARTS_MAX = 4, /* of other arguments each, as memory: some 110 MB */
};

static const char begin[] = "start-", key_end[] = ".key", failed_end[] = ".failed";

/* A machine that is started to be saved. */
struct machine {
    pid_t pid;
    int monitor, port; /* our ends */
    struct qmp qmp;
};

int saved_install(const char *folder, const char *qemu, struct sw_err *err)
{
    SW_AUTO_FREE char *program = sw_path_join(folder, "qemu", err),
                      *named = sw_path_join(folder, HV_HYPERVISOR, err);
    size_t len;
    const void *bytes = appliance_hv_program(&len);

    if (program == NULL || named == NULL || sw_write_file(named, qemu, strlen(qemu), 0600, err) < 0)
        return -1;
    return sw_write_file(program, bytes, len, 0700, err);
}

/* ---- The machine ---------------------------------------------------------------------------------------- */

/* A socket of libguestfs's is nobody's here; the runner's is one that nobody calls, as at a launch. */
static int change_chardev(const char *value, const char *socket_path, char **out, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_doubled(socket_path, ',', err);

    if (path == NULL)
        return -1;
    if (strstr(value, "id=channel0") != NULL)
        *out = sw_strdup("null,id=channel0", err);
    else if (strncmp(value, "socket,", 7) == 0)
        *out = sw_strf(err, "%s%spath=%s", value, value[strlen(value) - 1] == ',' ? "" : ",", path);
    else
        *out = sw_strdup(value, err);
    return *out != NULL ? 0 : -1;
}

struct words {
    char *items[ARGS_MAX];
    size_t n;
};

static void words_clear(struct words *words)
{
    for (size_t i = 0; i < words->n; i++)
        free(words->items[i]);
}

static int add_word(struct words *words, char *word, struct sw_err *err)
{
    if (word == NULL)
        return -1;
    if (words->n + 1 == ARGS_MAX) {
        free(word);
        return sw_fail(err, SW_FAILED, "the appliance has more than %d arguments", ARGS_MAX);
    }
    words->items[words->n++] = word;
    return 0;
}

static int make_words(const char *qemu, const struct sw_buf *key, const char *socket_path, const int fds[2],
                      struct words *out, struct sw_err *err)
{
    bool chardev = false;

    if (add_word(out, sw_strdup(qemu, err), err) < 0)
        return -1;
    for (const char *at = key->data; at < key->data + key->len; at += strlen(at) + 1) {
        char *word = NULL;

        if (*at == HV_NO_WORD)
            continue;
        if (chardev ? change_chardev(at, socket_path, &word, err) < 0 : (word = sw_strdup(at, err)) == NULL)
            return -1;
        if (add_word(out, word, err) < 0)
            return -1;
        chardev = strcmp(at, "-chardev") == 0;
    }
    if (add_word(out, sw_strdup("-chardev", err), err) < 0 ||
        add_word(out, sw_strf(err, "socket,id=slipwaygo,fd=%d", fds[1]), err) < 0 ||
        add_word(out, sw_strdup("-device", err), err) < 0 ||
        add_word(out, sw_strdup(HV_GO_DEVICE, err), err) < 0 ||
        add_word(out, sw_strdup("-chardev", err), err) < 0 ||
        add_word(out, sw_strf(err, "socket,id=slipwayqmp,fd=%d", fds[0]), err) < 0 ||
        add_word(out, sw_strdup("-mon", err), err) < 0 ||
        add_word(out, sw_strdup("chardev=slipwayqmp,mode=control", err), err) < 0)
        return -1;
    return 0;
}

/* In the child: nothing of ours but the two sockets, and an end with us. */
static void become(const struct words *words, const int fds[2], pid_t parent)
{
    int null = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it was killed before that */
        _exit(127);
    setpgid(0, 0);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    for (int i = 0; i < 2; i++)
        fcntl(fds[i], F_SETFD, 0);
    execv(words->items[0], words->items);
    _exit(127);
}

static int start(const char *qemu, const struct sw_buf *key, const char *socket_path, struct machine *out,
                 struct sw_err *err)
{
    SW_CLEANUP(words_clear) struct words words = {.n = 0};
    int monitor[2], port[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor) < 0)
        return sw_fail_errno(err, "cannot make a socket");
    out->monitor = out->qmp.fd = monitor[0];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, port) < 0) {
        close(monitor[1]);
        return sw_fail_errno(err, "cannot make a socket");
    }
    out->port = port[0];
    const int theirs[2] = {monitor[1], port[1]};
    int rc = make_words(qemu, key, socket_path, theirs, &words, err);

    pid_t self = getpid();

    out->pid = rc == 0 ? fork() : -1;
    if (out->pid == 0)
        become(&words, theirs, self);
    close(monitor[1]);
    close(port[1]);
    if (rc == 0 && out->pid < 0)
        return sw_fail_errno(err, "cannot start '%s'", qemu);
    return rc;
}

static void stop(struct machine *machine)
{
    if (machine->pid > 0) {
        kill(machine->pid, SIGKILL);
        while (waitpid(machine->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    if (machine->monitor >= 0)
        close(machine->monitor);
    if (machine->port >= 0)
        close(machine->port);
}

/* ---- Its state ------------------------------------------------------------------------------------------ */

static int await_ready(const struct machine *machine, struct sw_err *err)
{
    int64_t until = sw_monotonic_ns() + (int64_t)READY_MS * 1000000;
    struct pollfd wait = {.fd = machine->port, .events = POLLIN};
    char text[8];
    ssize_t n;

    while (poll(&wait, 1, POLL_MS) <= 0) { /* qemu's end is one of the port */
        if (sw_check_interrupt(err) < 0)
            return -1;
        if (sw_monotonic_ns() > until)
            return sw_fail(err, SW_FAILED, "it was not ready to be saved in %d s", READY_MS / 1000);
    }
    n = read(machine->port, text, sizeof(text));
    return n >= 5 && memcmp(text, "READY", 5) == 0
               ? 0
               : sw_fail(err, SW_FAILED, "it ended before it could be saved");
}

static int migrate(struct machine *machine, int file, struct sw_err *err)
{
    int64_t until = sw_monotonic_ns() + (int64_t)MIGRATE_MS * 1000000;
    struct qmp *qmp = &machine->qmp;
    char answer[4096] = "";

    if (!qmp_begin(qmp, QMP_MS) || !qmp_ask(qmp, "{\"execute\": \"stop\"}", NULL, 0, QMP_MS) ||
        !qmp_ask_with(qmp, "{\"execute\": \"getfd\", \"arguments\": {\"fdname\": \"state\"}}\n", file,
                      QMP_MS) ||
        !qmp_ask(
            qmp,
            "{\"execute\": \"migrate-set-parameters\", \"arguments\": {\"max-bandwidth\": 1099511627776}}",
            NULL, 0, QMP_MS) ||
        !qmp_ask(qmp, "{\"execute\": \"migrate\", \"arguments\": {\"uri\": \"fd:state\"}}", NULL, 0, QMP_MS))
        return sw_fail(err, SW_FAILED, "qemu would not save its state");
    while (strstr(answer, "\"completed\"") == NULL) {
        struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};

        if (sw_check_interrupt(err) < 0)
            return -1;
        if (!qmp_ask(qmp, "{\"execute\": \"query-migrate\"}", answer, sizeof(answer), QMP_MS) ||
            strstr(answer, "\"failed\"") != NULL || sw_monotonic_ns() > until)
            return sw_fail(err, SW_FAILED, "qemu could not save its state: %.200s", answer);
        nanosleep(&pause, NULL);
    }
    return 0;
}

static int save(const char *qemu, const struct sw_buf *key, const char *socket_path, int file,
                struct sw_err *err)
{
    struct machine machine = {.pid = -1, .monitor = -1, .port = -1};
    int rc = start(qemu, key, socket_path, &machine, err);

    if (rc == 0)
        rc = await_ready(&machine, err);
    if (rc == 0)
        rc = migrate(&machine, file, err);
    stop(&machine);
    unlink(socket_path);
    return rc;
}

/* ---- In the folder -------------------------------------------------------------------------------------- */

static int save_to(const char *folder, const char *qemu, const char *path, const struct sw_buf *key,
                   struct sw_err *err)
{
    SW_AUTO_FREE char *aside = sw_strf(err, "%s.new", path), *socket_path = NULL;
    struct sw_sockets *sockets = NULL;
    SW_AUTO_CLOSE int file = -1;
    int rc;

    if (aside == NULL || sw_sockets_open(folder, sizeof("/save.sock"), &sockets, err) < 0)
        return -1;
    socket_path = sw_sockets_path(sockets, "save.sock", err);
    file = open(aside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        rc = sw_fail_errno(err, "cannot make '%s'", aside);
    else
        rc = socket_path != NULL ? save(qemu, key, socket_path, file, err) : -1;
    sw_sockets_close(sockets);
    if (rc == 0 &&
        (!hv_seal(file, path + strlen(path) - HV_NAME_HEX) || fsync(file) < 0 || rename(aside, path) < 0))
        rc = sw_fail_errno(err, "cannot keep '%s'", path);
    if (rc < 0)
        unlink(aside);
    return rc;
}

/* One that fails is not tried again and again; but what was in its way, as a full disk, goes by. */
static bool is_given_up(const char *failed)
{
    struct stat st;

    return stat(failed, &st) == 0 && time(NULL) - st.st_mtime < RETRY_S;
}

static int make_one(const char *folder, const char *qemu, const char *key_name, struct sw_err *err)
{
    SW_AUTO_FREE char *key_path = sw_path_join(folder, key_name, err);
    SW_AUTO_FREE char *path =
        sw_strf(err, "%s/%.*s", folder, (int)(strlen(key_name) - strlen(key_end)), key_name);
    SW_AUTO_FREE char *failed = path != NULL ? sw_strf(err, "%s%s", path, failed_end) : NULL;
    SW_AUTO_BUF struct sw_buf key = {0};
    struct sw_err why = {.code = SW_OK};

    if (key_path == NULL || failed == NULL)
        return -1;
    if (sw_path_exists(path) || is_given_up(failed))
        return 0;
    if (sw_read_file(key_path, HV_KEY_MAX, &key, err) < 0 || key.len == 0)
        return -1;
    sw_log(SW_LOG_INFO, "saving the appliance's start, once: the next ones take a second");
    if (save_to(folder, qemu, path, &key, &why) == 0) {
        unlink(failed);
        return 0;
    }
    if (why.code == SW_INTERRUPTED) {
        *err = why;
        return -1;
    }
    sw_log(SW_LOG_INFO, "the appliance's start cannot be saved: %s", why.text);
    return sw_write_file(failed, why.text, strlen(why.text), 0600, err);
}

/* "start-", a start's name and this end: what somebody writes aside has another. */
static bool is_start(const char *name, const char *end)
{
    return strncmp(name, begin, strlen(begin)) == 0 &&
           strspn(name + strlen(begin), "0123456789abcdef") == HV_NAME_HEX &&
           strcmp(name + strlen(begin) + HV_NAME_HEX, end) == 0;
}

/* The one that was not gone on with for the longest goes when there are too many. Whoever reads it goes on reading. */
static bool drop_one(int folder)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    SW_AUTO_DIR DIR *dir = again >= 0 ? fdopendir(again) : NULL;
    char oldest[64] = "", key[80];
    struct timespec since = {.tv_sec = 0};
    const struct dirent *entry;
    size_t n = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat st;

        if (!is_start(entry->d_name, "") || fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (n++ > 0 && (st.st_mtim.tv_sec > since.tv_sec ||
                        (st.st_mtim.tv_sec == since.tv_sec && st.st_mtim.tv_nsec >= since.tv_nsec)))
            continue;
        since = st.st_mtim;
        snprintf(oldest, sizeof(oldest), "%.40s", entry->d_name);
    }
    if (n <= STARTS_MAX)
        return false;
    snprintf(key, sizeof(key), "%s%s", oldest, key_end);
    unlinkat(folder, key, 0); /* else it would be made anew */
    return unlinkat(folder, oldest, 0) == 0;
}

int saved_make(const char *folder, const char *qemu, struct sw_err *err)
{
    SW_AUTO_FREE char *lock_path = sw_path_join(folder, "saving", err);
    SW_AUTO_CLOSE int lock = lock_path != NULL ? sw_lock_file(lock_path, false, err) : -1;
    SW_AUTO_DIR DIR *dir = opendir(folder);
    const struct dirent *entry;

    if (lock < 0) /* another process does it */
        return lock_path != NULL && err->sys == EWOULDBLOCK ? 0 : -1;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (is_start(entry->d_name, key_end) && make_one(folder, qemu, entry->d_name, err) < 0)
            return -1;
    while (dir != NULL && drop_one(dirfd(dir)))
        continue;
    return 0;
}

void saved_forget(const char *folder)
{
    SW_AUTO_DIR DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct sw_err ignored = {.code = SW_OK};
        SW_AUTO_FREE char *path = NULL;

        if (!is_start(entry->d_name, ""))
            continue;
        path = sw_strf(&ignored, "%s/%s", folder, entry->d_name);
        if (path != NULL && unlink(path) == 0) {
            SW_AUTO_FREE char *failed = sw_strf(&ignored, "%s%s", path, failed_end);
            static const char why[] = "it was saved, and could not be gone on with";

            if (failed != NULL && sw_write_file(failed, why, strlen(why), 0600, &ignored) < 0)
                sw_log(SW_LOG_DEBUG, "%s", ignored.text);
        }
    }
}
