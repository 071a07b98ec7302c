/* QEMU's arguments, and its start: sockets without names, and an end with whoever started it. */
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/guest/boot/machine.h"
#include "src/guest/media.h"
#include "src/runner/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { ARGS_MAX = 48 + 4 * SW_MEDIA_MAX, MEMORY_MIB = 1024, FD_CONSOLE = 3, FD_MONITOR, FD_PORT, FDS_END };
#define VARS_BYTES_MAX ((size_t)16 << 20)

static const char *const firmware_names[] = {"auto", "bios", "uefi"};

int sw_firmware_parse(const char *text, enum sw_firmware *out, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(firmware_names); i++)
        if (strcmp(text, firmware_names[i]) == 0) {
            *out = (enum sw_firmware)i;
            return 0;
        }
    return sw_fail(err, SW_USAGE, "'%s' is none of auto, bios and uefi", text);
}

const char *sw_firmware_name(enum sw_firmware firmware)
{
    return firmware_names[firmware];
}

/* Where Debian, Fedora and Arch put it. */
void sw_ovmf_find(struct sw_ovmf *out)
{
    static const struct sw_ovmf places[] = {
        {"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
        {"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
        {"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
        {"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
    };

    *out = (struct sw_ovmf){.code = NULL};
    for (size_t i = 0; i < SW_ARRAY_LEN(places) && out->code == NULL; i++)
        if (access(places[i].code, R_OK) == 0 && access(places[i].vars, R_OK) == 0)
            *out = places[i];
}

/* ---- Arguments --------------------------------------------------------------------------------------------- */

struct words {
    char *items[ARGS_MAX + 1];
    size_t n;
    struct sw_err *err;
    bool failed;
};

static void words_free(struct words *words)
{
    for (size_t i = 0; i < words->n; i++)
        free(words->items[i]);
}

static void add(struct words *words, const char *fmt, ...) SW_PRINTF(2, 3);
static void add(struct words *words, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, fmt);
    if (words->n == ARGS_MAX || vasprintf(&text, fmt, args) < 0) {
        words->failed = true;
        sw_fail(words->err, SW_FAILED, "out of memory");
    } else {
        words->items[words->n++] = text;
    }
    va_end(args);
}

/* This boot's own variables, so that none is left in the firmware's file. */
static int add_firmware(struct words *words, const struct sw_machine_opts *opts, struct sw_err *err)
{
    SW_AUTO_FREE char *vars = sw_path_join(opts->scratch_dir, "OVMF_VARS.fd", err);
    SW_AUTO_FREE char *safe = vars != NULL ? sw_doubled(vars, ',', err) : NULL;
    SW_AUTO_BUF struct sw_buf bytes = {0};
    struct sw_ovmf ovmf;

    if (safe == NULL)
        return -1;
    if (opts->firmware != SW_FIRMWARE_UEFI)
        return 0;
    sw_ovmf_find(&ovmf);
    if (ovmf.code == NULL)
        return sw_fail(err, SW_FAILED, "it boots by UEFI, and there is no OVMF here: install ovmf");
    if (sw_read_file(ovmf.vars, VARS_BYTES_MAX, &bytes, err) < 0 ||
        sw_write_file(vars, bytes.data, bytes.len, 0600, err) < 0)
        return -1;
    add(words, "-drive");
    add(words, "if=pflash,format=raw,unit=0,readonly=on,file=%s", ovmf.code);
    add(words, "-drive");
    add(words, "if=pflash,format=raw,unit=1,file=%s", safe);
    return 0;
}

/* Without graphics the firmware of BIOS, and with it the boot loader, speak on the serial console too; there is a screen all
 * the same. */
static void add_machine(struct words *words, const struct sw_machine *machine,
                        const struct sw_machine_opts *opts)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    static const char *const fixed[] = {
        "-nodefaults", "-no-user-config", "-display", "none",          "-vga", "std",
        "-rtc",        "base=utc",        "-device",  "virtio-rng-pci"};

    add(words, "qemu-system-x86_64");
    for (size_t i = 0; i < SW_ARRAY_LEN(fixed); i++)
        add(words, "%s", fixed[i]);
    add(words, "-nic");
    add(words, "%s", opts->network ? "user,model=virtio-net-pci" : "none");
    add(words, "-machine");
    add(words, "q35,graphics=off,accel=%s", machine->tcg ? "tcg" : "kvm");
    add(words, "-cpu");
    /* TCG runs `rep movsb` a byte at a time: without the two bits that recommend it a boot takes fewer instructions. */
    add(words, "%s", machine->tcg ? "max,la57=off,-erms,-fsrm" : "host");
    add(words, "-smp");
    add(words, "%d", cpus > 1 ? 2 : 1);
    add(words, "-m");
    add(words, "%u", opts->memory_mib != 0 ? opts->memory_mib : (unsigned)MEMORY_MIB);
}

static void add_channels(struct words *words)
{
    static const char *const names[] = {"console", "monitor", "runner"};

    for (int i = 0; i < (int)SW_ARRAY_LEN(names); i++) {
        add(words, "-chardev");
        add(words, "socket,id=%s,fd=%d", names[i], FD_CONSOLE + i);
    }
    add(words, "-serial");
    add(words, "chardev:console");
    add(words, "-mon");
    add(words, "chardev=monitor,mode=control");
    add(words, "-device");
    add(words, "virtio-serial-pci");
    add(words, "-device");
    add(words, "virtserialport,chardev=runner,name=" RUNNER_PORT);
}

/* bootindex: without one SeaBIOS takes its time with others first. The serial number is like those of EBS. */
static int add_disk(struct words *words, const char *overlay, struct sw_err *err)
{
    SW_AUTO_FREE char *safe = sw_doubled(overlay, ',', err);

    if (safe == NULL)
        return -1;
    add(words, "-drive");
    add(words, "if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap,file=%s", safe);
    add(words, "-device");
    add(words, "nvme,drive=disk,serial=vol0123456789abcdef0,bootindex=0");
    return 0;
}

/* Disks of another kind, so that they take no name of the image's own. */
static int add_media(struct words *words, const struct sw_media *media, struct sw_err *err)
{
    for (size_t i = 0; media != NULL && i < media_count(media); i++) {
        SW_AUTO_FREE char *safe = sw_doubled(media_image(media, i), ',', err);

        if (safe == NULL)
            return -1;
        add(words, "-drive");
        add(words, "if=none,id=medium%zu,format=raw,readonly=on,file=%s", i, safe);
        add(words, "-device");
        add(words, "virtio-blk-pci,drive=medium%zu,serial=" MEDIUM_SERIAL "%zu", i, i);
    }
    return 0;
}

/* ---- The start --------------------------------------------------------------------------------------------- */

/* In the child: only calls that may follow a fork of many threads. */
static void __attribute__((noreturn))
become_qemu(char *const *argv, const int ends[3], int said_fd, pid_t parent)
{
    int null = open("/dev/null", O_RDWR), high[3];
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 0; i < 3; i++) {
        high[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, FDS_END);
        if (high[i] < 0)
            _exit(127);
    }
    for (int i = 0; i < 3; i++)
        if (dup2(high[i], FD_CONSOLE + i) < 0)
            _exit(127);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(said_fd, STDOUT_FILENO) < 0 ||
        dup2(said_fd, STDERR_FILENO) < 0)
        _exit(127);
    execvp(argv[0], argv);
    if (write(STDERR_FILENO, "it cannot be run: install qemu-system-x86\n", 42) < 0)
        _exit(126);
    _exit(127);
}

