/* What a partition, or a disk without partitions, holds: told by magic bytes. */
#include "src/preflight/content.h"

#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/preflight/ntfs.h"

#include <stdio.h>
#include <string.h>

enum {
    HEAD_BYTES = 68 << 10, /* reaches btrfs' super block */
    EXT_AT = 1024,
    BTRFS_AT = 64 << 10,
    MD_OLD_ALIGN = 64 << 10,
};

struct magic {
    const char *kind;
    uint32_t at;
    uint8_t len;
    const char *bytes;
};

/* In the order in which they are believed: what wraps other things comes first. */
static const struct magic magics[] = {
    {"LUKS", 0, 6, "LUKS\xba\xbe"},
    {"BitLocker", 3, 8, "-FVE-FS-"},
    {"LVM2", 512, 8, "LABELONE"},
    {"LVM2", 0, 8, "LABELONE"},
    {"LVM2", 1024, 8, "LABELONE"},
    {"LVM2", 1536, 8, "LABELONE"},
    {"md", 4096, 4, "\xfc\x4e\x2b\xa9"},
    {"md", 0, 4, "\xfc\x4e\x2b\xa9"},
    {"btrfs", BTRFS_AT + 64, 8, "_BHRfS_M"},
    {"xfs", 0, 4, "XFSB"},
    {"ext", EXT_AT + 56, 2, "\x53\xef"},
    {"jfs", 32768, 4, "JFS1"},
    {"f2fs", 1024, 4, "\x10\x20\xf5\xf2"},
    {"reiserfs", 65536 + 52, 8, "ReIsEr2F"},
    {"reiserfs", 65536 + 52, 8, "ReIsErFs"},
    {"ntfs", 3, 8, "NTFS    "},
    {"exfat", 3, 8, "EXFAT   "},
    {"refs", 3, 8, "ReFS\0\0\0\0"},
    {"swap", 4086, 10, "SWAPSPACE2"},
    {"swap", 65526, 10, "SWAPSPACE2"},
    {"hibernation", 4086, 9, "S1SUSPEND"},
    {"hibernation", 4086, 9, "LINHIB000"},
    {"squashfs", 0, 4, "hsqs"},
    {"iso9660", 32769, 5, "CD001"},
    {"vfat", 82, 5, "FAT32"},
    {"vfat", 54, 5, "FAT16"},
    {"vfat", 54, 5, "FAT12"},
};

static void uuid_text(const uint8_t *raw, char out[40])
{
    snprintf(out, 40, "%08x-%04x-%04x-%04x-%08x%04x", be32_get(raw), be16_get(raw + 4), be16_get(raw + 6),
             be16_get(raw + 8), be32_get(raw + 10), be16_get(raw + 14));
}

static void label_text(const uint8_t *raw, size_t len, char *out)
{
    memcpy(out, raw, len);
    out[len] = '\0';
}

/* The features say which of the three it is, the state whether it was unmounted. */
static void tell_ext(const uint8_t *super, struct content *out)
{
    uint32_t compat = le32_get(super + 92), incompat = le32_get(super + 96), ro = le32_get(super + 100);
    bool recover = (incompat & 0x4) != 0, valid = (le16_get(super + 58) & 1) != 0;
    bool failed = (le16_get(super + 58) & 2) != 0;

    out->kind = (incompat & ~UINT32_C(0x16)) != 0 || (ro & ~UINT32_C(0x7)) != 0 ? "ext4"
                : (compat & 0x4) != 0                                           ? "ext3"
                                                                                : "ext2";
    out->state = recover || !valid || failed ? CONTENT_DIRTY : CONTENT_CLEAN;
    uuid_text(super + 104, out->uuid);
    label_text(super + 120, 16, out->label);
}

/* FAT32 has them further on than the older two. */
static void tell_fat(const uint8_t *head, struct content *out)
{
    uint32_t at = memcmp(head + 82, "FAT32", 5) == 0 ? 67 : 39, serial = le32_get(head + at);

    snprintf(out->uuid, sizeof(out->uuid), "%04X-%04X", serial >> 16, serial & 0xffff);
    if (memcmp(head + at + 4, "NO NAME    ", 11) == 0)
        return;
    label_text(head + at + 4, 11, out->label);
    for (size_t n = strlen(out->label); n > 0 && out->label[n - 1] == ' '; n--)
        out->label[n - 1] = '\0';
}

static int tell_more(const struct span *span, const uint8_t *head, struct content *out, struct sw_err *err)
{
    if (strcmp(out->kind, "ext") == 0) {
        tell_ext(head + EXT_AT, out);
    } else if (strcmp(out->kind, "xfs") == 0) {
        uuid_text(head + 32, out->uuid);
        label_text(head + 108, 12, out->label);
    } else if (strcmp(out->kind, "btrfs") == 0) {
        uuid_text(head + BTRFS_AT + 32, out->uuid);
        label_text(head + BTRFS_AT + 299, 64, out->label);
    } else if (strcmp(out->kind, "swap") == 0) {
        uuid_text(head + 1036, out->uuid);
        label_text(head + 1052, 16, out->label);
    } else if (strcmp(out->kind, "ntfs") == 0) {
        return ntfs_tell(span, head, out, err);
    } else if (strcmp(out->kind, "vfat") == 0) {
        tell_fat(head, out);
    }
    return 0;
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* md's older super blocks lie at the end: 1.0 eight KiB before it, 0.90 in the last 64 KiB. */
static int md_at_end(const struct span *span, bool *found, struct sw_err *err)
{
    static const uint8_t magic[] = {0xfc, 0x4e, 0x2b, 0xa9};
    uint8_t bytes[4];
    uint64_t at;

    *found = false;
    if (span->len < 2 * MD_OLD_ALIGN)
        return 0;
    at = ((span->len >> 9) - 16) / 8 * 8 * SW_SECTOR_BYTES;
    if (span_read(span, bytes, sizeof(bytes), at, err) < 0)
        return -1;
    *found = memcmp(bytes, magic, sizeof(magic)) == 0;
    at = span->len / MD_OLD_ALIGN * MD_OLD_ALIGN - MD_OLD_ALIGN;
    if (!*found && span_read(span, bytes, sizeof(bytes), at, err) < 0)
        return -1;
    *found = *found || memcmp(bytes, magic, sizeof(magic)) == 0;
    return 0;
}

int content_read(const struct span *span, struct content *out, struct sw_err *err)
{
    SW_AUTO_FREE uint8_t *head = sw_calloc(1, HEAD_BYTES, err);
    bool member = false;

    *out = (struct content){.kind = "unknown"};
    if (head == NULL || span_peek(span, head, HEAD_BYTES, 0, err) < 0 || md_at_end(span, &member, err) < 0)
        return -1;
    if (all_zero(head, HEAD_BYTES))
        out->kind = "empty";
    for (size_t i = 0; i < SW_ARRAY_LEN(magics); i++) {
        const struct magic *m = &magics[i];

        if (memcmp(head + m->at, m->bytes, m->len) == 0) {
            out->kind = m->kind;
            break;
        }
    }
    /* A mirror's halves look like the file system in it. */
    if (member)
        *out = (struct content){.kind = "md"};
    return tell_more(span, head, out, err);
}
