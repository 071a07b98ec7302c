/* Watching a few system calls of steps: uname tells of the guest's kernel, and some programs are known when they start. */
#include "src/runner/kernel.h"
#include "src/runner/rules.h"
#include "src/runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
/* The same calls of 32-bit programs. */
enum { I386_EXECVE = 11, I386_UNAME = 122, I386_REBOOT = 88 };
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "the audit architecture of this machine is not known here"
#endif

enum {
    ARGV_MAX = 32,
    WORD_BYTES = 256,
    NOTICE_BYTES = 512,
    ANCESTORS_MAX = 64,
    PAGE_BYTES = 4096,
    WRAPPER_BYTES = 16,
};

static struct {
    int fd;                 /* of the listener; -1: this kernel has none */
    int proc, run;          /* folders, whatever the runner's root is */
    struct utsname machine; /* what uname says of the appliance */
    struct guest_kernel kernel;
    bool skip_starts; /* of the step that runs: what starts a service does nothing and succeeds */
} watch = {.fd = -1, .proc = -1, .run = -1};

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
/* To NOTIFY, which is so many instructions further on. */
#define TRAP(number, further) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), (further), 0)

static int install(void)
{
    struct sock_filter code[] = {
        LOAD(arch),
#if defined(__x86_64__)
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 0, 4),
        LOAD(nr),
        TRAP(__NR_execve, 7),
        TRAP(__NR_uname, 6),
        TRAP(__NR_reboot, 5),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        LOAD(nr),
        TRAP(I386_EXECVE, 2),
        TRAP(I386_UNAME, 1),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, I386_REBOOT, 0, 1),
#else
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 0, 4),
        LOAD(nr),
        TRAP(__NR_execve, 3),
        TRAP(__NR_uname, 2),
        TRAP(__NR_reboot, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
#endif
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

void watch_begin(const struct guest_kernel *kernel)
{
    watch.kernel = *kernel;
    watch.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    watch.run = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
    /* From here on the runner itself must neither ask for its name nor start programs but as steps. */
    if (watch.proc >= 0 && uname(&watch.machine) == 0)
        watch.fd = install();
}

int watch_fd(void)
{
    return watch.fd;
}

void watch_skip_starts(bool skip)
{
    watch.skip_starts = skip;
}

/* ---- The process that asks --------------------------------------------------------------------------------- */

static int open_of(pid_t pid, const char *name, int flags)
{
    char path[64];

    snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
    return openat(watch.proc, path, flags | O_CLOEXEC);
}

/* Up to size bytes, page by page, as a text may end just before memory that is not there. False when it has no end. */
static bool read_text(pid_t pid, uint64_t at, char *text, size_t size)
{
    size_t have = 0;

    while (have < size) {
        size_t chunk = PAGE_BYTES - (size_t)((at + have) % PAGE_BYTES);
        struct iovec local, remote;

        if (chunk > size - have)
            chunk = size - have;
        local = (struct iovec){.iov_base = text + have, .iov_len = chunk};
        remote = (struct iovec){.iov_base = (void *)(uintptr_t)(at + have), .iov_len = chunk};
        if (process_vm_readv(pid, &local, 1, &remote, 1, 0) != (ssize_t)chunk)
            return false;
        if (memchr(text + have, '\0', chunk) != NULL)
            return true;
        have += chunk;
    }
    return false;
}

static bool write_memory(pid_t pid, uint64_t at, const void *bytes, size_t len)
{
    /* Unlike process_vm_writev this also reaches a constant of the program: its private copy is changed. */
    int fd = open_of(pid, "mem", O_WRONLY);
    bool done = fd >= 0 && pwrite(fd, bytes, len, (off_t)at) == (ssize_t)len;

    if (fd >= 0)
        close(fd);
    return done;
}

struct words {
    char text[ARGV_MAX][WORD_BYTES];
    char *argv[ARGV_MAX + 1];
    uint64_t at[ARGV_MAX]; /* where each lies in the process */
};

/* argv, as far as it is short; what is longer is cut off there. */
static void read_words(const struct seccomp_notif *asked, struct words *words)
{
    size_t width = asked->data.arch == NATIVE_ARCH ? 8 : 4, n = 0;

    for (; n < ARGV_MAX; n++) {
        uint64_t pointer = 0; /* little endian, as all machines of the table */
        struct iovec local = {.iov_base = &pointer, .iov_len = width};
        struct iovec remote = {.iov_base = (void *)(uintptr_t)(asked->data.args[1] + n * width),
                               .iov_len = width};

        if (process_vm_readv((pid_t)asked->pid, &local, 1, &remote, 1, 0) != (ssize_t)width || pointer == 0 ||
            !read_text((pid_t)asked->pid, pointer, words->text[n], WORD_BYTES))
            break;
        words->argv[n] = words->text[n];
        words->at[n] = pointer;
    }
    words->argv[n] = NULL;
}

static bool read_small(pid_t pid, const char *name, char *text, size_t size)
{
    int fd = open_of(pid, name, O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, text, size - 1) : -1;

    if (fd >= 0)
        close(fd);
    if (n < 0)
        return false;
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return true;
}

/* Is one of those that started it a package manager? The command that a script of ours starts is not. */
static bool is_packaged(pid_t pid)
{
    for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
        char text[512], *end;

        if (!read_small(pid, "comm", text, sizeof(text)))
            return false;
        if (i > 0 && rules_is_packager(text))
            return true;
        /* "PID (comm) S PPID …", where comm may hold anything. */
        if (!read_small(pid, "stat", text, sizeof(text)) || (end = strrchr(text, ')')) == NULL ||
            strlen(end) < 4)
            return false;
        pid = (pid_t)strtol(end + 4, NULL, 10);
    }
    return false;
}

