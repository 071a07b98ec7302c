/* What an appliance wrote, as an image. */
#include "src/build/overlay.h"

#include "src/base/cleanup.h"

/* Whatever the overlay calls it, what lies beneath is this one. */
struct one_parent {
    struct sw_parent_resolver base;
    struct sw_image **image; /* NULL once the overlay has it */
};

static int open_parent(struct sw_parent_resolver *self, const char *name, const char *format,
                       struct sw_image **out, struct sw_err *err)
{
    struct one_parent *parent = (struct one_parent *)self;

    (void)name;
    (void)format;
    if (*parent->image == NULL)
        return sw_fail(err, SW_INTEGRITY, "the overlay names two disks beneath it");
    *out = SW_STEAL_PTR(*parent->image);
    return 0;
}

int overlay_open(const char *path, struct sw_image **below, struct sw_image **out, struct sw_err *err)
{
    struct one_parent parent = {.base = {.open = open_parent}, .image = below};
    const struct sw_open_opts opts = {.parents = &parent.base};
    struct sw_in *in;

    if (sw_in_open_file(path, &in, err) < 0)
        return -1;
    return sw_image_open(in, "qcow2", &opts, out, err);
}
