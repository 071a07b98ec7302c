/* What the runner mounts over the guest's folders, in a namespace of its own: nothing of it reaches the image. */
#include "src/runner/mounts.h"

#include "src/runner/runner.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 65 };

static const char *scripts_in;

const char *script_dir(void)
{
    return scripts_in != NULL || !is_booted() ? scripts_in : "/run";
}

static bool fresh_tmpfs(const char *path, const char *options)
{
    return mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0;
}

static bool write_text(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return done;
}

/* ---- /run -------------------------------------------------------------------------------------------------- */

/* A link into /run dangles over a fresh one: scripts that read or copy resolv.conf get an empty file. */
static void make_resolv_conf(void)
{
    static const char *const starts[] = {"/run/", "../run/", "/var/run/", "../var/run/"};
    char target[512], path[520];
    ssize_t n = readlink("/etc/resolv.conf", target, sizeof(target) - 1);

    if (n <= 0 || access("/etc/resolv.conf", F_OK) == 0)
        return;
    target[n] = '\0';
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        if (strncmp(target, starts[i], strlen(starts[i])) != 0 || strstr(target + 3, "..") != NULL)
            continue;
        snprintf(path, sizeof(path), "/run/%s", target + strlen(starts[i]));
        if (make_parents(path) == 0)
            write_text(path, "", 0644);
        return;
    }
}

static int make_run(void)
{
    if (!fresh_tmpfs("/run", "mode=0755,size=25%"))
        return -1;
    scripts_in = "/run";
    if (mkdir("/run/lock", 01777) == 0)
        chmod("/run/lock", 01777);
    /* What is started instead of services; scripts, as /bin/true may be a program of many names. */
    write_text("/run/.yes", "#!/bin/sh\nexit 0\n", 0755);
    write_text("/run/.no", "#!/bin/sh\nexit 1\n", 0755);
    make_resolv_conf();
    return 0;
}

/* The folder that fd stands for at RUNNER_MEDIA/i. */
static int show_medium(int fd, size_t i)
{
    char from[64], to[64];

    snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
    snprintf(to, sizeof(to), RUNNER_MEDIA "/%zu", i);
    if (make_parents(to) < 0 || (mkdir(to, 0755) < 0 && errno != EEXIST) ||
        mount(from, to, NULL, MS_BIND, NULL) < 0)
        return -1;
    return mount(NULL, to, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL);
}

/* ---- /dev -------------------------------------------------------------------------------------------------- */

static bool has_name(const char *const *names, const char *name)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The image is the first disk; the others are media, which are mounted, and the appliance itself. */
static bool is_appliances(const char *name)
{
    return strncmp(name, "sd", 2) == 0 && name[2] != 'a';
}

/* Character devices that steps see; of block devices they see all, as boot loaders look for the root's. */
static bool is_wanted(const char *name, mode_t mode)
{
    static const char *const wanted[] = {"null", "zero", "full",         "random",        "urandom", "tty",
                                         "fuse", "rtc0", "loop-control", "btrfs-control", "control", NULL};

    return (S_ISBLK(mode) && !is_appliances(name)) || (S_ISCHR(mode) && has_name(wanted, name));
}

