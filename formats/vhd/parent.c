/* A differencing VHD's parent: the name from its locators, opened only by the caller's resolver. */
#include "formats/vhd/vhd.h"
#include "src/base/buf.h"
#include "src/base/endian.h"

#include <string.h>

/* A path in a locator is at most this long, in UTF-16 code units. */
enum { NAME_MAX_UNITS = 1024 };

/* A locator's path; UTF-16, little endian, unlike all else in the file. */
static char *locator_name(struct vhd_image *vhd, const struct vhd_locator *locator, struct sw_err *err)
{
    uint8_t bytes[2 * NAME_MAX_UNITS];
    uint16_t units[NAME_MAX_UNITS];
    uint32_t len = be32_get(locator->data_length);

    if (len > sizeof(bytes)) {
        sw_fail(err, SW_INTEGRITY, "'%s': a parent locator of %u bytes; at most %zu are taken",
                vhd->base.in->name, len, sizeof(bytes));
        return NULL;
    }
    if (sw_in_read(vhd->base.in, bytes, len, be64_get(locator->data_offset), err) < 0)
        return NULL;
    for (uint32_t i = 0; i < len / 2; i++)
        units[i] = le16_get(bytes + (size_t)i * 2);
    return sw_utf16_to_utf8(units, len / 2, err);
}

static char *header_name(const struct vhd_header *header, struct sw_err *err)
{
    uint16_t units[VHD_PARENT_NAME_UNITS];

    for (size_t i = 0; i < VHD_PARENT_NAME_UNITS; i++)
        units[i] = be16_get(header->parent_name + 2 * i);
    return sw_utf16_to_utf8(units, VHD_PARENT_NAME_UNITS, err);
}

/* By the relative path when there is one, then the absolute one, then the bare name of the header. */
static char *parent_name(struct vhd_image *vhd, const struct vhd_header *header, struct sw_err *err)
{
    static const char platforms[][5] = {"W2ru", "W2ku"};
    char *name;

    for (size_t p = 0; p < SW_ARRAY_LEN(platforms); p++)
        for (size_t i = 0; i < VHD_LOCATORS; i++)
            if (memcmp(header->locators[i].platform, platforms[p], 4) == 0) {
                name = locator_name(vhd, &header->locators[i], err);
                return name != NULL ? sw_portable_name(name, p == 0) : NULL;
            }
    name = header_name(header, err);
    return name != NULL ? sw_portable_name(name, false) : NULL;
}

static int check_parent(struct vhd_image *vhd, const struct vhd_header *header, struct sw_err *err)
{
    struct sw_image *parent = vhd->base.parent;
    const char *name = vhd->parent_name;

    if (parent->format != &sw_format_vhd)
        return sw_fail(err, SW_INTEGRITY, "'%s': its parent '%s' is %s, not vhd", vhd->base.in->name, name,
                       parent->format->name);
    if (memcmp(vhd_of(parent)->uuid, header->parent_uuid, sizeof(header->parent_uuid)) != 0)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': '%s' is not the parent it was made over: its identifier differs",
                       vhd->base.in->name, name);
    return 0;
}

int vhd_open_parent(struct vhd_image *vhd, const struct vhd_header *header, const struct sw_open_opts *opts,
                    struct sw_err *err)
{
    vhd->parent_name = parent_name(vhd, header, err);
    if (vhd->parent_name == NULL)
        return -1;
    vhd->base.parent_name = vhd->parent_name;
    vhd->base.parent_format = sw_format_vhd.name;
    if (opts->top_only)
        return 0;
    if (opts->parents == NULL)
        return sw_fail(err, SW_REFUSED,
                       "'%s' is a differencing disk over '%s': without its parent its content is not known",
                       vhd->base.in->name, vhd->parent_name);
    if (opts->parents->open(opts->parents, vhd->parent_name, sw_format_vhd.name, &vhd->base.parent, err) < 0)
        return sw_context(err, "parent of '%s'", vhd->base.in->name);
    return check_parent(vhd, header, err);
}
