/* VHD, Microsoft's first disk format: fixed, dynamic and differencing. */
#include "formats/vhd/vhd.h"

#include <stdlib.h>
#include <string.h>

uint32_t vhd_checksum(const void *bytes, size_t len, size_t skip)
{
    const uint8_t *at = bytes;
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        if (i < skip || i >= skip + 4)
            sum += at[i];
    return ~sum;
}

/* A fixed disk has its magic at the end only; one whose end is lost still shows the copy at its start. */
static bool vhd_probe(const struct sw_probe *probe)
{
    static const size_t lengths[] = {VHD_FOOTER_BYTES, VHD_OLD_FOOTER_BYTES};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        if (probe->tail_len >= lengths[i] &&
            memcmp(probe->tail + probe->tail_len - lengths[i], VHD_FOOTER_COOKIE, 8) == 0)
            return true;
    return probe->head_len >= 8 && memcmp(probe->head, VHD_FOOTER_COOKIE, 8) == 0;
}

static void vhd_close(struct sw_image *img)
{
    struct vhd_image *vhd = vhd_of(img);

    sw_image_close(img->parent);
    sw_in_close(img->in);
    sw_content_end(&vhd->content);
    free(vhd->bat);
    free(vhd->parent_name);
    free(vhd);
}

static const char *const vhd_aliases[] = {"vpc", NULL};
static const char *const vhd_extensions[] = {"vhd", NULL};
static const char *const vhd_subformats[] = {"dynamic", "fixed", NULL};

const struct sw_format sw_format_vhd = {
    .name = "vhd",
    .aliases = vhd_aliases,
    .extensions = vhd_extensions,
    .subformats = vhd_subformats,
    .streamed = "fixed",
    .caps = SW_FORMAT_CAN_READ | SW_FORMAT_CAN_WRITE | SW_FORMAT_STREAM_OUT,
    .probe = vhd_probe,
    .open = vhd_open,
    .pread = vhd_pread,
    .next_extent = vhd_next_extent,
    .create = vhd_create,
    .put = vhd_put,
    .finish = vhd_finish,
    .save = vhd_save,
    .restore = vhd_restore,
    .close = vhd_close,
};
