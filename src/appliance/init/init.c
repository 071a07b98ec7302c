/* slipway-init: the first process of the fast appliance: modules, the root, what udev would have made, guestfsd. */
#include "src/appliance/init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROOT_TRIES = 6000, ROOT_PAUSE_US = 10000 };

/* ---- Small things --------------------------------------------------------------------------------------- */

void say(const char *fmt, ...)
{
    char text[600];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text) - 1, fmt, args);
    va_end(args);
    if (n < 0)
        return;
    dprintf(STDOUT_FILENO, "slipway: %s\n", text);
}

void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        say("cannot write '%s': %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

void stop(const char *why)
{
    say("%s: %s", why, strerror(errno));
    sync();
    reboot(LINUX_REBOOT_CMD_RESTART);
    for (;;)
        pause();
}

static const char *find_word(const char *cmdline, const char *key, bool whole)
{
    size_t len = strlen(key);

    for (const char *at = cmdline; (at = strstr(at, key)) != NULL; at++)
        if ((at == cmdline || at[-1] == ' ') && (!whole || at[len] == ' ' || at[len] == '\0'))
            return at + len;
    return NULL;
}

bool has_word(const char *cmdline, const char *word)
{
    return find_word(cmdline, word, true) != NULL;
}

bool word_value(const char *cmdline, const char *key, char *value, size_t len)
{
    const char *at = find_word(cmdline, key, false);
    size_t n = at != NULL ? strcspn(at, " ") : 0;

    if (at == NULL || n + 1 > len)
        return false;
    memcpy(value, at, n);
    value[n] = '\0';
    return true;
}

static void mount_at(const char *type, const char *point, unsigned long flags, const char *options)
{
    mkdir(point, 0755);
    if (mount(type, point, type, flags, options) < 0)
        say("cannot mount '%s': %s", point, strerror(errno));
}

static void read_cmdline(char *cmdline)
{
    int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, cmdline, INIT_CMDLINE_MAX - 1) : 0;

    cmdline[n > 0 ? n : 0] = '\0';
    cmdline[strcspn(cmdline, "\n")] = '\0';
    if (fd >= 0)
        close(fd);
}

/* ---- From the initrd to the root ------------------------------------------------------------------------ */

/* A line of /modules is a file and the module's parameters. */
static void load_module(char *line)
{
    char *options = line + strcspn(line, " \n");
    int fd;

    if (*options != '\0')
        *options++ = '\0';
    options[strcspn(options, "\n")] = '\0';
    fd = open(line, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || (syscall(SYS_finit_module, fd, options, 0) < 0 && errno != EEXIST && errno != ENODEV))
        say("cannot load '%s': %s", line, strerror(errno));
    if (fd >= 0)
        close(fd);
    unlink(line);
}

static void load_modules(void)
{
    FILE *list = fopen("/modules", "re");
    char line[INIT_PATH_MAX];

    while (list != NULL && fgets(line, sizeof(line), list) != NULL)
        load_module(line);
    if (list != NULL)
        fclose(list);
    unlink("/modules");
}

/* The disks were looked for while the driver was loaded; one that takes longer is waited for. */
static void await_root(const char *cmdline, char *device)
{
    char uuid[64];

    if (!word_value(cmdline, "root=UUID=", uuid, sizeof(uuid)))
        stop("the command line names no root");
    for (int i = 0; !find_root(uuid, device); i++) {
        if (i == ROOT_TRIES)
            stop("no disk is the root");
        if (i % 500 == 499)
            say("waiting for the root's disk");
        usleep(ROOT_PAUSE_US);
    }
}

static void enter_root(const char *device, unsigned long flags)
{
    static const char *const points[] = {"/proc", "/sys", "/dev"};

    mkdir("/root", 0755);
    if (mount(device, "/root", "ext2", flags, NULL) < 0 && mount(device, "/root", "ext4", flags, NULL) < 0)
        stop("cannot mount the root");
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        char to[INIT_PATH_MAX];

        snprintf(to, sizeof(to), "/root%s", points[i]);
        mkdir(to, 0755);
        if (mount(points[i], to, NULL, MS_MOVE, NULL) < 0)
            stop("cannot move a mount into the root");
    }
    unlink("/init");
    if (chdir("/root") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
        stop("cannot enter the root");
}

/* ---- What guestfsd and its programs expect -------------------------------------------------------------- */

