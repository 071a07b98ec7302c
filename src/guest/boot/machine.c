/* A machine's life: start, waiting for the runner, restart, end. */
#include "src/guest/boot/machine.h"

#include "slipway/progress.h"
#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

enum {
    TIMEOUT_TCG_S = 600,
    TIMEOUT_KVM_S = 120,
    SILENCE_TCG_MS = 300000, /* of a runner in a system that is busy */
    WAIT_MS = 250,
    SAID_BYTES = 600,
    COMMAND_MS = 60000,
};

const char *sw_boot_fault_name(enum sw_boot_fault fault)
{
    static const char *const names[] = {
        "",         "no-boot-device", "boot-loader", "kernel-panic", "emergency-shell",
        "time-out", "restart",        "ended"};

    return names[fault];
}

enum sw_boot_fault sw_machine_fault(struct sw_machine *machine)
{
    enum sw_boot_fault fault;

    pthread_mutex_lock(&machine->lock);
    fault = machine->fault;
    pthread_mutex_unlock(&machine->lock);
    return fault;
}

bool sw_machine_is_tcg(const struct sw_machine *machine)
{
    return machine->tcg;
}

int64_t sw_machine_boot_ms(const struct sw_machine *machine)
{
    return machine->boot_ms;
}

int64_t sw_machine_limit_ms(const struct sw_machine *machine)
{
    return (int64_t)machine->timeout_s * 1000;
}

/* ---- The start --------------------------------------------------------------------------------------------- */

/* LIBGUESTFS_BACKEND_SETTINGS counts here as it does for the appliance: whoever forces TCG there means it. */
static int choose_accel(struct sw_machine *machine, enum sw_accel accel, struct sw_err *err)
{
    const char *settings = getenv("LIBGUESTFS_BACKEND_SETTINGS");
    bool forced = settings != NULL && strstr(settings, "force_tcg") != NULL;
    struct sw_kvm kvm;

    machine->tcg = accel == SW_ACCEL_TCG || (accel == SW_ACCEL_AUTO && forced);
    if (machine->tcg)
        return 0;
    sw_kvm_probe(&kvm);
    machine->tcg = kvm.state != SW_KVM_OK;
    if (machine->tcg && accel == SW_ACCEL_KVM)
        return sw_fail(err, SW_FAILED, "KVM is %s (%s): %s", sw_kvm_state_name(kvm.state), kvm.detail,
                       kvm.remedy);
    if (machine->tcg)
        sw_log(SW_LOG_INFO, "KVM is %s (%s): using TCG, which is slower", sw_kvm_state_name(kvm.state),
               kvm.detail);
    return 0;
}

static struct sw_machine *make(const struct sw_machine_opts *opts, struct sw_err *err)
{
    struct sw_machine *machine = sw_calloc(1, sizeof(*machine), err);

    if (machine == NULL)
        return NULL;
    machine->console_fd = machine->monitor_fd = machine->port_fd = machine->log_fd = -1;
    machine->happened_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    machine->seed = opts->seed;
    machine->mask = opts->mask;
    pthread_mutex_init(&machine->lock, NULL);
    pthread_cond_init(&machine->changed, NULL);
    machine->said_path = sw_path_join(opts->scratch_dir, "qemu.log", err);
    if (machine->happened_fd >= 0 && machine->said_path != NULL)
        return machine;
    if (machine->said_path != NULL)
        sw_fail_errno(err, "cannot make an event");
    sw_machine_free(machine);
    return NULL;
}

/* What QEMU said before it ended, as the error's cause. */
static void explain(const struct sw_machine *machine, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf said = {0};
    struct sw_err ignored = {.code = SW_OK};

    if (sw_read_file(machine->said_path, (size_t)64 << 10, &said, &ignored) < 0 || said.len == 0)
        return;
    said.data[strcspn(said.data, "\n")] = '\0';
    sw_fail(err, SW_FAILED, "qemu-system-x86_64: %.*s", SAID_BYTES, said.data);
}

