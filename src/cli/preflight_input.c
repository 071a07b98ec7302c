/* The disks that preflight looks at: of one machine, opened as far as they can be. */
#include "src/cli/preflight_input.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FOLDER_MAX = 4096 };

/* The format whose ending the name has; NULL when there is none. */
static const struct sw_format *named_by(const char *path)
{
    const char *dot = strrchr(sw_path_base(path), '.');

    if (dot == NULL)
        return NULL;
    for (const struct sw_format *const *at = sw_formats; *at != NULL; at++)
        for (const char *const *ending = (*at)->extensions; ending != NULL && *ending != NULL; ending++)
            if (strcasecmp(dot + 1, *ending) == 0)
                return *at;
    return NULL;
}

static int try_open(const char *path, const struct preflight_input_opts *opts, struct image_arg_opts how,
                    struct image_arg *out, struct sw_err *err)
{
    how.keys = opts->keys;
    how.trust = opts->trust;
    how.allow_parent = opts->allow_parent;
    how.top_only = true;
    return image_arg_open(path, &how, out, err);
}

/* What a plain file's first and last bytes say. */
struct magic {
    bool read, image, sealed;
};

static struct magic magic_of(const char *path)
{
    struct sw_err ignored = {.code = SW_OK};
    struct magic magic = {.read = false};
    uint8_t head[SW_PROBE_BYTES], tail[SW_PROBE_BYTES];
    struct sw_probe probe = {.head = head, .tail = tail};
    struct sw_in *in = NULL;

    if (sw_in_open_file(path, &in, &ignored) < 0)
        return magic;
    probe.file_bytes = in->size_bytes;
    probe.head_len = probe.tail_len = (size_t)sw_min_u64(in->size_bytes, SW_PROBE_BYTES);
    magic.read = sw_in_read(in, head, probe.head_len, 0, &ignored) == 0 &&
                 sw_in_read(in, tail, probe.tail_len, in->size_bytes - probe.tail_len, &ignored) == 0;
    sw_in_close(in);
    for (const struct sw_format *const *at = sw_formats; magic.read && *at != NULL; at++)
        magic.image = magic.image || ((*at)->probe != NULL && (*at)->probe(&probe));
    magic.sealed = magic.read && sw_seal_probe(head, probe.head_len);
    return magic;
}

static bool has_no_magic(const char *path)
{
    struct magic magic = magic_of(path);

    return magic.read && !magic.image && !magic.sealed;
}

/* A package that cannot be opened even alone: then the disks in it are not to blame. */
static bool is_bad_package(const char *path, const struct preflight_input_opts *opts, const char *format)
{
    const struct sw_format *driver = format != NULL ? sw_format_by_name(format) : named_by(path);
    struct sw_err cause = {.code = SW_OK};
    struct image_arg arg = {.img = NULL};
    bool opened;

    if (driver == NULL || (driver->caps & SW_FORMAT_PACKAGE) == 0)
        return false;
    opened =
        try_open(path, opts, (struct image_arg_opts){.format = format, .package = true}, &arg, &cause) == 0;
    image_arg_close(&arg);
    return !opened;
}

/* What a file that could not be opened calls itself; NULL when it is the right format, and damaged. */
static const char *what_it_calls_itself(const char *path, const struct preflight_input_opts *opts,
                                        const char *format, const struct sw_err *cause)
{
    const struct sw_format *driver = named_by(path);

    if (is_bad_package(path, opts, format) || (format != NULL && has_no_magic(path)))
        return format != NULL ? sw_format_by_name(format)->name : driver->name;
    if (cause->code == SW_INTEGRITY)
        return NULL;
    return driver != NULL && strcmp(driver->name, "raw") != 0 ? driver->name : "foreign";
}

/*
 * Errors that the rules tell of: of what is in a file, not of the file, its seal or its signature, nor of what the user says
 * that it is.
 */
static bool is_told_by_rules(const char *path, const struct preflight_input_opts *opts,
                             const struct image_arg *arg, const struct sw_err *err)
{
    const struct sw_format *driver = named_by(path);

    if (!arg->opened)
        return false;
    if (err->code == SW_REFUSED)
        return opts->allow_parent == NULL;
    return err->code == SW_INTEGRITY || (err->code == SW_USAGE && opts->format == NULL && driver != NULL &&
                                         strcmp(driver->name, "raw") != 0 && has_no_magic(path));
}

static struct sw_preflight_disk *new_disk(struct preflight_machine *machine, char *name, struct sw_err *err)
{
    if (name == NULL || machine->n == PREFLIGHT_DISKS_MAX) {
        if (name != NULL)
            sw_fail(err, SW_USAGE, "more than %d disks of one machine", PREFLIGHT_DISKS_MAX);
        free(name);
        return NULL;
    }
    machine->names[machine->n] = name;
    machine->disks[machine->n] = (struct sw_preflight_disk){.path = name};
    return &machine->disks[machine->n++];
}

