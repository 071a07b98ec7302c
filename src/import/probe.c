/* Which of VM Import's container formats an input is, by its magic. */
#include "slipway/import.h"

#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"

#include <string.h>

enum {
    HEAD_BYTES = 512,
    VHD_FOOTER_BYTES = 512,
    VMDK_FLAGS_AT = 8,
    VMDK_COMPRESSED = 1 << 16, /* grains are deflated */
    VMDK_MARKERS = 1 << 17,
};

static const struct {
    const char *format; /* NULL: known, but VM Import does not take it */
    const char *name;
    size_t at;
    const char *magic;
} magics[] = {
    {"VMDK", "VMDK", 0, "KDMV"},  {"VHD", "VHD", 0, "conectix"}, {"VHDX", "VHDX", 0, "vhdxfile"},
    {"OVA", "OVA", 257, "ustar"}, {NULL, "qcow2", 0, "QFI\xfb"}, {NULL, "VMDK descriptor", 0, "# Disk Desc"},
};

static int check_vmdk(const struct sw_in *in, const uint8_t *head, struct sw_err *err)
{
    uint32_t flags = le32_get(head + VMDK_FLAGS_AT);

    if ((flags & VMDK_COMPRESSED) != 0 && (flags & VMDK_MARKERS) != 0)
        return 0;
    return sw_fail(
        err, SW_REFUSED,
        "'%s' is a VMDK that is not stream-optimized (flags 0x%x at offset %d), and VM Import takes no "
        "other; try: slipway convert -O vmdk",
        in->name, flags, VMDK_FLAGS_AT);
}

/* A fixed VHD has its magic in the last 512 bytes only. */
static int probe_footer(struct sw_in *in, const char **format, struct sw_err *err)
{
    uint8_t cookie[8];

    if (in->size_bytes < VHD_FOOTER_BYTES)
        return 0;
    if (sw_in_read(in, cookie, sizeof(cookie), in->size_bytes - VHD_FOOTER_BYTES, err) < 0)
        return -1;
    if (memcmp(cookie, "conectix", 8) == 0)
        *format = "VHD";
    return 0;
}

int sw_import_probe(struct sw_in *in, const char **format, struct sw_err *err)
{
    uint8_t head[HEAD_BYTES] = {0};

    *format = NULL;
    if (sw_in_read(in, head, (size_t)sw_min_u64(sizeof(head), in->size_bytes), 0, err) < 0)
        return -1;
    for (size_t i = 0; i < SW_ARRAY_LEN(magics); i++) {
        if (memcmp(head + magics[i].at, magics[i].magic, strlen(magics[i].magic)) != 0)
            continue;
        *format = magics[i].format;
        if (*format == NULL)
            return sw_fail(err, SW_REFUSED,
                           "'%s' is a %s, which VM Import does not take; try: slipway convert -O vmdk",
                           in->name, magics[i].name);
        return strcmp(*format, "VMDK") == 0 ? check_vmdk(in, head, err) : 0;
    }
    return probe_footer(in, format, err);
}