/* ---- Answers ----------------------------------------------------------------------------------------------- */

static void answer(uint64_t id, int error, uint32_t flags)
{
    struct seccomp_notif_resp response = {.id = id, .error = -error, .flags = flags};

    /* Fails when the process is gone, which is as good. */
    ioctl(watch.fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void let_go(uint64_t id)
{
    answer(id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

static bool is_still_there(uint64_t id)
{
    return ioctl(watch.fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static void answer_uname(const struct seccomp_notif *asked)
{
    struct utsname name = watch.machine;
    char text[256];
    bool done;
    int fd = openat(watch.proc, "sys/kernel/hostname", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

    if (fd >= 0)
        close(fd);
    if (n > 0) {
        text[n] = '\0';
        snprintf(name.nodename, sizeof(name.nodename), "%.*s", (int)strcspn(text, "\n"), text);
    }
    memcpy(name.release, watch.kernel.release, sizeof(watch.kernel.release));
    memcpy(name.version, watch.kernel.version, sizeof(watch.kernel.version));
#if defined(__x86_64__)
    if (read_small((pid_t)asked->pid, "personality", text, sizeof(text)) &&
        (strtoul(text, NULL, 16) & PER_MASK) == PER_LINUX32)
        snprintf(name.machine, sizeof(name.machine), "i686");
#endif
    done = is_still_there(asked->id) &&
           write_memory((pid_t)asked->pid, asked->data.args[0], &name, sizeof(name));
    answer(asked->id, done ? 0 : EFAULT, 0);
}

/* On the step's own stderr. */
static void say(const struct channel *channel, const char *command, const char *what)
{
    char text[NOTICE_BYTES + 128];
    int len = snprintf(text, sizeof(text), "slipway: '%s' %s\n", command, what);

    channel_send(channel, RUNNER_STDERR, text, (size_t)len);
}

/* Slipway knows the script, and so the line. */
static void notice(const struct channel *channel, const char *command, uint32_t type)
{
    channel_send(channel, type, command, strlen(command));
    say(channel, command,
        type == RUNNER_LEFT_OUT ? "is left out: this image is not running"
                                : "needs a booted system, and this image is not running");
}

static void join(char *const *argv, char text[NOTICE_BYTES])
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; argv[i] != NULL && len < NOTICE_BYTES - 1; i++)
        len += (size_t)snprintf(text + len, NOTICE_BYTES - len, "%s%s", i > 0 ? " " : "",
                                i > 0 ? argv[i] : rules_base(argv[i]));
}

/* Starts that program instead, with the same words. False when there is no room for its name, or no such program. */
static bool replace(const struct seccomp_notif *asked, const char *old, int folder, const char *program,
                    const char *path)
{
    return strlen(path) <= strlen(old) && folder >= 0 && faccessat(folder, program, X_OK, 0) == 0 &&
           is_still_there(asked->id) &&
           write_memory((pid_t)asked->pid, asked->data.args[0], path, strlen(path) + 1);
}

static bool wrap(const struct seccomp_notif *asked, const char *old, int wrapper)
{
    char path[WRAPPER_BYTES];

    snprintf(path, sizeof(path), "/run/.%d", wrapper);
    return replace(asked, old, watch.run, path + strlen("/run/"), path);
}

/* "--now" becomes an option of systemctl's that changes nothing: not to cut lines. */
static void drop_now(const struct seccomp_notif *asked, const struct words *words)
{
    for (size_t i = 1; words->argv[i] != NULL && is_still_there(asked->id); i++)
        if (strcmp(words->argv[i], "--now") == 0)
            write_memory((pid_t)asked->pid, words->at[i], "-l", sizeof("-l"));
}

/* A unit is still enabled, and started by nobody. False when there is no room for another program's name. */
static bool leave_out(const struct seccomp_notif *asked, const char *path, const struct words *words,
                      enum rule rule)
{
    if (rule != RULE_NOW)
        return replace(asked, path, watch.run, ".yes", "/run/.yes");
    drop_now(asked, words);
    return true;
}

/* What needs a booted system: the call then goes on, maybe as another one. False when it was answered instead. */
static bool answer_service(const struct channel *channel, const struct seccomp_notif *asked, const char *path,
                           const struct words *words, enum rule rule)
{
    char command[NOTICE_BYTES];

    join(words->argv, command);
    if (rule == RULE_NOT_NOW) {
        drop_now(asked, words);
        return true;
    }
    if (is_packaged((pid_t)asked->pid)) {
        if ((rule == RULE_SERVICE || rule == RULE_SERVICE_START) &&
            replace(asked, path, watch.run, ".yes", "/run/.yes"))
            say(channel, command, "of a package is left out: this image is not running");
        return true;
    }
    if (watch.skip_starts && rules_is_start(rule) && leave_out(asked, path, words, rule)) {
        notice(channel, command, RUNNER_LEFT_OUT);
        return true;
    }
    notice(channel, command, rules_is_start(rule) ? RUNNER_NO_START : RUNNER_NOTICE);
    if (rule == RULE_TALKER || rule == RULE_NOW || replace(asked, path, watch.run, ".no", "/run/.no"))
        return true;
    answer(asked->id, EOPNOTSUPP, 0);
    return false;
}

static void answer_exec(const struct channel *channel, const struct seccomp_notif *asked)
{
    static char path[RUNNER_PATH_MAX];
    static struct words words;
    enum rule rule;
    int wrapper;

    if (!read_text((pid_t)asked->pid, asked->data.args[0], path, sizeof(path)) || !rules_interesting(path)) {
        let_go(asked->id);
        return;
    }
    read_words(asked, &words);
    rule = words.argv[0] != NULL ? rules_find(path, words.argv, &wrapper) : RULE_NONE;
    if (rule == RULE_WRAP)
        wrap(asked, path, wrapper);
    else if (rule != RULE_NONE && !answer_service(channel, asked, path, &words, rule))
        return;
    let_go(asked->id);
}

static bool is_call(const struct seccomp_notif *asked, int native, int other)
{
    return asked->data.nr == (asked->data.arch == NATIVE_ARCH ? native : other);
}

void watch_answer(const struct channel *channel)
{
    struct seccomp_notif asked;

    memset(&asked, 0, sizeof(asked));
    if (ioctl(watch.fd, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
        return;
#if defined(__x86_64__)
    const int execve_32 = I386_EXECVE, uname_32 = I386_UNAME;
#else
    const int execve_32 = -1, uname_32 = -1;
#endif
    if (is_call(&asked, __NR_execve, execve_32)) {
        answer_exec(channel, &asked);
    } else if (is_call(&asked, __NR_uname, uname_32)) {
        if (watch.kernel.release[0] != '\0')
            answer_uname(&asked);
        else
            let_go(asked.id);
    } else {
        notice(channel, "reboot", RUNNER_NOTICE);
        answer(asked.id, EPERM, 0);
    }
}
