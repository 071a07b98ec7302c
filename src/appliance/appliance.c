/* The fast appliance: found in the cache, or made there of what this machine has. */
#include "slipway/appliance.h"

#include "src/appliance/embed.h"
#include "src/appliance/modules.h"
#include "src/appliance/pack.h"
#include "src/appliance/saved.h"
#include "src/appliance/sources.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/base/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

enum {
    LAYOUT = 2,    /* raise it when the same sources would be put together otherwise */
    NAME_HEX = 16, /* of a digest, in a folder's name */
    MODULE_MAX = 16 << 20,
    LIST_MAX = 4 << 20,
    KERNEL_MAX = 128 << 20,
    MACHINE_ID_MAX = 256,
    MAKE_MS = 600000,
    KEEP_S = 7 * 24 * 3600,
};

static const char prefix[] = "fast-", half_made[] = "fast-new.XXXXXX", in_use[] = "in-use",
                  made_on_name[] = "made-on";

/* The last is the bus: when it comes, the disks' drivers are there and look for them at once. */
static const char *const wanted[] = {"crc32c_generic", "crc32c_intel",   "ext4",
                                     "virtio_rng",     "virtio_console", "sd_mod",
                                     "virtio_scsi",    "virtio_pci",     NULL};

struct sw_appliance {
    char *dir, *qemu, *hypervisor;
    int lock; /* shared */
};

SW_DEFINE_AUTO(appliance, struct sw_appliance, sw_appliance_close)

/* One search, and what may have to be made. */
struct job {
    const char *cache, *supermin_dir, *qemu;
    struct sources sources;
    char key[SW_SHA256_HEX]; /* of the sources' text */
};

const char *sw_appliance_dir(const struct sw_appliance *appliance)
{
    return appliance->dir;
}

const char *sw_appliance_hypervisor(const struct sw_appliance *appliance)
{
    return appliance->hypervisor;
}

int sw_appliance_save(const struct sw_appliance *appliance, struct sw_err *err)
{
    return saved_make(appliance->dir, appliance->qemu, err);
}

void sw_appliance_forget(const struct sw_appliance *appliance)
{
    saved_forget(appliance->dir);
}

void sw_appliance_close(struct sw_appliance *appliance)
{
    if (appliance == NULL)
        return;
    if (appliance->lock >= 0)
        close(appliance->lock);
    free(appliance->dir);
    free(appliance->qemu);
    free(appliance->hypervisor);
    free(appliance);
}

/* ---- In the cache --------------------------------------------------------------------------------------- */

static char *read_text(const char *dir, const char *name, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_path_join(dir, name, err);
    SW_AUTO_BUF struct sw_buf text = {0};

    if (path == NULL || sw_read_file(path, LIST_MAX, &text, err) < 0 || sw_buf_puts(&text, "", err) < 0)
        return NULL;
    return sw_buf_steal(&text);
}

static int write_text(const char *dir, const char *name, const char *text, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_path_join(dir, name, err);

    return path != NULL ? sw_write_file(path, text, strlen(text), 0600, err) : -1;
}

/* Its packages are still those that this machine has. */
static bool holds(const char *dir)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_FREE char *packages = read_text(dir, "packages", &ignored);
    SW_AUTO_FREE char *stamp = read_text(dir, "stamp", &ignored);
    SW_AUTO_FREE char *before = stamp != NULL ? sw_strdup(stamp, &ignored) : NULL;
    bool hold = false;

    if (packages == NULL || before == NULL || sources_packages_hold(packages, &stamp, &hold, &ignored) < 0 ||
        !hold)
        return false;
    if (strcmp(stamp, before) != 0 && write_text(dir, "stamp", stamp, &ignored) < 0)
        sw_log(SW_LOG_DEBUG, "%s", ignored.text); /* asked again the next time */
    return true;
}