/* number: of a package, from 1; 0: not one of several. */
static int add_disk(struct preflight_machine *machine, const char *path, unsigned number, const char *format,
                    const struct preflight_input_opts *opts, struct sw_err *err)
{
    size_t i = machine->n;
    struct sw_preflight_disk *disk =
        new_disk(machine, number > 0 ? sw_strf(err, "%s, disk %u", path, number) : sw_strdup(path, err), err);
    struct image_arg_opts how = {.format = format, .disk = number};
    struct sw_err *cause;
    bool told;

    if (disk == NULL)
        return -1;
    cause = &machine->causes[i];
    disk->sealed = opts->keys != NULL;
    if (try_open(path, opts, how, &machine->args[i], cause) == 0) {
        disk->image = machine->args[i].img;
        return 0;
    }
    told = is_told_by_rules(path, opts, &machine->args[i], cause);
    image_arg_close(&machine->args[i]);
    if (!told) {
        *err = *cause;
        return -1;
    }
    disk->cause = cause;
    how.salvage = true;
    if (cause->code == SW_INTEGRITY &&
        try_open(path, opts, how, &machine->args[i], &(struct sw_err){.code = SW_OK}) == 0) {
        disk->image = machine->args[i].img;
        disk->cut = true;
        return 0;
    }
    image_arg_close(&machine->args[i]);
    disk->named_format = what_it_calls_itself(path, opts, format, cause);
    return 0;
}

/* How many disks a package holds; 0 for what is a disk itself, or cannot be opened. */
static unsigned count_disks(const char *path, const struct preflight_input_opts *opts, const char *format)
{
    struct sw_err cause = {.code = SW_OK};
    struct image_arg arg = {.img = NULL};
    unsigned n = 0;

    if (try_open(path, opts, (struct image_arg_opts){.format = format, .package = true}, &arg, &cause) == 0 &&
        arg.img->package != NULL)
        n = arg.img->package->nr_disks;
    image_arg_close(&arg);
    return n;
}

int preflight_machine_add(struct preflight_machine *machine, const char *path,
                          const struct preflight_input_opts *opts, struct sw_err *err)
{
    const char *format = opts->format;
    unsigned n;

    if (opts->spare_format != NULL && has_no_magic(path))
        format = opts->spare_format;
    n = count_disks(path, opts, format);
    if (n < 2)
        return add_disk(machine, path, 0, format, opts, err);
    for (unsigned disk = 1; disk <= n; disk++)
        if (add_disk(machine, path, disk, format, opts, err) < 0)
            return -1;
    return 0;
}

void preflight_machine_close(struct preflight_machine *machine)
{
    for (size_t i = 0; i < machine->n; i++) {
        image_arg_close(&machine->args[i]);
        free(machine->names[i]);
    }
    machine->n = 0;
}

void preflight_names_free(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

static bool ends_in(const char *path, const char *ending)
{
    size_t len = strlen(path), n = strlen(ending);

    return len > n && strcmp(path + len - n, ending) == 0;
}

/* What other tools leave beside images is not asked about, nor are the keys beside sealed ones. */
static bool is_candidate(const char *path)
{
    struct magic magic = magic_of(path);

    return named_by(path) != NULL || magic.image || (magic.sealed && !ends_in(path, ".keys"));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_folder(DIR *dir, const char *path, char **names, size_t *n, struct sw_err *err)
{
    const struct dirent *entry;

    while ((entry = readdir(dir)) != NULL) {
        SW_AUTO_FREE char *name = NULL;

        if (entry->d_name[0] == '.')
            continue;
        name = sw_path_join(path, entry->d_name, err);
        if (name == NULL)
            return -1;
        if (!is_candidate(name))
            continue;
        if (*n == FOLDER_MAX)
            return sw_fail(err, SW_USAGE, "'%s' has more than %d images", path, FOLDER_MAX);
        names[(*n)++] = SW_STEAL_PTR(name);
    }
    return 0;
}

int preflight_folder(const char *path, char ***out, size_t *n, struct sw_err *err)
{
    SW_AUTO_DIR DIR *dir = opendir(path);
    char **names;

    *n = 0;
    if (dir == NULL)
        return sw_fail_errno(err, "cannot read '%s'", path);
    names = sw_calloc(FOLDER_MAX, sizeof(*names), err);
    if (names == NULL)
        return -1;
    if (read_folder(dir, path, names, n, err) < 0 ||
        (*n == 0 && sw_fail(err, SW_USAGE, "there is no image in '%s'", path) < 0)) {
        preflight_names_free(names, *n);
        return -1;
    }
    qsort(names, *n, sizeof(*names), by_name);
    *out = names;
    return 0;
}