static int start(struct sw_machine *machine, const struct sw_machine_opts *opts, struct sw_err *err)
{
    if (choose_accel(machine, opts->accel, err) < 0)
        return -1;
    machine->timeout_s = opts->timeout_s != 0 ? opts->timeout_s
                         : machine->tcg       ? (unsigned)TIMEOUT_TCG_S
                                              : (unsigned)TIMEOUT_KVM_S;
    if (opts->console != NULL) {
        machine->log_fd = open(opts->console, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (machine->log_fd < 0)
            return sw_fail_errno(err, "cannot write '%s'", opts->console);
    }
    if (machine_spawn(machine, opts, err) < 0)
        return -1;
    machine->began_ns = machine->heard_ns = sw_monotonic_ns();
    errno = pthread_create(&machine->watcher, NULL, machine_watch, machine);
    if (errno != 0)
        return sw_fail_errno(err, "cannot start a thread");
    machine->has_watcher = true;
    /* Once it answers it has opened the disk. */
    if (monitor_ask(machine, "qmp_capabilities", NULL, err) < 0 ||
        monitor_ask(machine, "query-status", NULL, err) < 0) {
        explain(machine, err);
        return -1;
    }
    if (opts->drop_overlay && unlink(opts->overlay) < 0)
        return sw_fail_errno(err, "cannot remove '%s'", opts->overlay);
    return 0;
}

int sw_machine_start(const struct sw_machine_opts *opts, struct sw_machine **out, struct sw_err *err)
{
    struct sw_machine *machine = make(opts, err);

    if (machine == NULL)
        return -1;
    if (start(machine, opts, err) < 0) {
        sw_machine_free(machine);
        return -1;
    }
    *out = machine;
    return 0;
}

/* ---- What is waited for ------------------------------------------------------------------------------------- */

/* The machine's fault as the error; the console's last lines are in the log. */
static int fail_by_fault(struct sw_machine *machine, struct sw_err *err)
{
    const char *line;
    int rc;

    pthread_mutex_lock(&machine->lock);
    for (unsigned i = 0; (line = console_line(&machine->console, i)) != NULL; i++)
        sw_log(SW_LOG_WARNING, "console: %s", line);
    rc = sw_fail(err, SW_GUEST, "%s", machine->why);
    pthread_mutex_unlock(&machine->lock);
    return rc;
}

/* Called by the client when it is in vain to wait for the runner. */
static void on_lost(void *ctx, struct sw_err *err)
{
    struct sw_machine *machine = ctx;
    struct sw_err cause = {.code = SW_OK};

    if (err->code == SW_INTERRUPTED || sw_machine_fault(machine) == SW_BOOT_FINE)
        return;
    (void)!fail_by_fault(machine, &cause);
    *err = cause;
}

/* Nothing that was said before a restart counts behind it. */
static void begin_client(struct sw_machine *machine)
{
    uint64_t count;

    while (read(machine->happened_fd, &count, sizeof(count)) > 0)
        continue;
    client_init(&machine->client, machine->port_fd);
    machine->client.ended_fd = machine->happened_fd;
    machine->client.lost = on_lost;
    machine->client.ctx = machine;
    machine->client.silence_ms = INT_MAX; /* the watcher knows how long a boot may take */
}

static void note_up(struct sw_machine *machine)
{
    pthread_mutex_lock(&machine->lock);
    machine->stage = STAGE_UP;
    machine->boot_ms = (sw_monotonic_ns() - machine->began_ns) / 1000000;
    pthread_mutex_unlock(&machine->lock);
}

int sw_machine_await(struct sw_machine *machine, struct sw_guest **guest, struct sw_err *err)
{
    begin_client(machine);
    if (sw_machine_fault(machine) != SW_BOOT_FINE)
        return fail_by_fault(machine, err);
    if (client_hello(&machine->client, machine->seed.nonce, err) < 0)
        return -1;
    note_up(machine);
    machine->client.silence_ms = machine->tcg ? (int)SILENCE_TCG_MS : (int)CLIENT_SILENCE_MS;
    *guest = &machine->client.base;
    return 0;
}

enum wanted { WANT_LOGIN, WANT_RESET, WANT_END };

static bool has_come(const struct sw_machine *machine, enum wanted wanted)
{
    return wanted == WANT_LOGIN   ? machine->login
           : wanted == WANT_RESET ? machine->reset_seen
                                  : machine->ended;
}

static int await(struct sw_machine *machine, enum wanted wanted, struct sw_err *err)
{
    bool come, failed;

    do {
        struct timespec until;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += WAIT_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_mutex_lock(&machine->lock);
        if (!has_come(machine, wanted))
            pthread_cond_clockwait(&machine->changed, &machine->lock, CLOCK_MONOTONIC, &until);
        come = has_come(machine, wanted);
        failed = machine->fault != SW_BOOT_FINE && machine->fault_ns == 0;
        pthread_mutex_unlock(&machine->lock);
        if (sw_check_interrupt(err) < 0)
            return -1;
    } while (!come && !failed);
    return come ? 0 : fail_by_fault(machine, err);
}

int sw_machine_await_login(struct sw_machine *machine, struct sw_err *err)
{
    if (await(machine, WANT_LOGIN, err) < 0)
        return -1;
    note_up(machine);
    return 0;
}

/* ---- Restart and end --------------------------------------------------------------------------------------- */

/* Asks the system itself; the runner may end before it can answer. */
static void command(struct sw_machine *machine, enum machine_expected expected, const char *what)
{
    bool systemd = machine->seed.init == SW_INIT_SYSTEMD;
    const char *const argv[] = {systemd ? "systemctl" : what, systemd ? what : NULL, NULL};
    const struct sw_guest_run run = {.argv = argv, .timeout_ms = COMMAND_MS};
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_exit end;

    pthread_mutex_lock(&machine->lock);
    machine->expected = expected;
    machine->reset_seen = false;
    machine->began_ns = sw_monotonic_ns();
    pthread_mutex_unlock(&machine->lock);
    if (machine->client.base.ops->run(&machine->client.base, &run, &end, &err) < 0)
        sw_log(SW_LOG_DEBUG, "%s: %s", what, err.text);
    else if (end.kind != SW_EXIT_STATUS || end.value != 0)
        sw_log(SW_LOG_WARNING, "the system's '%s' failed", what);
}

int sw_machine_reboot(struct sw_machine *machine, struct sw_guest **guest, struct sw_err *err)
{
    command(machine, EXPECT_RESET, "reboot");
    if (await(machine, WANT_RESET, err) < 0)
        return -1;
    client_drain(&machine->client);
    pthread_mutex_lock(&machine->lock);
    machine->began_ns = sw_monotonic_ns();
    pthread_mutex_unlock(&machine->lock);
    return sw_machine_await(machine, guest, err);
}

int sw_machine_power_off(struct sw_machine *machine, struct sw_err *err)
{
    command(machine, EXPECT_END, "poweroff");
    return await(machine, WANT_END, err);
}

int sw_machine_screen(struct sw_machine *machine, const char *path, struct sw_err *err)
{
    SW_AUTO_FREE char *absolute = NULL;
    SW_AUTO_FREE char *arguments = NULL;
    SW_AUTO_FREE char *dir = sw_path_dir(path, err);
    SW_AUTO_FREE char *real = dir != NULL ? realpath(dir, NULL) : NULL;
    SW_AUTO_JSON json_t *json = NULL;

    if (dir == NULL)
        return -1;
    if (real == NULL)
        return sw_fail_errno(err, "cannot find '%s'", dir);
    absolute = sw_path_join(real, sw_path_base(path), err);
    json = absolute != NULL ? json_pack("{s:s, s:s}", "filename", absolute, "format", "png") : NULL;
    if (json == NULL)
        return sw_fail(err, SW_FAILED, "'%s' is no path that QEMU can be told", path);
    arguments = sw_json_canonical(json, err);
    return arguments != NULL ? monitor_ask(machine, "screendump", arguments, err) : -1;
}

void sw_machine_free(struct sw_machine *machine)
{
    int fds[5];

    if (machine == NULL)
        return;
    if (machine->pid > 0) {
        kill(machine->pid, SIGKILL);
        while (waitpid(machine->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    if (machine->has_watcher)
        pthread_join(machine->watcher, NULL);
    memcpy(fds,
           (const int[]){machine->console_fd, machine->monitor_fd, machine->port_fd, machine->log_fd,
                         machine->happened_fd},
           sizeof(fds));
    for (size_t i = 0; i < SW_ARRAY_LEN(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    sw_buf_free(&machine->heard);
    free(machine->said_path);
    pthread_mutex_destroy(&machine->lock);
    pthread_cond_destroy(&machine->changed);
    free(machine);
}