/* A lock of the folder: shared while it is used, alone to remove it. -1: somebody else's is in the way. */
static int lock_folder(const char *dir, int how)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_FREE char *path = sw_path_join(dir, in_use, &ignored);
    int fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;

    if (fd >= 0 && flock(fd, how | LOCK_NB) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int open_folder(const struct job *job, const char *dir, struct sw_appliance **out, struct sw_err *err)
{
    SW_CLEANUP(appliance_auto) struct sw_appliance *found = sw_calloc(1, sizeof(*found), err);

    if (found == NULL)
        return -1;
    found->lock = lock_folder(dir, LOCK_SH);
    if (found->lock >= 0 && futimens(found->lock, NULL) < 0)
        sw_log(SW_LOG_DEBUG, "cannot note that '%s' is used", dir);
    found->dir = sw_strdup(dir, err);
    found->qemu = sw_strdup(job->qemu, err);
    found->hypervisor = sw_path_join(dir, "qemu", err);
    if (found->dir == NULL || found->qemu == NULL || found->hypervisor == NULL)
        return -1;
    if (found->lock < 0)
        return sw_fail_errno(err, "cannot lock '%s'", dir);
    *out = SW_STEAL_PTR(found);
    return 0;
}

/* What a folder of the cache is to this search. */
enum kind { NOT_OURS, OURS, OTHER };

static enum kind kind_of(const struct job *job, const char *name)
{
    if (strncmp(name, prefix, strlen(prefix)) != 0 || strcmp(name, "fast-lock") == 0)
        return NOT_OURS;
    return strncmp(name + strlen(prefix), job->key, NAME_HEX) == 0 && name[strlen(prefix) + NAME_HEX] == '-'
               ? OURS
               : OTHER;
}

/* *out stays NULL when there is none. */
static int find(const struct job *job, struct sw_appliance **out, struct sw_err *err)
{
    SW_AUTO_DIR DIR *folder = opendir(job->cache);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        SW_AUTO_FREE char *dir =
            kind_of(job, entry->d_name) == OURS ? sw_path_join(job->cache, entry->d_name, err) : NULL;

        if (dir != NULL && holds(dir))
            return open_folder(job, dir, out, err);
    }
    return 0;
}

/* Of several that have one home: machine-id(5), or the name where there is none. */
static char *name_machine(struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf id = {0};
    struct utsname names;
    struct sw_err ignored = {.code = SW_OK};

    if (uname(&names) < 0) {
        sw_fail_errno(err, "cannot tell this machine's name");
        return NULL;
    }
    if (sw_read_file("/etc/machine-id", MACHINE_ID_MAX, &id, &ignored) == 0 && id.len > 1)
        return sw_strf(err, "id %.*s", (int)id.len, id.data);
    return sw_strf(err, "name %s", names.nodename);
}

static bool is_of_this_machine(const char *dir)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_FREE char *name = name_machine(&ignored);
    SW_AUTO_FREE char *made_on = read_text(dir, made_on_name, &ignored);

    return name == NULL || made_on == NULL || strcmp(name, made_on) == 0;
}

/* Made by this very program on this machine: then of a kernel or of packages that it has no more. */
static bool is_superseded(const struct job *job, const char *dir)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_FREE char *sources = read_text(dir, "sources", &ignored);
    const char *programs = strstr(job->sources.text.data, "\nlayout ");

    return sources == NULL ||
           (programs != NULL && strstr(sources, programs) != NULL && is_of_this_machine(dir));
}

/* Another slipway's or machine's: they share a cache, and neither takes the other's from it, unless it was not used for a week. */
static bool is_forgotten(const char *dir)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_FREE char *path = sw_path_join(dir, in_use, &ignored);
    struct stat st;

    return path != NULL && stat(path, &st) == 0 && st.st_mtime + KEEP_S < time(NULL);
}

/* Appliances that nobody uses and nobody will, and what a killed process left. */
static void sweep(const struct job *job, const char *keep)
{
    SW_AUTO_DIR DIR *folder = opendir(job->cache);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        struct sw_err ignored = {.code = SW_OK};
        SW_AUTO_FREE char *dir = sw_path_join(job->cache, entry->d_name, &ignored);
        SW_AUTO_CLOSE int lock = -1;

        if (dir == NULL || kind_of(job, entry->d_name) == NOT_OURS || strcmp(dir, keep) == 0)
            continue;
        if (!is_superseded(job, dir) && !is_forgotten(dir))
            continue;
        lock = lock_folder(dir, LOCK_EX);
        if (lock >= 0 && sw_remove_tree(dir, &ignored) < 0)
            sw_log(SW_LOG_DEBUG, "%s", ignored.text);
    }
}

/* ---- Made ----------------------------------------------------------------------------------------------- */

static int add_module(const struct job *job, struct initrd *initrd, const char *path, struct sw_buf *list,
                      struct sw_err *err)
{
    SW_AUTO_FREE char *from = sw_path_join(job->sources.modules, path, err);
    SW_AUTO_FREE char *to = NULL;
    SW_AUTO_BUF struct sw_buf packed = {0}, plain = {0};
    const char *name;
    size_t len = modules_name(path, strlen(path), &name);

