/* Parents that a file names: opened beneath one folder only, never through links. */
#include "slipway/parents.h"

#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

struct file_id {
    dev_t dev;
    ino_t ino;
};

struct sw_parents {
    struct sw_parent_resolver base;
    int dir;
    char *folder;
    unsigned depth; /* images of the chain that are being opened */
    struct file_id chain[SW_PARENTS_DEPTH_MAX];
};

/* what: "parent" or "extent", for messages. */
static int open_beneath(const struct sw_parents *parents, const char *what, const char *name,
                        struct sw_err *err)
{
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd = (int)syscall(SYS_openat2, parents->dir, name, &how, sizeof(how));

    if (fd >= 0)
        return fd;
    if (errno == EXDEV || errno == ELOOP)
        return sw_fail(err, SW_REFUSED, "%s '%s' leads out of '%s' or through a link", what, name,
                       parents->folder);
    return sw_fail_errno(err, "cannot open the %s '%s' beneath '%s'", what, name, parents->folder);
}

/* "nbd://…", "json:{…}": qemu would take what comes before the first colon for a protocol. */
static bool has_protocol(const char *name)
{
    size_t n = strcspn(name, ":/");

    return name[n] == ':';
}

static int check_name(const struct sw_parents *parents, const char *name, const char *format,
                      struct sw_err *err)
{
    if (name[0] == '\0' || has_protocol(name))
        return sw_fail(err, SW_REFUSED, "parent '%s' is not the name of a file", name);
    if (format == NULL)
        return sw_fail(err, SW_REFUSED, "parent '%s' is named without its format: it is not guessed", name);
    if (parents->depth >= SW_PARENTS_DEPTH_MAX)
        return sw_fail(err, SW_REFUSED, "the chain of parents has more than %d images", SW_PARENTS_DEPTH_MAX);
    return 0;
}

/* A regular file that is none of the chain's; id gets what it is. */
static int check_file(const struct sw_parents *parents, const char *what, const struct sw_in *in,
                      struct file_id *id, struct sw_err *err)
{
    struct stat st;

    if (fstat(in->fd, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", in->name);
    if (!S_ISREG(st.st_mode))
        return sw_fail(err, SW_REFUSED, "%s '%s' is not a regular file", what, in->name);
    *id = (struct file_id){.dev = st.st_dev, .ino = st.st_ino};
    for (unsigned i = 0; i < parents->depth; i++)
        if (parents->chain[i].dev == id->dev && parents->chain[i].ino == id->ino)
            return sw_fail(err, SW_REFUSED, "%s '%s' is its own descendant", what, in->name);
    return 0;
}

static int open_checked(const struct sw_parents *parents, const char *what, const char *name,
                        struct sw_in **out, struct file_id *id, struct sw_err *err)
{
    struct sw_in *in = NULL;
    int fd = open_beneath(parents, what, name, err);

    if (fd < 0 || sw_in_open_fd(fd, name, &in, err) < 0)
        return -1;
    if (check_file(parents, what, in, id, err) < 0) {
        sw_in_close(in);
        return -1;
    }
    *out = in;
    return 0;
}

static int open_parent(struct sw_parent_resolver *self, const char *name, const char *format,
                       struct sw_image **out, struct sw_err *err)
{
    struct sw_parents *parents = (struct sw_parents *)self;
    struct sw_open_opts opts = {.parents = self};
    struct sw_in *in = NULL;
    struct file_id id;
    int rc;

    if (check_name(parents, name, format, err) < 0 ||
        open_checked(parents, "parent", name, &in, &id, err) < 0)
        return -1;
    parents->chain[parents->depth++] = id;
    rc = sw_image_open(in, format, &opts, out, err);
    parents->depth--;
    return rc;
}

static int open_file(struct sw_parent_resolver *self, const char *name, struct sw_in **in, struct sw_err *err)
{
    struct file_id id;

    if (!sw_is_file_name(name))
        return sw_fail(err, SW_REFUSED, "extent '%s' is not the name of a file", name);
    return open_checked((struct sw_parents *)self, "extent", name, in, &id, err);
}

struct sw_parents *sw_parents_new(const char *folder, const struct sw_in *first, struct sw_err *err)
{
    struct sw_parents *parents = sw_calloc(1, sizeof(*parents), err);
    struct stat st;

    if (parents == NULL)
        return NULL;
    parents->base = (struct sw_parent_resolver){.open = open_parent, .open_file = open_file};
    parents->folder = sw_strdup(folder, err);
    parents->dir = parents->folder != NULL ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (parents->dir < 0) {
        if (parents->folder != NULL)
            sw_fail_errno(err, "cannot open the folder '%s'", folder);
        sw_parents_free(parents);
        return NULL;
    }
    if (first != NULL && first->fd >= 0 && fstat(first->fd, &st) == 0)
        parents->chain[parents->depth++] = (struct file_id){.dev = st.st_dev, .ino = st.st_ino};
    return parents;
}

struct sw_parent_resolver *sw_parents_resolver(struct sw_parents *parents)
{
    return &parents->base;
}

void sw_parents_free(struct sw_parents *parents)
{
    if (parents == NULL)
        return;
    if (parents->dir >= 0)
        close(parents->dir);
    free(parents->folder);
    free(parents);
}
