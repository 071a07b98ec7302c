/* -B FILE: the image that a new one shall lie on. */
#include "src/cli/backing.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"

#include <string.h>
#include <sys/stat.h>

static bool same_file(const struct sw_image *a, const struct sw_image *b)
{
    struct stat x, y;

    return a->in->fd >= 0 && b->in->fd >= 0 && fstat(a->in->fd, &x) == 0 && fstat(b->in->fd, &y) == 0 &&
           x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Other programs must know the name that stands in the header. */
static int check_base(const struct backing_args *args, const struct sw_image *base,
                      const struct sw_copy *copy, struct sw_err *err)
{
    const char *name = base->format->name;

    if ((copy->format->caps & SW_FORMAT_BACKING) == 0)
        return sw_fail(err, SW_USAGE, "-B: %s images are written without a parent", copy->format->name);
    if (strcmp(name, "qcow2") != 0 && strcmp(name, "raw") != 0)
        return sw_fail(err, SW_USAGE, "-B: '%s' is %s; a parent is qcow2 or raw", args->file, name);
    if (base->size_bytes > copy->src->size_bytes)
        return sw_fail(err, SW_USAGE, "-B: '%s' is a disk of %llu bytes, larger than the source's %llu",
                       args->file, (unsigned long long)base->size_bytes,
                       (unsigned long long)copy->src->size_bytes);
    return 0;
}

/* Nothing that the new image will lie on may be replaced by it. */
static int spare(const struct sw_image *base, const char *dst, struct sw_err *err)
{
    for (; base != NULL; base = base->parent)
        if (sw_refuse_same_file(base->in, dst, err) < 0)
            return -1;
    return 0;
}

int backing_open(const struct backing_args *args, struct image_arg *base, struct sw_copy *copy,
                 struct sw_err *err)
{
    const struct image_arg_opts open = {.format = args->format, .allow_parent = args->allow_parent};
    SW_AUTO_FREE char *folder = sw_path_dir(args->dst, err);
    SW_AUTO_FREE char *path = folder != NULL ? sw_path_join(folder, args->file, err) : NULL;

    if (path == NULL || image_arg_open(path, &open, base, err) < 0 ||
        check_base(args, base->img, copy, err) < 0 || spare(base->img, args->dst, err) < 0)
        return -1;
    copy->base = base->img;
    if (copy->src->parent != NULL && same_file(copy->src->parent, base->img))
        copy->top = copy->src;
    copy->create.backing_name = args->file;
    copy->create.backing_format = base->img->format->name;
    return 0;
}