static void set_loopback_up(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        say("cannot set lo up: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void link_to(const char *target, const char *path)
{
    if (symlink(target, path) < 0 && errno != EEXIST)
        say("cannot make '%s': %s", path, strerror(errno));
}

static void make_machine_id(void)
{
    unsigned char bytes[16] = {0};
    char text[34];
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

    if (fd < 0 || read(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes))
        say("no random bytes: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    snprintf(text + 32, 2, "\n");
    write_text("/etc/machine-id", text);
}

/* Two folders that are nobody's link: the root's own programs write there. */
static void make_temporary(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0 && !S_ISDIR(st.st_mode))
        unlink(path);
    mkdir(path, 01777);
    chmod(path, 01777);
}

/* What is in memory, and can be saved. */
static void furnish_devices(void)
{
    mount_at("devpts", "/dev/pts", 0, NULL);
    mount_at("tmpfs", "/dev/shm", 0, "mode=1777");
    mount_at("tmpfs", "/run", MS_NOSUID, "size=20%,mode=0755");
    mkdir("/run/lock", 0755);
    link_to("/proc/self/fd", "/dev/fd");
    link_to("/proc/self/fd/0", "/dev/stdin");
    link_to("/proc/self/fd/1", "/dev/stdout");
    link_to("/proc/self/fd/2", "/dev/stderr");
    mkdir("/dev/mapper", 0755);
    make_static_nodes();
    set_loopback_up();
    make_port_links();
}

/* What is written to the root. */
static void furnish_root(void)
{
    make_temporary("/tmp");
    make_temporary("/var/tmp");
    mkdir("/sysroot", 0755);
    link_to("../run/lock", "/var/lock");
    link_to("/proc/mounts", "/etc/mtab");
    make_machine_id();
}

/* Nobody answers for udev here, so LVM makes its nodes and links itself and waits for no one. */
static void configure_lvm(void)
{
    mkdir("/tmp/lvm", 0755);
    write_text("/tmp/lvm/lvm.conf",
               "devices {\n\tuse_devicesfile = 0\n\tobtain_device_list_from_udev = 0\n}\n"
               "activation {\n\tudev_sync = 0\n\tudev_rules = 0\n}\n");
    setenv("LVM_SYSTEM_DIR", "/tmp/lvm", 1);
}

static int run(const char *const *argv)
{
    pid_t pid = fork(), ended;
    int status = 0;

    if (pid == 0) {
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    while (pid > 0 && (ended = wait(&status)) != pid)
        if (ended < 0 && errno != EINTR)
            break;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void activate_volumes(void)
{
    static const char *const argv[] = {"lvm", "vgchange", "-a", "y", NULL};

    say("activating logical volumes");
    run(argv);
}

static void run_guestfsd(const char *cmdline)
{
    char channel[256];
    const char *argv[6] = {"guestfsd"};
    size_t n = 1;

    if (word_value(cmdline, "guestfs_channel=", channel, sizeof(channel))) {
        argv[n++] = "--channel";
        argv[n++] = channel;
    }
    if (has_word(cmdline, "guestfs_verbose=1"))
        argv[n++] = "--verbose";
    say("starting guestfsd");
    run(argv);
    sync();
    reboot(LINUX_REBOOT_CMD_RESTART);
}

/* What only libguestfs's own script can do: with udev, and slowly. */
static void run_stock(const char *why)
{
    say("going on with the appliance's own /init: %s", why);
    execl("/init", "/init", (char *)NULL);
    stop("cannot run /init");
}

/* Up to here nothing was written to the root's disk: a saved start goes on with one that is as this was. */
static void go_on(void)
{
    struct go go = wait_for_go();

    if (go.set)
        scan_disks(go.disks);
    if (mount(NULL, "/", NULL, MS_REMOUNT | MS_NOATIME, NULL) < 0)
        stop("cannot write to the root");
}

int main(void)
{
    char cmdline[INIT_CMDLINE_MAX], device[INIT_PATH_MAX];
    struct wants wants;

    mount_at("proc", "/proc", 0, NULL);
    mount_at("sysfs", "/sys", 0, NULL);
    mount_at("devtmpfs", "/dev", 0, NULL);
    read_cmdline(cmdline);
    say("loading modules");
    load_modules();
    await_root(cmdline, device);
    enter_root(device, MS_NOATIME | MS_RDONLY);
    setenv("PATH", "/sbin:/usr/sbin:/bin:/usr/bin", 1);
    furnish_devices();
    go_on();
    look_at_disks(device, &wants);
    if (has_word(cmdline, "guestfs_network=1") || has_word(cmdline, "guestfs_rescue=1"))
        run_stock("it is asked for a network or a rescue shell");
    if (has_word(cmdline, "slipway.init=stock"))
        run_stock("it is asked for");
    if (wants.udev)
        run_stock("the disks hold an array or a dynamic disk");
    furnish_root();
    make_disk_links();
    configure_lvm();
    if (wants.volumes)
        activate_volumes();
    run_guestfsd(cmdline);
    for (;;)
        pause();
}
