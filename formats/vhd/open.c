/* Opening a VHD: footer, its copy, the size rule. */
#include "formats/vhd/vhd.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

static bool has_cookie(const struct vhd_footer *footer)
{
    return memcmp(footer->cookie, VHD_FOOTER_COOKIE, sizeof(footer->cookie)) == 0;
}

static int check_footer_sum(const struct sw_in *in, const struct vhd_footer *footer, const char *what,
                            uint64_t at, struct sw_err *err)
{
    uint32_t want = vhd_checksum(footer, sizeof(*footer), offsetof(struct vhd_footer, checksum));
    uint32_t got = be32_get(footer->checksum);

    if (got != want)
        return sw_fail(err, SW_INTEGRITY, "'%s': bad checksum 0x%08x in the %s at %llu (computed 0x%08x)",
                       in->name, got, what, (unsigned long long)at, want);
    return 0;
}

/* The footer at the file's end, of 512 bytes or of Virtual PC's old 511. */
static int read_footer(struct sw_in *in, struct vhd_footer *footer, uint64_t *at, struct sw_err *err)
{
    static const size_t lengths[] = {VHD_FOOTER_BYTES, VHD_OLD_FOOTER_BYTES};

    for (size_t i = 0; i < SW_ARRAY_LEN(lengths); i++) {
        if (in->size_bytes < lengths[i])
            continue;
        memset(footer, 0, sizeof(*footer));
        *at = in->size_bytes - lengths[i];
        if (sw_in_read(in, footer, lengths[i], *at, err) < 0)
            return -1;
        if (has_cookie(footer))
            return check_footer_sum(in, footer, "footer", *at, err);
    }
    return sw_fail(err, SW_INTEGRITY, "'%s' is truncated: it has no VHD footer at its end (%llu bytes)",
                   in->name, (unsigned long long)in->size_bytes);
}

/* A dynamic disk that lost its end has the copy at its start. */
static bool take_copy(struct sw_in *in, struct vhd_footer *footer, uint64_t *at)
{
    struct sw_err err = {.code = SW_OK};

    *at = in->size_bytes;
    return sw_in_read(in, footer, sizeof(*footer), 0, &err) == 0 && has_cookie(footer) &&
           check_footer_sum(in, footer, "footer's copy", 0, &err) == 0 &&
           be32_get(footer->disk_type) != VHD_FIXED;
}

/* The copy at the start must say the same: a difference means that one of them is stale. */
static int check_copy(struct sw_in *in, const struct vhd_footer *footer, struct sw_err *err)
{
    struct vhd_footer copy;

    if (sw_in_read(in, &copy, sizeof(copy), 0, err) < 0)
        return -1;
    if (!has_cookie(&copy))
        return sw_fail(err, SW_INTEGRITY, "'%s': no copy of the footer at 0", in->name);
    if (check_footer_sum(in, &copy, "footer's copy", 0, err) < 0)
        return -1;
    if (memcmp(copy.data_offset, footer->data_offset, 8) != 0 ||
        memcmp(copy.current_size, footer->current_size, 8) != 0 ||
        memcmp(copy.disk_type, footer->disk_type, 4) != 0)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': footer and its copy at 0 differ in data offset, current size or disk type",
                       in->name);
    return 0;
}

/*
 * Virtual PC and old qemu showed guests the product of the geometry, everybody else the current size. The
 * largest geometry stands for "too large to say".
 */
static uint64_t size_of(struct sw_image *img, const struct vhd_footer *footer)
{
    uint64_t current = be64_get(footer->current_size);
    uint32_t cylinders = be16_get(footer->cylinders);
    uint64_t chs = (uint64_t)cylinders * footer->heads[0] * footer->sectors[0] * SW_SECTOR_BYTES;
    bool by_chs = memcmp(footer->creator_app, "vpc ", 4) == 0 || memcmp(footer->creator_app, "qemu", 4) == 0;
    bool largest = cylinders == 65535 && footer->heads[0] == 16 && footer->sectors[0] == 255;

    if (!by_chs || largest || chs == 0 || chs >= current)
        return current;
    sw_image_warn(img, "size by geometry, as its creator '%.4s' meant it: %llu; current size says %llu",
                  (const char *)footer->creator_app, (unsigned long long)chs, (unsigned long long)current);
    return chs;
}

