/* VHDX, Hyper-V's disk format: fixed, dynamic and differencing, with a log that is replayed in memory. */
#include "formats/vhdx/vhdx.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <stdlib.h>
#include <string.h>

static bool vhdx_probe(const struct sw_probe *probe)
{
    return probe->head_len >= 8 && memcmp(probe->head, VHDX_SIGNATURE, 8) == 0;
}

static const char *subformat_of(uint32_t flags)
{
    if ((flags & VHDX_HAS_PARENT) != 0)
        return "differencing";
    return (flags & VHDX_LEAVE_ALLOCATED) != 0 ? "fixed" : "dynamic";
}

/* In the order in which one leads to the next; all behind the header is read through the replayed log. */
static int open_tables(struct vhdx_image *vhdx, struct sw_err *err)
{
    static const uint8_t empty[VHDX_GUID_BYTES];
    uint8_t log_guid[VHDX_GUID_BYTES];
    SW_AUTO_FREE struct vhdx_range *taken = NULL;
    size_t n = 0;

    if (vhdx_read_header(vhdx, log_guid, err) < 0)
        return -1;
    if (memcmp(log_guid, empty, sizeof(empty)) != 0 && vhdx_replay(vhdx, log_guid, err) < 0)
        return -1;
    if (vhdx_read_regions(vhdx, &taken, &n, err) < 0 || vhdx_read_metadata(vhdx, err) < 0)
        return -1;
    return vhdx_check_blocks(vhdx, taken, n, err);
}

static int open_into(struct vhdx_image *vhdx, struct sw_in *in, const struct sw_open_opts *opts,
                     struct sw_err *err)
{
    vhdx->base = (struct sw_image){.format = &sw_format_vhdx, .in = in};
    vhdx->file_end = in->size_bytes;
    if (open_tables(vhdx, err) < 0 || sw_check_virtual_size(in, vhdx->base.size_bytes, opts, err) < 0)
        return -1;
    vhdx->base.unit_bytes = vhdx->block_bytes;
    vhdx->base.subformat = subformat_of(vhdx->flags);
    if (vhdx->overlay != NULL)
        sw_image_warn(&vhdx->base, "it was not closed cleanly: its log is replayed, the file stays as it is");
    return (vhdx->flags & VHDX_HAS_PARENT) != 0 ? vhdx_open_parent(vhdx, opts, err) : 0;
}

void vhdx_free(struct vhdx_image *vhdx)
{
    sw_image_close(vhdx->base.parent);
    vhdx_overlay_free(vhdx->overlay);
    sw_content_end(&vhdx->content);
    free(vhdx->locator);
    free(vhdx->parent_name);
    free(vhdx->bat);
    free(vhdx);
}

int vhdx_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out, struct sw_err *err)
{
    struct vhdx_image *vhdx = sw_calloc(1, sizeof(*vhdx), err);

    if (vhdx == NULL)
        return -1;
    if (open_into(vhdx, in, opts, err) < 0) {
        vhdx_free(vhdx);
        return -1;
    }
    *out = &vhdx->base;
    return 0;
}

static void vhdx_close(struct sw_image *img)
{
    struct sw_in *in = img->in;

    vhdx_free(vhdx_of(img));
    sw_in_close(in);
}

static const char *const vhdx_extensions[] = {"vhdx", NULL};
static const char *const vhdx_subformats[] = {"dynamic", NULL};

const struct sw_format sw_format_vhdx = {
    .name = "vhdx",
    .extensions = vhdx_extensions,
    .subformats = vhdx_subformats,
    .caps = SW_FORMAT_CAN_READ | SW_FORMAT_CAN_WRITE,
    .probe = vhdx_probe,
    .open = vhdx_open,
    .pread = vhdx_pread,
    .next_extent = vhdx_next_extent,
    .create = vhdx_create,
    .put = vhdx_put,
    .finish = vhdx_finish,
    .close = vhdx_close,
};