    to = sw_strf(err, "%.*s.ko", (int)len, name);
    if (from == NULL || to == NULL || sw_read_file(from, MODULE_MAX, &packed, err) < 0 ||
        unpack(packed.data, packed.len, MODULE_MAX, &plain, err) < 0)
        return -1;
    /* Not in a thread of its own: when the module is loaded, all disks have been found. */
    if (sw_buf_printf(list, err, "%s%s\n", to, strcmp(to, "scsi_mod.ko") == 0 ? " scan=sync" : "") < 0)
        return -1;
    return initrd_add(initrd, to, 0600, plain.data, plain.len, err);
}

static int fill_initrd(const struct job *job, struct initrd *initrd, struct sw_err *err)
{
    SW_AUTO_FREE char *dep = read_text(job->sources.modules, "modules.dep", err);
    SW_CLEANUP(modules_clear) struct modules modules = {.n = 0};
    SW_AUTO_BUF struct sw_buf list = {0};
    size_t len;
    const void *init = appliance_init_program(&len);

    if (dep == NULL || modules_choose(dep, wanted, &modules, err) < 0 || sw_buf_puts(&list, "", err) < 0 ||
        initrd_add(initrd, "init", 0700, init, len, err) < 0)
        return -1;
    for (size_t i = 0; i < modules.n; i++)
        if (add_module(job, initrd, modules.paths[i], &list, err) < 0)
            return sw_context(err, "module '%s'", modules.paths[i]);
    return initrd_add(initrd, "modules", 0600, list.data, list.len, err);
}

static int make_initrd(const struct job *job, const char *dir, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_path_join(dir, "initrd", err);
    SW_CLEANUP(initrd_close) struct initrd initrd = {.fd = -1};

    if (path == NULL || initrd_open(&initrd, path, err) < 0 || fill_initrd(job, &initrd, err) < 0)
        return -1;
    return initrd_finish(&initrd, err);
}

/* The program itself starts a second earlier than one that has to unpack it; the packed one starts everywhere. */
static int make_kernel(const struct job *job, const char *dir, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_path_join(dir, "kernel", err);
    SW_AUTO_BUF struct sw_buf packed = {0}, program = {0};
    const struct sw_buf *kernel = &program;
    struct sw_err why = {.code = SW_OK};

    if (path == NULL || sw_read_file(job->sources.kernel, KERNEL_MAX, &packed, err) < 0)
        return -1;
    if (bzimage_program(packed.data, packed.len, &program, &why) < 0) {
        sw_log(SW_LOG_DEBUG, "the appliance's kernel stays packed: '%s': %s", job->sources.kernel, why.text);
        kernel = &packed;
    }
    return sw_write_file(path, kernel->data, kernel->len, 0600, err);
}

static int sync_file(const char *path)
{
    SW_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    return fd >= 0 ? fsync(fd) : -1;
}

/* supermin puts the root together; of its kernel and its initrd nothing is taken. *packages: a list, to be freed. */
static int make_root(const struct job *job, const char *dir, char **packages, struct sw_err *err)
{
    SW_AUTO_FREE char *made = sw_path_join(dir, "supermin", err), *root = sw_path_join(dir, "root", err);
    SW_AUTO_FREE char *from = made != NULL ? sw_path_join(made, "root", err) : NULL;
    const char *const argv[] = {"supermin", "--build",    "--copy-kernel", "-v", "-v", "-f",
                                "ext2",     "--host-cpu", "x86_64",        "-o", made, job->supermin_dir,
                                NULL};
    SW_AUTO_BUF struct sw_buf talk = {0}, list = {0};
    int status = 0;

    if (from == NULL || root == NULL || sw_run_program(argv, MAKE_MS, &talk, &status, err) < 0)
        return -1;
    if (status != 0) {
        const char *end = talk.len > 0 ? talk.data + (talk.len > 400 ? talk.len - 400 : 0) : "";

        return sw_fail(err, SW_FAILED, "supermin ended with status %d: %s", status, end);
    }
    if (sources_packages(talk.data != NULL ? talk.data : "", &list, err) < 0)
        return -1;
    if (sync_file(from) < 0 || rename(from, root) < 0)
        return sw_fail_errno(err, "cannot take '%s'", from);
    *packages = sw_buf_steal(&list);
    return sw_remove_tree(made, err);
}

