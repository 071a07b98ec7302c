/* The header of an ESX sparse extent (COWD, also vmfsSparse): grains of any size, tables of 4096 entries. */
#include "formats/vmdk/vmdk.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

enum {
    COWD_VERSION = 1,
    COWD_FLAGS = 3,           /* a root has the first bit, and both are set in all known files */
    COWD_GRAIN_SECTORS = 2048 /* the largest taken; 1 is usual */
};

#define FIELD_AT(field) offsetof(struct vmdk_cowd_header, field)

static uint64_t directory_entries(const struct vmdk_sparse *sparse)
{
    return sw_div_up(sparse->size_bytes, (uint64_t)sparse->grain_bytes * VMDK_COWD_GTES);
}

static int check_fields(const struct sw_in *in, const struct vmdk_cowd_header *h, struct sw_err *err)
{
    uint32_t version = le32_get(h->version), flags = le32_get(h->flags);
    uint32_t capacity = le32_get(h->capacity), grain = le32_get(h->grain_size);

    if (version != COWD_VERSION)
        return vmdk_bad_field(in, "version", version, FIELD_AT(version), "is not known", err);
    if (flags != COWD_FLAGS)
        return vmdk_bad_field(in, "flags", flags, FIELD_AT(flags), "are not known", err);
    if (capacity == 0)
        return vmdk_bad_field(in, "capacity", capacity, FIELD_AT(capacity), "leaves no disk", err);
    if (!sw_is_pow2(grain) || grain > COWD_GRAIN_SECTORS)
        return vmdk_bad_field(in, "grain size", grain, FIELD_AT(grain_size),
                              "is not a power of two from 1 to 2048", err);
    return 0;
}

int vmdk_read_cowd(struct sw_in *in, struct vmdk_sparse *out, struct sw_err *err)
{
    struct vmdk_cowd_header header;
    uint32_t entries;

    if (sw_in_read(in, &header, sizeof(header), 0, err) < 0)
        return -1;
    if (memcmp(header.magic, VMDK_COWD_MAGIC, 4) != 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': no '%s' header at 0", in->name, VMDK_COWD_MAGIC);
    if (check_fields(in, &header, err) < 0)
        return -1;
    *out = (struct vmdk_sparse){
        .in = in,
        .size_bytes = (uint64_t)le32_get(header.capacity) * SW_SECTOR_BYTES,
        .grain_bytes = le32_get(header.grain_size) * SW_SECTOR_BYTES,
        .gtes_per_gt = VMDK_COWD_GTES,
        .gd_offset = le32_get(header.gd_offset),
    };
    entries = le32_get(header.nr_gd_entries);
    if (entries < directory_entries(out))
        return vmdk_bad_field(in, "directory entries", entries, FIELD_AT(nr_gd_entries),
                              "are too few for the capacity", err);
    if (out->gd_offset < sizeof(header) / SW_SECTOR_BYTES)
        return vmdk_bad_field(in, "directory offset", out->gd_offset, FIELD_AT(gd_offset),
                              "lies within the header", err);
    out->overhead = out->gd_offset + sw_div_up(directory_entries(out) * 4, SW_SECTOR_BYTES);
    return 0;
}