static int check_fields(const struct sw_in *in, const struct vhd_footer *footer, uint64_t at,
                        struct sw_err *err)
{
    uint32_t type = be32_get(footer->disk_type), version = be32_get(footer->version);
    uint64_t size = be64_get(footer->current_size);

    if (version >> 16 != VHD_VERSION >> 16)
        return sw_fail(err, SW_INTEGRITY, "'%s': version 0x%08x in the footer at %llu is not known", in->name,
                       version, (unsigned long long)at);
    if (type != VHD_FIXED && type != VHD_DYNAMIC && type != VHD_DIFFERENCING)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': disk type %u in the footer at %llu is not known (2 fixed, 3 dynamic, 4 "
                       "differencing)",
                       in->name, type, (unsigned long long)at);
    if (size == 0 || size % SW_SECTOR_BYTES != 0)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': current size %llu in the footer at %llu is not whole sectors", in->name,
                       (unsigned long long)size, (unsigned long long)at);
    return 0;
}

static int open_fixed(struct vhd_image *vhd, struct sw_err *err)
{
    struct sw_in *in = vhd->base.in;

    vhd->base.subformat = "fixed";
    if (vhd->base.size_bytes > vhd->data_end)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s' is truncated: a fixed disk of %llu bytes, %llu before its footer", in->name,
                       (unsigned long long)vhd->base.size_bytes, (unsigned long long)vhd->data_end);
    return 0;
}

static int open_blocks(struct vhd_image *vhd, const struct vhd_footer *footer,
                       const struct sw_open_opts *opts, struct sw_err *err)
{
    struct vhd_header header;

    vhd->base.subformat = vhd->type == VHD_DYNAMIC ? "dynamic" : "differencing";
    vhd->header_at = be64_get(footer->data_offset);
    if (check_copy(vhd->base.in, footer, err) < 0 || vhd_load_blocks(vhd, &header, err) < 0)
        return -1;
    if (vhd->type == VHD_DYNAMIC)
        return 0;
    return vhd_open_parent(vhd, &header, opts, err);
}

static int open_into(struct vhd_image *vhd, struct sw_in *in, const struct sw_open_opts *opts,
                     struct sw_err *err)
{
    struct vhd_footer footer;
    uint64_t at = 0;
    bool copied = false;

    if (read_footer(in, &footer, &at, err) < 0 && !(copied = opts->salvage && take_copy(in, &footer, &at)))
        return -1;
    if (check_fields(in, &footer, copied ? 0 : at, err) < 0)
        return -1;
    vhd->base = (struct sw_image){
        .format = &sw_format_vhd, .in = in, .unit_bytes = VHD_UNIT_BYTES, .salvage = opts->salvage};
    if (copied)
        sw_image_warn(&vhd->base, "it has no good footer at its end: its copy at 0 is taken");
    vhd->type = (enum vhd_type)be32_get(footer.disk_type);
    vhd->data_end = at;
    memcpy(vhd->uuid, footer.uuid, sizeof(vhd->uuid));
    vhd->base.size_bytes = size_of(&vhd->base, &footer);
    if (sw_check_virtual_size(in, vhd->base.size_bytes, opts, err) < 0)
        return -1;
    if (footer.saved_state[0] != 0)
        sw_image_warn(&vhd->base, "the virtual machine was suspended: its memory is not part of the disk");
    return vhd->type == VHD_FIXED ? open_fixed(vhd, err) : open_blocks(vhd, &footer, opts, err);
}

int vhd_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out, struct sw_err *err)
{
    struct vhd_image *vhd = sw_calloc(1, sizeof(*vhd), err);

    if (vhd == NULL)
        return -1;
    if (open_into(vhd, in, opts, err) < 0) {
        sw_image_close(vhd->base.parent);
        free(vhd->bat);
        free(vhd->parent_name);
        free(vhd);
        return -1;
    }
    *out = &vhd->base;
    return 0;
}