static int fill_folder(const struct job *job, const char *dir, char name[SW_SHA256_HEX], struct sw_err *err)
{
    SW_AUTO_FREE char *stamp = sources_stamp(err); /* before: a change meanwhile is asked about */
    SW_AUTO_FREE char *packages = NULL;
    SW_AUTO_FREE char *machine = name_machine(err);

    if (machine == NULL || stamp == NULL || make_root(job, dir, &packages, err) < 0 ||
        make_initrd(job, dir, err) < 0 || make_kernel(job, dir, err) < 0 ||
        saved_install(dir, job->qemu, err) < 0 || write_text(dir, "packages", packages, err) < 0 ||
        write_text(dir, "sources", job->sources.text.data, err) < 0 ||
        write_text(dir, made_on_name, machine, err) < 0 || write_text(dir, "stamp", stamp, err) < 0 ||
        write_text(dir, in_use, "", err) < 0)
        return -1;
    return sw_sha256_hex(packages, strlen(packages), name, err) < 0
               ? -1
               : write_text(
                     dir, "README.fixed",
                     "A libguestfs appliance that slipway made of what this machine has. It may be removed.\n",
                     err);
}

static int make_in(const struct job *job, const char *dir, struct sw_appliance **out, struct sw_err *err)
{
    SW_AUTO_FREE char *final = NULL;
    char packages[SW_SHA256_HEX];

    if (fill_folder(job, dir, packages, err) < 0)
        return -1;
    final = sw_strf(err, "%s/%s%.*s-%.*s", job->cache, prefix, NAME_HEX, job->key, NAME_HEX, packages);
    if (final == NULL || sw_remove_tree(final, err) < 0)
        return -1;
    if (rename(dir, final) < 0)
        return sw_fail_errno(err, "cannot name '%s'", final);
    return open_folder(job, final, out, err);
}

static int make(const struct job *job, struct sw_appliance **out, struct sw_err *err)
{
    SW_AUTO_FREE char *dir = sw_path_join(job->cache, half_made, err);
    struct sw_err ignored = {.code = SW_OK};
    int rc;

    if (dir == NULL)
        return -1;
    if (mkdtemp(dir) == NULL)
        return sw_fail_errno(err, "cannot make a folder in '%s'", job->cache);
    rc = make_in(job, dir, out, err);
    if (rc < 0 && sw_remove_tree(dir, &ignored) < 0)
        sw_log(SW_LOG_DEBUG, "%s", ignored.text);
    if (rc == 0)
        sweep(job, (*out)->dir);
    return rc;
}

static int name_job(struct job *job, struct sw_err *err)
{
    char init[SW_SHA256_HEX], hv[SW_SHA256_HEX];
    size_t len, hv_len;
    const void *program = appliance_init_program(&len), *hypervisor = appliance_hv_program(&hv_len);

    if (sw_sha256_hex(program, len, init, err) < 0 || sw_sha256_hex(hypervisor, hv_len, hv, err) < 0 ||
        sw_buf_printf(&job->sources.text, err, "layout %d\ninit %s\nhypervisor %s\n", LAYOUT, init, hv) < 0)
        return -1;
    return sw_sha256_hex(job->sources.text.data, job->sources.text.len, job->key, err);
}

static int find_or_make(struct job *job, struct sw_appliance **out, bool *made, struct sw_err *err)
{
    SW_AUTO_FREE char *lock_path = sw_path_join(job->cache, "fast-lock", err);
    SW_AUTO_CLOSE int lock = -1;

    if (lock_path == NULL || sources_look(job->supermin_dir, job->qemu, &job->sources, err) < 0 ||
        name_job(job, err) < 0)
        return -1;
    lock = sw_lock_file(lock_path, true, err);
    if (lock < 0 || find(job, out, err) < 0)
        return -1;
    *made = *out == NULL;
    return *made ? make(job, out, err) : 0;
}

int sw_appliance_open(const char *cache_dir, const char *supermin_dir, const char *qemu,
                      struct sw_appliance **out, bool *made, struct sw_err *err)
{
    SW_AUTO_FREE char *home = NULL;
    struct job job = {.supermin_dir = supermin_dir, .qemu = qemu};
    struct utsname machine;
    bool fresh = false;
    int rc;

    *out = NULL;
    if (uname(&machine) < 0 || strcmp(machine.machine, "x86_64") != 0)
        return sw_fail(err, SW_FAILED, "only that of x86-64 machines is known");
    job.cache = home = sw_appliance_home(cache_dir, err);
    if (home == NULL)
        return -1;
    rc = find_or_make(&job, out, &fresh, err);
    sources_free(&job.sources);
    if (made != NULL)
        *made = fresh;
    return rc;
}
