/* The two headers of a VHDX: the newer valid one counts. Checksums. */
#include "formats/vhdx/vhdx.h"
#include "src/base/endian.h"

#include <isa-l/crc.h>
#include <string.h>

uint32_t vhdx_crc(uint32_t crc, const void *bytes, size_t len)
{
    /* The library takes a pointer to what it does not change, and an int. */
    return ~crc32_iscsi((unsigned char *)(uintptr_t)bytes, (int)len, ~crc);
}

uint32_t vhdx_checksum(const void *bytes, size_t len, size_t skip)
{
    static const uint8_t zeros[4];
    uint32_t crc = vhdx_crc(0, bytes, skip);

    crc = vhdx_crc(crc, zeros, sizeof(zeros));
    return vhdx_crc(crc, (const uint8_t *)bytes + skip + 4, len - skip - 4);
}

struct copy {
    uint8_t bytes[VHDX_HEADER_BYTES];
    struct sw_err fault; /* why it is not valid; code SW_OK: it is */
};

static const struct vhdx_header *header_of(const struct copy *copy)
{
    return (const struct vhdx_header *)copy->bytes;
}

static int check_copy(const struct sw_in *in, const struct vhdx_header *header, uint64_t at,
                      struct sw_err *err)
{
    uint32_t sum = vhdx_checksum(header, VHDX_HEADER_BYTES, offsetof(struct vhdx_header, checksum));

    if (memcmp(header->signature, VHDX_HEADER_SIGNATURE, sizeof(header->signature)) != 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': no '%s' header at %llu", in->name, VHDX_HEADER_SIGNATURE,
                       (unsigned long long)at);
    if (le32_get(header->checksum) != sum)
        return sw_fail(err, SW_INTEGRITY, "'%s': bad checksum 0x%08x in the header at %llu (computed 0x%08x)",
                       in->name, le32_get(header->checksum), (unsigned long long)at, sum);
    if (le16_get(header->version) != VHDX_VERSION)
        return sw_fail(err, SW_REFUSED, "'%s': version %u in the header at %llu is not known", in->name,
                       le16_get(header->version), (unsigned long long)at);
    return 0;
}

static int read_copy(struct sw_in *in, struct copy *copy, uint64_t at, struct sw_err *err)
{
    copy->fault = (struct sw_err){.code = SW_OK};
    if (sw_in_read(in, copy->bytes, sizeof(copy->bytes), at, err) < 0)
        return -1;
    (void)!check_copy(in, header_of(copy), at, &copy->fault);
    return 0;
}

static int choose(const struct sw_in *in, const struct copy copies[2], const struct vhdx_header **chosen,
                  struct sw_err *err)
{
    const struct vhdx_header *first = header_of(&copies[0]), *second = header_of(&copies[1]);
    uint64_t a = le64_get(first->sequence), b = le64_get(second->sequence);
    bool a_valid = copies[0].fault.code == SW_OK, b_valid = copies[1].fault.code == SW_OK;

    if (!a_valid && !b_valid) {
        *err = copies[0].fault;
        return sw_context(err, "neither header is valid");
    }
    if (a_valid && b_valid && a == b && memcmp(&copies[0].bytes, &copies[1].bytes, VHDX_HEADER_BYTES) != 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': both headers have sequence number %llu, but they differ",
                       in->name, (unsigned long long)a);
    *chosen = b_valid && (!a_valid || b > a) ? second : first;
    return 0;
}

static int check_log_place(struct vhdx_image *vhdx, const struct vhdx_header *header, struct sw_err *err)
{
    uint64_t at = le64_get(header->log_offset);
    uint32_t bytes = le32_get(header->log_length);

    if (at % VHDX_MIB != 0 || at < VHDX_MIB || bytes % VHDX_MIB != 0)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': log offset %llu and log length %u in the header are not multiples of 1 MiB",
                       vhdx->base.in->name, (unsigned long long)at, bytes);
    if (at > vhdx->base.in->size_bytes || vhdx->base.in->size_bytes - at < bytes)
        return sw_fail(err, SW_INTEGRITY, "'%s' is truncated: a log of %u bytes at %llu, a file of %llu",
                       vhdx->base.in->name, bytes, (unsigned long long)at,
                       (unsigned long long)vhdx->base.in->size_bytes);
    vhdx->log_at = at;
    vhdx->log_bytes = bytes;
    return 0;
}

int vhdx_read_header(struct vhdx_image *vhdx, uint8_t log_guid[VHDX_GUID_BYTES], struct sw_err *err)
{
    static const uint8_t empty[VHDX_GUID_BYTES];
    struct sw_in *in = vhdx->base.in;
    struct copy copies[2];
    const struct vhdx_header *header = NULL;

    if (in->size_bytes < VHDX_MIB)
        return sw_fail(err, SW_INTEGRITY, "'%s' is truncated: %llu bytes, headers alone take 1 MiB", in->name,
                       (unsigned long long)in->size_bytes);
    if (read_copy(in, &copies[0], VHDX_HEADER_AT, err) < 0 ||
        read_copy(in, &copies[1], 2 * VHDX_HEADER_AT, err) < 0 || choose(in, copies, &header, err) < 0)
        return -1;
    memcpy(log_guid, header->log_guid, VHDX_GUID_BYTES);
    memcpy(vhdx->data_write_guid, header->data_write_guid, VHDX_GUID_BYTES);
    if (memcmp(log_guid, empty, VHDX_GUID_BYTES) != 0 && le16_get(header->log_version) != 0)
        return sw_fail(err, SW_REFUSED, "'%s': log version %u in the header is not known", in->name,
                       le16_get(header->log_version));
    return check_log_place(vhdx, header, err);
}
