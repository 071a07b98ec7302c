/* VMDK, VMware's disk format: reads all but what lies on devices and seSparse, writes streamOptimized. */
#include "formats/vmdk/vmdk.h"
#include "src/base/cleanup.h"

#include <string.h>

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

static const char *const vmdk_extensions[] = {"vmdk", NULL};
static const char *const vmdk_subformats[] = {"streamOptimized", NULL};

const struct sw_format sw_format_vmdk = {
    .name = "vmdk",
    .extensions = vmdk_extensions,
    .subformats = vmdk_subformats,
    .caps = SW_FORMAT_CAN_READ | SW_FORMAT_CAN_WRITE | SW_FORMAT_STREAM_OUT,
    .probe = vmdk_probe,
    .open = vmdk_open,
    .pread = vmdk_pread,
    .next_extent = vmdk_next_extent,
    .create = vmdk_create,
    .worker_new = vmdk_worker_new,
    .worker_free = vmdk_worker_free,
    .encode = vmdk_encode,
    .coded_bound = vmdk_coded_bound,
    .put = vmdk_put,
    .finish = vmdk_finish,
    .close = vmdk_close,
};
