/* Which images a lane takes as they are, and why it would not take the others. */
#include "slipway/import.h"

#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"

#include <string.h>

enum {
    VHD_FOOTER_BYTES = 512,
    VMDK_FLAGS_AT = 8,
    VMDK_STREAM_FLAGS = 3 << 16, /* grains are deflated, and behind markers */
};

static const struct {
    const char *lane;
    const char *formats[6];
} lanes[] = {
    {"import-image", {"vmdk", "vhd", "vhdx", "ova", "raw"}},
    {"import-snapshot", {"vmdk", "vhd", "raw"}},
};

static bool takes(const char *lane, const char *format)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(lanes); i++) {
        if (strcmp(lanes[i].lane, lane) != 0)
            continue;
        for (const char *const *at = lanes[i].formats; *at != NULL; at++)
            if (strcmp(*at, format) == 0)
                return true;
    }
    return false;
}

/* The descriptor alone may say anything. */
static int check_stream(struct sw_image *img, const char **why, struct sw_err *err)
{
    uint8_t flags[4] = {0};

    if (img->nr_others == 0 && sw_in_read(img->in, flags, sizeof(flags), VMDK_FLAGS_AT, err) < 0)
        return -1;
    if (strcmp(img->subformat, "streamOptimized") != 0 ||
        (le32_get(flags) & VMDK_STREAM_FLAGS) != VMDK_STREAM_FLAGS)
        *why = "VM Import takes no VMDK that is not streamOptimized";
    return 0;
}

/* VM Import compares the copy at the start of a dynamic disk with the footer. */
static int check_footers(struct sw_image *img, const char **why, struct sw_err *err)
{
    uint8_t head[VHD_FOOTER_BYTES], tail[VHD_FOOTER_BYTES];
    struct sw_in *in = img->in;

    if (strcmp(img->subformat, "dynamic") != 0)
        return 0;
    if (sw_in_read(in, head, sizeof(head), 0, err) < 0 ||
        sw_in_read(in, tail, sizeof(tail), in->size_bytes - sizeof(tail), err) < 0)
        return -1;
    if (memcmp(head, tail, sizeof(head)) != 0)
        *why = "its footer and the copy of it at its start differ, which VM Import refuses";
    return 0;
}

int sw_import_why_encode(const char *lane, struct sw_image *img, const char **why, struct sw_err *err)
{
    const char *format = img->format->name;

    *why = NULL;
    if (!takes(lane, format))
        *why = strcmp(lane, "ebs-direct") == 0 ? "EBS takes blocks of the disk"
                                               : "the lane takes no such format";
    else if (img->parent_name != NULL)
        *why = "it holds only what differs from its parent";
    else if (strcmp(format, "vmdk") == 0)
        return check_stream(img, why, err);
    else if ((strcmp(format, "vhd") == 0 || strcmp(format, "vhdx") == 0) && img->nr_warnings > 0)
        *why = img->warnings[0];
    else if (strcmp(format, "vhd") == 0)
        return check_footers(img, why, err);
    return 0;
}
