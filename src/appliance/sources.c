/* What an appliance is made of, as text: when the text is another one, so is the appliance. */
#include "src/appliance/sources.h"

#include "slipway/appliance.h"
#include "src/base/fs.h"
#include "src/base/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

enum { SETUP_MAX = 128 << 10, ASK_MS = 60000 };

/* Where package managers keep what is installed. */
static const char *const databases[] = {
    "/var/lib/dpkg/status",     "/var/lib/rpm/rpmdb.sqlite",          "/var/lib/rpm/Packages",
    "/var/lib/rpm/Packages.db", "/usr/lib/sysimage/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/Packages.db",
};
static const char dpkg_status[] = "/var/lib/dpkg/status";

/* A file that is not there is a line, too. */
static int tell_file(struct sw_buf *text, const char *path, struct sw_err *err)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return sw_buf_printf(text, err, "none %s\n", path);
    return sw_buf_printf(text, err, "file %s %lld %lld.%09ld\n", path, (long long)st.st_size,
                         (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static int tell_variable(struct sw_buf *text, const char *name, struct sw_err *err)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? sw_buf_printf(text, err, "%s=%s\n", name, value) : 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int no_dots(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int tell_folder(struct sw_buf *text, const char *dir, struct sw_err *err)
{
    struct dirent **entries;
    int n = scandir(dir, &entries, no_dots, by_name), rc = 0;

    if (n <= 0)
        return sw_fail(err, SW_FAILED,
                       "there is nothing in '%s' to make an appliance of: is libguestfs0 installed?", dir);
    for (int i = 0; i < n; i++) {
        SW_AUTO_FREE char *path = rc == 0 ? sw_path_join(dir, entries[i]->d_name, err) : NULL;

        if (path == NULL || tell_file(text, path, err) < 0)
            rc = -1;
        free(entries[i]);
    }
    free(entries);
    return rc;
}

/* Of the file no more than its setup code, where the version stands: this is done at each launch. */
static int read_version(const char *path, char version[KERNEL_VERSION_BYTES], struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    SW_AUTO_FREE char *setup = sw_calloc(1, SETUP_MAX, err);
    ssize_t n = fd >= 0 && setup != NULL ? pread(fd, setup, SETUP_MAX, 0) : -1;

    if (setup == NULL)
        return -1;
    if (n < 0)
        return sw_fail_errno(err, "cannot read it");
    return bzimage_version(setup, (size_t)n, version, err);
}

static int find_kernel(struct sources *out, struct sw_err *err)
{
    const char *modules = getenv("SUPERMIN_MODULES");
    struct sw_host_kernel kernel;

    sw_host_kernel(&kernel);
    if (kernel.path[0] == '\0' || !kernel.readable)
        return sw_fail(err, SW_FAILED, "there is no kernel that can be read");
    memcpy(out->kernel, kernel.path, sizeof(out->kernel));
    if (read_version(out->kernel, out->version, err) < 0)
        return sw_context(err, "'%s'", out->kernel);
    if (modules != NULL && modules[0] != '\0')
        snprintf(out->modules, sizeof(out->modules), "%s", modules);
    else
        snprintf(out->modules, sizeof(out->modules), "/lib/modules/%s", out->version);
    return 0;
}

/* Elsewhere than with dpkg the packages are not asked for one by one: any change of the database counts. */
static int tell_databases(struct sw_buf *text, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(databases); i++)
        if (sw_path_exists(databases[i]) && tell_file(text, databases[i], err) < 0)
            return -1;
    return 0;
}

int sources_look(const char *supermin_dir, const char *qemu, struct sources *out, struct sw_err *err)
{
    SW_AUTO_FREE char *dep = NULL;

    if (find_kernel(out, err) < 0)
        return -1;
    dep = sw_path_join(out->modules, "modules.dep", err);
    if (dep == NULL || tell_file(&out->text, out->kernel, err) < 0 || tell_file(&out->text, dep, err) < 0 ||
        tell_file(&out->text, "/usr/bin/supermin", err) < 0 || tell_file(&out->text, qemu, err) < 0 ||
        tell_variable(&out->text, "SUPERMIN_KERNEL", err) < 0 ||
        tell_variable(&out->text, "SUPERMIN_MODULES", err) < 0 ||
        tell_folder(&out->text, supermin_dir, err) < 0)
        return -1;
    return sw_path_exists(dpkg_status) ? 0 : tell_databases(&out->text, err);
}

void sources_free(struct sources *sources)
{
    sw_buf_free(&sources->text);
}

int sources_packages(const char *talk, struct sw_buf *out, struct sw_err *err)
{
    static const char begin[] = "packages, including dependencies\n", item[] = "  - ";
    const char *line = strstr(talk, begin);

    if (sw_buf_puts(out, "", err) < 0)
        return -1;
    for (line = line != NULL ? line + strlen(begin) : ""; strncmp(line, item, strlen(item)) == 0;) {
        size_t len = strcspn(line, "\n");

        if (sw_buf_append(out, line + strlen(item), len - strlen(item), err) < 0 ||
            sw_buf_puts(out, "\n", err) < 0)
            return -1;
        line += len + (line[len] != '\0');
    }
    return 0;
}

char *sources_stamp(struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};

    if (tell_databases(&text, err) < 0 || sw_buf_puts(&text, "", err) < 0)
        return NULL;
    return sw_buf_steal(&text);
}

/* Each line of the one is a line of the other. */
static bool all_lines_in(const char *lines, const char *in)
{
    for (size_t len; *lines != '\0'; lines += len + (lines[len] != '\0')) {
        bool found = false;

        len = strcspn(lines, "\n");
        for (const char *at = in; !found && (at = memmem(at, strlen(at), lines, len)) != NULL; at++)
            found = (at == in || at[-1] == '\n') && (at[len] == '\n' || at[len] == '\0');
        if (!found)
            return false;
    }
    return true;
}

int sources_packages_hold(const char *packages, char **stamp, bool *hold, struct sw_err *err)
{
    static const char *const argv[] = {"dpkg-query", "-W", "-f", "${Package}_${Version}_${Architecture}\n",
                                       NULL};
    SW_AUTO_FREE char *now = sources_stamp(err);
    SW_AUTO_BUF struct sw_buf installed = {0};
    int status = 0;

    if (now == NULL)
        return -1;
    *hold = strcmp(now, *stamp) == 0;
    if (*hold || !sw_path_exists(dpkg_status))
        return 0;
    if (sw_run_program(argv, ASK_MS, &installed, &status, err) < 0)
        return -1;
    *hold = status == 0 && installed.len > 0 && all_lines_in(packages, installed.data);
    free(*stamp);
    *stamp = SW_STEAL_PTR(now);
    return 0;
}