/* Bound from the old /dev where nodes cannot be made. */
static void copy_node(int old, int fresh, const char *name, const struct stat *st)
{
    char from[320], to[320];
    int fd;

    if (mknodat(fresh, name, st->st_mode, st->st_rdev) == 0 &&
        fchmodat(fresh, name, st->st_mode & 07777, 0) == 0)
        return;
    fd = openat(fresh, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        close(fd);
    snprintf(from, sizeof(from), "/proc/self/fd/%d/%.255s", old, name);
    snprintf(to, sizeof(to), "/proc/self/fd/%d/%.255s", fresh, name);
    if (fd < 0 || mount(from, to, NULL, MS_BIND, NULL) < 0)
        unlinkat(fresh, name, 0);
}

static void copy_link(int old, int fresh, const char *name)
{
    char target[512];
    ssize_t n = readlinkat(old, name, target, sizeof(target) - 1);

    if (n <= 0)
        return;
    target[n] = '\0';
    if (is_appliances(strrchr(target, '/') != NULL ? strrchr(target, '/') + 1 : target))
        return;
    if (symlinkat(target, fresh, name) < 0)
        return;
}

static void copy_devices(int old, int fresh, unsigned depth);

static void copy_folder(int old, int fresh, const char *name, unsigned depth)
{
    static const char *const skipped[] = {"pts",  "shm",   "mqueue", "hugepages", "virtio-ports",
                                          "char", "input", "cpu",    "bus",       "net",
                                          "bsg",  "vfio",  NULL};
    int from = depth > 0 && !has_name(skipped, name)
                   ? openat(old, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                   : -1;
    int to = from >= 0 && mkdirat(fresh, name, 0755) == 0
                 ? openat(fresh, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                 : -1;

    if (to >= 0)
        copy_devices(from, to, depth - 1);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
}

static void copy_devices(int old, int fresh, unsigned depth)
{
    DIR *dir = fdopendir(dup(old));
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat st;

        if (entry->d_name[0] == '.' || fstatat(old, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (is_wanted(entry->d_name, st.st_mode))
            copy_node(old, fresh, entry->d_name, &st);
        else if (S_ISDIR(st.st_mode))
            copy_folder(old, fresh, entry->d_name, depth);
        else if (S_ISLNK(st.st_mode))
            copy_link(old, fresh, entry->d_name);
    }
    if (dir != NULL)
        closedir(dir);
}

static void make_links(void)
{
    static const char *const links[][2] = {{"/proc/self/fd", "/dev/fd"},
                                           {"/proc/self/fd/0", "/dev/stdin"},
                                           {"/proc/self/fd/1", "/dev/stdout"},
                                           {"/proc/self/fd/2", "/dev/stderr"},
                                           {"pts/ptmx", "/dev/ptmx"}};

    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        if (symlink(links[i][0], links[i][1]) < 0 && errno != EEXIST)
            return;
}

static void make_terminals(void)
{
    static const unsigned long flags = MS_NOSUID | MS_NOEXEC;

    /* A user's namespace has no group tty. */
    if (mkdir("/dev/pts", 0755) == 0 &&
        mount("devpts", "/dev/pts", "devpts", flags, "newinstance,ptmxmode=0666,mode=0620,gid=5") < 0)
        mount("devpts", "/dev/pts", "devpts", flags, "newinstance,ptmxmode=0666,mode=0620");
    if (mkdir("/dev/shm", 01777) == 0)
        fresh_tmpfs("/dev/shm", "mode=1777,size=25%");
}

/* A /dev of its own: steps may fill it and remove it, and see no port that is slipway's. */
static int make_dev(void)
{
    int old = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fresh = -1;

    if (old < 0)
        return 0;
    if (mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=0755,size=10%") == 0)
        fresh = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fresh >= 0) {
        make_links();
        copy_devices(old, fresh, 3);
        make_terminals();
        close(fresh);
    }
    close(old);
    return fresh >= 0 ? 0 : -1;
}

/* ---- /proc and /sys ---------------------------------------------------------------------------------------- */

static void cover(const char *path, const char *text)
{
    static const char cover_file[] = "/run/.cover";

    if (text[0] != '\0' && write_text(cover_file, text, 0644) &&
        mount(cover_file, path, NULL, MS_BIND, NULL) == 0)
        mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL);
    unlink(cover_file);
}

/* The files that tell of the kernel tell of the guest's. */
static void cover_kernel(const struct guest_kernel *kernel)
{
    char line[KERNEL_FIELD_BYTES + 1];

    if (kernel->release[0] == '\0')
        return;
    cover("/proc/version", kernel->line);
    snprintf(line, sizeof(line), "%s\n", kernel->release);
    cover("/proc/sys/kernel/osrelease", line);
    snprintf(line, sizeof(line), "%s\n", kernel->version);
    cover("/proc/sys/kernel/version", line);
}

/* What a step writes there would hit the machine that slipway runs on. */
static void protect(void)
{
    static const char trigger[] = "/proc/sysrq-trigger";
    static const unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;

    if (mount(trigger, trigger, NULL, MS_BIND, NULL) == 0)
        mount(NULL, trigger, NULL, flags, NULL);
    mount(NULL, "/sys", NULL, flags, NULL);
}

/* ---- All of it --------------------------------------------------------------------------------------------- */

/* The name that the guest has once it boots. */
static int set_host_name(void)
{
    char name[NAME_MAX_BYTES] = "";
    int fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd >= 0 ? read(fd, name, sizeof(name) - 1) : -1;
    size_t len = 0;

    if (fd >= 0)
        close(fd);
    name[n > 0 ? n : 0] = '\0';
    while (isalnum((unsigned char)name[len]) || name[len] == '-' || name[len] == '.')
        len++;
    if (len == 0 || (name[len] != '\n' && name[len] != '\0'))
        return sethostname("localhost", strlen("localhost"));
    return sethostname(name, len);
}

static int complain(const char *what)
{
    fprintf(stderr, "slipway-runner: %s: %s\n", what, strerror(errno));
    return -1;
}

int mounts_make(char *const *media, size_t n, const struct guest_kernel *kernel)
{
    int fds[MEDIA_MAX];
    struct stat st;

    /* Fails where / is no mount point; then whoever made the root has seen to it. */
    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (set_host_name() < 0)
        return complain("cannot set the host's name");
    for (size_t i = 0; i < n; i++)
        if ((fds[i] = open(media[i], O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
            return complain("cannot open a medium");
    if (stat("/proc", &st) == 0 && mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return complain("cannot mount /proc");
    if (make_run() < 0 && n > 0)
        return complain("the image has no /run to show package repositories in");
    for (size_t i = 0; i < n; i++) {
        if (show_medium(fds[i], i) < 0)
            return complain("cannot show a medium");
        close(fds[i]);
    }
    if (make_dev() < 0)
        return complain("cannot make a /dev");
    if (scripts_in != NULL)
        cover_kernel(kernel);
    protect();
    if (fresh_tmpfs("/tmp", "mode=1777"))
        scripts_in = "/tmp";
    return 0;
}
