/* The descriptor of a new VMDK: the same text for the same disk. */
#include "formats/vmdk/vmdk.h"
#include "src/base/ckd.h"
#include "src/base/digest.h"
#include "src/base/endian.h"

enum { HEADS = 255, TRACK_SECTORS = 63, CYLINDERS_MAX = 65535 };

/* The content is not known when the descriptor is written: the identifiers come from size and stamp. */
static int make_ids(uint64_t size_bytes, int64_t epoch, char hex[33], struct sw_err *err)
{
    uint8_t seed[16], digest[SW_SHA256_BYTES];

    le64_put(seed, size_bytes);
    le64_put(seed + 8, (uint64_t)epoch);
    if (sw_sha256(seed, sizeof(seed), digest, err) < 0)
        return -1;
    digest[12] &= 0x7f; /* ffffffff means "none", and fffffffe has a meaning too */
    sw_hex(digest, 16, hex);
    return 0;
}

int vmdk_describe(const struct vmdk_shape *shape, int64_t epoch, struct sw_buf *out, struct sw_err *err)
{
    uint64_t sectors = shape->size_bytes / SW_SECTOR_BYTES;
    uint64_t cylinders = sw_min_u64(sw_max_u64(sectors / (HEADS * TRACK_SECTORS), 1), CYLINDERS_MAX);
    char id[33];

    if (make_ids(shape->size_bytes, epoch, id, err) < 0)
        return -1;
    return sw_buf_printf(out, err,
                         "# Disk DescriptorFile\n"
                         "version=1\n"
                         "CID=%s\n"
                         "parentCID=ffffffff\n"
                         "createType=\"%s\"\n"
                         "\n"
                         "# Extent description\n"
                         "%s %llu SPARSE \"%s\"\n"
                         "\n"
                         "# The Disk Data Base\n"
                         "#DDB\n"
                         "\n"
                         "ddb.adapterType = \"lsilogic\"\n"
                         "ddb.geometry.cylinders = \"%llu\"\n"
                         "ddb.geometry.heads = \"%d\"\n"
                         "ddb.geometry.sectors = \"%d\"\n"
                         "ddb.longContentID = \"%s\"\n"
                         "ddb.toolsVersion = \"2147483647\"\n"
                         "ddb.virtualHWVersion = \"4\"\n",
                         id + 24, shape->create_type, shape->access, (unsigned long long)sectors,
                         shape->extent_name, (unsigned long long)cylinders, HEADS, TRACK_SECTORS, id);
}
