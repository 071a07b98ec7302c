/* An image that the command line names, opened the same way by every verb. */
#include "src/cli/image_arg.h"

#include "src/base/buf.h"
#include "src/base/log.h"

static int open_in(struct sw_in *in, const struct image_arg_opts *arg, struct image_arg *out,
                   struct sw_err *err)
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
    return sw_image_open(in, arg->format, &opts, &out->img, err);
}

int image_arg_open(const char *path, const struct image_arg_opts *opts, struct image_arg *out,
                   struct sw_err *err)
{
    struct sw_in *in = NULL;

    *out = (struct image_arg){.img = NULL};
    if (opts->disk >= SW_DISK_NONE)
        return sw_fail(err, SW_USAGE, "--disk: no file holds %llu disks", (unsigned long long)opts->disk);
    if (sw_in_open_file(path, &in, err) < 0)
        return -1;
    return open_in(in, opts, out, err);
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
    SW_AUTO_BUF struct sw_buf safe = {0};
    struct sw_err err = {.code = SW_OK};
    json_t *made = json_string(text);

    if (made != NULL)
        return made;
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
        if (sw_buf_printf(&safe, &err, *p < 0x20 || *p > 0x7e ? "\\x%02x" : "%c", *p) < 0)
            return NULL;
    return json_string(safe.data != NULL ? safe.data : "");
}
