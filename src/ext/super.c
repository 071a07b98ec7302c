/* Superblocks: the stamps and counts that a mount leaves in them. */
#include "src/base/ckd.h"
#include "src/base/endian.h"
#include "src/ext/ext_private.h"

#include <string.h>

static void put_time(uint8_t *super, unsigned at, unsigned high_at, int64_t epoch)
{
    le32_put(super + at, (uint32_t)epoch);
    super[high_at] = (uint8_t)((uint64_t)epoch >> 32);
}

static void normalise(const struct ext *ext, uint8_t *super)
{
    int64_t checked = le32_get(super + SUPER_LASTCHECK) | (int64_t)super[SUPER_LASTCHECK_HI] << 32;

    put_time(super, SUPER_MTIME, SUPER_MTIME_HI, ext->epoch);
    put_time(super, SUPER_WTIME, SUPER_WTIME_HI, ext->epoch);
    if (checked > ext->epoch)
        put_time(super, SUPER_LASTCHECK, SUPER_LASTCHECK_HI, ext->epoch);
    le16_put(super + SUPER_MNT_COUNT, 0);
    le64_put(super + SUPER_KBYTES_WRITTEN, 0);
    if (ext->csum)
        le32_put(super + SUPER_CHECKSUM, ext_lib_crc32c(super, SUPER_CHECKSUM));
}

static int pass_super(struct ext *ext, uint64_t at, struct sw_err *err)
{
    uint8_t super[EXT_SUPER_BYTES], before[EXT_SUPER_BYTES];

    if (patch_read(ext->patch, super, sizeof(super), at, err) < 0 ||
        patch_read_parent(ext->patch, before, sizeof(before), at, err) < 0)
        return -1;
    if (memcmp(super, before, sizeof(super)) == 0)
        return 0;
    if (le16_get(super + SUPER_MAGIC) != EXT_MAGIC ||
        (ext->csum && le32_get(super + SUPER_CHECKSUM) != ext_lib_crc32c(super, SUPER_CHECKSUM)))
        return sw_fail(err, SW_INTEGRITY, "a copy of its superblock is damaged");
    memcpy(before, super, sizeof(super));
    normalise(ext, super);
    return memcmp(before, super, sizeof(super)) == 0 ? 0
                                                     : patch_write(ext->patch, super, sizeof(super), at, err);
}

int ext_pass_supers(struct ext *ext, struct sw_err *err)
{
    for (uint32_t group = 0; group < ext->nr_groups; group++) {
        uint64_t block = ext->first_block + (uint64_t)group * ext->blocks_per_group;
        uint64_t at = group == 0 ? EXT_SUPER_AT : block * ext->block_bytes, len = EXT_SUPER_BYTES;
        bool holds;

        if (!ext_lib_has_super(ext, group))
            continue;
        /* Mounting changes the first, resizing the others, too. */
        if (patch_run(ext->patch, at, &len, &holds, err) < 0 || (holds && pass_super(ext, at, err) < 0))
            return -1;
    }
    return 0;
}
