/* An image that the command line names, opened the same way by every verb. */
#include "src/cli/image_arg.h"

#include "src/base/json.h"
#include "src/base/log.h"

#include <string.h>

static int open_in(struct sw_in *in, const char *format, const struct image_arg_opts *arg,
                   struct image_arg *out, struct sw_err *err)
{
    struct sw_open_opts opts = {.top_only = arg->top_only && arg->allow_parent == NULL,
                                .disk = (unsigned)arg->disk,
                                .salvage = arg->salvage};

    if (arg->package && arg->disk == 0)
        opts.disk = SW_DISK_NONE;
    if (arg->allow_parent != NULL) {
        out->parents = sw_parents_new(arg->allow_parent, in, err);
        if (out->parents == NULL) {
            sw_in_close(in);
            return -1;
        }
        opts.parents = sw_parents_resolver(out->parents);
    }
    return sw_image_open(in, format, &opts, &out->img, err);
}

int image_arg_trust(const struct image_arg_opts *opts, struct trust_args *trust, struct sw_err *err)
{
    if (opts->trust == NULL || (opts->keys == NULL && !opts->plain_vouched && !trust_opts_named(opts->trust)))
        return 0;
    if (trust_args_open(opts->trust, opts->keys != NULL, trust, err) < 0)
        return -1;
    if (trust->trust != NULL && opts->allow_parent != NULL)
        return sw_fail(err, SW_REFUSED,
                       "--allow-parent: a signature is demanded, and nobody has signed what the file names; "
                       "--allow-unsigned is the way round");
    return 0;
}

int image_arg_open(const char *path, const struct image_arg_opts *opts, struct image_arg *out,
                   struct sw_err *err)
{
    AUTO_TRUST_ARGS struct trust_args trust = {.trust = NULL};
    struct sw_unseal_opts unseal = {.keys = opts->keys};
    const char *format = opts->format;
    struct sw_in *in = NULL;

    *out = (struct image_arg){.img = NULL};
    if (opts->disk >= SW_DISK_NONE)
        return sw_fail(err, SW_USAGE, "--disk: no file holds %llu disks", (unsigned long long)opts->disk);
    if (image_arg_trust(opts, &trust, err) < 0)
        return -1;
    unseal.opener = trust_args_opener(&trust);
    if (sw_seal_open_image(path, &unseal, &in, &format, err) < 0)
        return -1;
    out->opened = true;
    if (opts->keys != NULL)
        out->sealed = in;
    return open_in(in, format, opts, out, err);
}

void image_arg_close(struct image_arg *arg)
{
    sw_image_close(arg->img);
    sw_parents_free(arg->parents);
    *arg = (struct image_arg){.img = NULL};
}

void image_arg_warn(const struct image_arg *arg)
{
    for (const struct sw_image *img = arg->img; img != NULL; img = img->parent)
        for (unsigned i = 0; i < img->nr_warnings; i++)
            sw_log(SW_LOG_WARNING, "'%s': %s", img->in->name, img->warnings[i]);
}

json_t *image_arg_warnings(const struct image_arg *arg)
{
    json_t *list = json_array();

    for (const struct sw_image *img = arg->img; img != NULL; img = img->parent)
        for (unsigned i = 0; i < img->nr_warnings; i++)
            if (json_array_append_new(list, json_untrusted(img->warnings[i])) < 0) {
                json_decref(list);
                return NULL;
            }
    return list;
}

json_t *json_untrusted(const char *text)
{
    return sw_json_bytes(text, strlen(text));
}