static void close_all(const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static int run(struct sw_machine *machine, char *const *argv, struct sw_err *err)
{
    SW_AUTO_CLOSE int said_fd = open(machine->said_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int *const ours[] = {&machine->console_fd, &machine->monitor_fd, &machine->port_fd};
    int theirs[] = {-1, -1, -1};
    pid_t parent = getpid();

    if (said_fd < 0)
        return sw_fail_errno(err, "cannot write '%s'", machine->said_path);
    for (size_t i = 0; i < SW_ARRAY_LEN(ours); i++) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
            close_all(theirs, SW_ARRAY_LEN(theirs));
            return sw_fail_errno(err, "cannot make a socket");
        }
        *ours[i] = pair[0];
        theirs[i] = pair[1];
    }
    machine->pid = fork();
    if (machine->pid == 0)
        become_qemu(argv, theirs, said_fd, parent);
    close_all(theirs, SW_ARRAY_LEN(theirs));
    return machine->pid > 0 ? 0 : sw_fail_errno(err, "cannot fork");
}

int machine_spawn(struct sw_machine *machine, const struct sw_machine_opts *opts, struct sw_err *err)
{
    SW_CLEANUP(words_free) struct words words = {.err = err};

    add_machine(&words, machine, opts);
    if (add_firmware(&words, opts, err) < 0)
        return -1;
    add_channels(&words);
    if (add_disk(&words, opts->overlay, err) < 0 || add_media(&words, opts->media, err) < 0 || words.failed)
        return -1;
    return run(machine, words.items, err);
}
