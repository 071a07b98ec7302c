/* VMDK, VMware's disk format: reads all but devices and seSparse, writes streamOptimized and monolithicSparse. */
#include "formats/vmdk/vmdk.h"
#include "src/base/cleanup.h"

#include <string.h>
#include <strings.h>

/* Also what is only refused by name: an extent without its descriptor, a file left unfinished. */
static bool vmdk_probe(const struct sw_probe *probe)
{
    static const char magics[][5] = {VMDK_MAGIC, VMDK_UNFINISHED, VMDK_COWD_MAGIC};

    for (size_t i = 0; i < SW_ARRAY_LEN(magics); i++)
        if (probe->head_len >= 4 && memcmp(probe->head, magics[i], 4) == 0)
            return true;
    if (probe->head_len >= 8 && memcmp(probe->head, VMDK_SE_MAGIC, 8) == 0)
        return true;
    return vmdk_is_descriptor(probe->head, probe->head_len);
}

static void vmdk_close(struct sw_image *img)
{
    struct vmdk_image *vmdk = vmdk_of(img);

    sw_image_close(img->parent);
    sw_in_close(img->in);
    vmdk_parts_free(vmdk);
    free(vmdk->parent_hint);
    free(vmdk->gd);
    free(vmdk);
}

/* Writing: which of the two an image is. */
static bool is_sparse(const struct sw_image *img)
{
    return strcmp(img->subformat, "monolithicSparse") == 0;
}

static int create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
                  struct sw_err *err)
{
    if (opts->subformat != NULL && strcasecmp(opts->subformat, "monolithicSparse") == 0)
        return vmdk_sparse_create(out, opts, img, err);
    return vmdk_create(out, opts, img, err);
}

static int worker_new(const struct sw_image *img, void **worker, struct sw_err *err)
{
    *worker = NULL;
    return is_sparse(img) ? 0 : vmdk_worker_new(img, worker, err);
}

static void worker_free(const struct sw_image *img, void *worker)
{
    if (!is_sparse(img))
        vmdk_worker_free(img, worker);
}

static int encode(const struct sw_image *img, void *worker, struct sw_block *block, struct sw_err *err)
{
    return is_sparse(img) ? 0 : vmdk_encode(img, worker, block, err);
}

static size_t coded_bound(const struct sw_image *img)
{
    return is_sparse(img) ? 0 : vmdk_coded_bound(img);
}

static const char *coding(const struct sw_image *img)
{
    return is_sparse(img) ? NULL : vmdk_coding(img);
}

static int put(struct sw_image *img, struct sw_block *block, struct sw_err *err)
{
    return is_sparse(img) ? vmdk_sparse_put(img, block, err) : vmdk_put(img, block, err);
}

static int finish(struct sw_image *img, struct sw_err *err)
{
    return is_sparse(img) ? vmdk_sparse_finish(img, err) : vmdk_finish(img, err);
}

static const char *const vmdk_extensions[] = {"vmdk", NULL};
static const char *const vmdk_subformats[] = {"streamOptimized", "monolithicSparse", NULL};

const struct sw_format sw_format_vmdk = {
    .name = "vmdk",
    .extensions = vmdk_extensions,
    .subformats = vmdk_subformats,
    .streamed = "streamOptimized",
    .caps = SW_FORMAT_CAN_READ | SW_FORMAT_CAN_WRITE | SW_FORMAT_STREAM_OUT | SW_FORMAT_WHOLE_UNITS,
    .probe = vmdk_probe,
    .open = vmdk_open,
    .pread = vmdk_pread,
    .next_extent = vmdk_next_extent,
    .create = create,
    .worker_new = worker_new,
    .worker_free = worker_free,
    .encode = encode,
    .coded_bound = coded_bound,
    .coding = coding,
    .put = put,
    .finish = finish,
    .save = vmdk_save,
    .restore = vmdk_restore,
    .close = vmdk_close,
};
