/* Parsing the header of a message. */
#include "src/seal/header.h"

#include "src/base/ckd.h"

#include <string.h>

/* The suites that the format knows and slipway does not open, by the names that the SDKs use. */
static const struct {
    uint16_t id;
    const char *name;
} other_suites[] = {
    {0x0014, "AES_128_GCM_IV12_TAG16"},
    {0x0046, "AES_192_GCM_IV12_TAG16"},
    {0x0078, "AES_256_GCM_IV12_TAG16"},
    {0x0114, "AES_128_GCM_IV12_TAG16_HKDF_SHA256"},
    {0x0146, "AES_192_GCM_IV12_TAG16_HKDF_SHA256"},
    {0x0178, "AES_256_GCM_IV12_TAG16_HKDF_SHA256"},
    {0x0214, "AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256"},
    {0x0346, "AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384"},
    {0x0378, "AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384"},
    {0x0578, "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384"},
};

static int refuse_suite(uint16_t id, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(other_suites); i++)
        if (other_suites[i].id == id)
            return sw_fail(
                err, SW_INTEGRITY,
                "its suite is 0x%04x (%s); only 0x0478 (AES_256_GCM_HKDF_SHA512_COMMIT_KEY) is opened", id,
                other_suites[i].name);
    return sw_fail(err, SW_INTEGRITY, "its suite 0x%04x at offset 1 is unknown", id);
}

/* In a version 1 message the suite follows the type byte. */
static int parse_start(struct seal_header *header, struct seal_wire *wire, struct sw_err *err)
{
    uint8_t version = seal_wire_u8(wire);
    struct seal_view id;
    uint16_t suite;

    if (version == 1 && wire->len >= 4 && seal_wire_u8(wire) == 0x80)
        return refuse_suite(seal_wire_u16(wire), err);
    if (version != SEAL_VERSION)
        return sw_fail(err, SW_INTEGRITY, "it is no Encryption SDK message: version %u at offset 0", version);
    suite = seal_wire_u16(wire);
    if (!wire->ended && suite != SEAL_SUITE)
        return refuse_suite(suite, err);
    id = seal_wire_take(wire, SEAL_ID_BYTES);
    if (id.len > 0)
        memcpy(header->message_id, id.bytes, SEAL_ID_BYTES);
    return 0;
}

static int parse_context(struct seal_header *header, struct seal_wire *wire, struct sw_err *err)
{
    struct seal_view aad = seal_wire_field(wire);

    return wire->ended ? 0 : seal_context_parse(&header->context, aad.bytes, aad.len, err);
}

static int parse_edks(struct seal_header *header, struct seal_wire *wire, struct sw_err *err)
{
    size_t at = wire->at;
    uint16_t n = seal_wire_u16(wire);

    if (wire->ended)
        return 0;
    if (n == 0 || n > SW_SEAL_KEYS_MAX)
        return sw_fail(err, SW_INTEGRITY, "it has %u encrypted data keys at offset %zu; 1 to %d are allowed",
                       n, at, SW_SEAL_KEYS_MAX);
    for (; header->nr_edks < n; header->nr_edks++) {
        struct seal_edk *edk = &header->edks[header->nr_edks];

        edk->provider = seal_wire_field(wire);
        edk->info = seal_wire_field(wire);
        edk->wrapped = seal_wire_field(wire);
    }
    return 0;
}

static int parse_body_format(struct seal_header *header, struct seal_wire *wire, struct sw_err *err)
{
    size_t at = wire->at;
    struct seal_view commitment;

    header->content_type = seal_wire_u8(wire);
    header->frame_bytes = seal_wire_u32(wire);
    commitment = seal_wire_take(wire, SEAL_COMMITMENT_BYTES);
    if (wire->ended)
        return 0;
    memcpy(header->commitment, commitment.bytes, SEAL_COMMITMENT_BYTES);
    if (header->content_type != SEAL_CONTENT_FRAMED && header->content_type != SEAL_CONTENT_SINGLE)
        return sw_fail(err, SW_INTEGRITY, "its content type is %u at offset %zu", header->content_type, at);
    if ((header->content_type == SEAL_CONTENT_SINGLE) != (header->frame_bytes == 0))
        return sw_fail(err, SW_INTEGRITY, "its frame length is %u at offset %zu for content type %u",
                       header->frame_bytes, at + 1, header->content_type);
    if (header->frame_bytes > SW_SEAL_FRAME_BYTES_MAX)
        return sw_fail(err, SW_INTEGRITY, "its frame length is %u at offset %zu; at most %d is allowed",
                       header->frame_bytes, at + 1, SW_SEAL_FRAME_BYTES_MAX);
    return 0;
}

static int parse(struct seal_header *header, size_t len, struct sw_err *err)
{
    struct seal_wire wire = {.bytes = header->bytes, .len = len};

    if (parse_start(header, &wire, err) < 0 || parse_context(header, &wire, err) < 0 ||
        parse_edks(header, &wire, err) < 0 || parse_body_format(header, &wire, err) < 0)
        return -1;
    header->body_len = wire.at;
    (void)seal_wire_take(&wire, SEAL_HEADER_TAG);
    if (!wire.ended)
        return 0;
    if (len == SEAL_HEADER_MAX)
        return sw_fail(err, SW_INTEGRITY, "its header is larger than %d bytes", SEAL_HEADER_MAX);
    return sw_fail(err, SW_INTEGRITY, "it ends within its header, after %zu bytes", len);
}

int seal_header_parse(struct seal_header *header, const uint8_t *bytes, size_t len, struct sw_err *err)
{
    if (len > SEAL_HEADER_MAX)
        len = SEAL_HEADER_MAX;
    *header = (struct seal_header){.bytes = sw_calloc(1, len + 1, err)};
    if (header->bytes == NULL)
        return -1;
    if (len > 0)
        memcpy(header->bytes, bytes, len);
    return parse(header, len, err);
}

int seal_header_read(struct seal_header *header, struct sw_in *in, struct sw_err *err)
{
    size_t len = (size_t)sw_min_u64(in->size_bytes, SEAL_HEADER_MAX);

    *header = (struct seal_header){.bytes = sw_calloc(1, len + 1, err)};
    if (header->bytes == NULL || sw_in_read(in, header->bytes, len, 0, err) < 0)
        return -1;
    return parse(header, len, err);
}

void seal_header_free(struct seal_header *header)
{
    free(header->bytes);
    seal_context_free(&header->context);
    *header = (struct seal_header){.bytes = NULL};
}

bool sw_seal_probe(const uint8_t *head, size_t len)
{
    if (len < SW_SEAL_PROBE_BYTES)
        return false;
    if (head[0] == SEAL_VERSION)
        return (head[1] == 0x04 || head[1] == 0x05) && head[2] == 0x78;
    return head[0] == 1 && head[1] == 0x80 && head[2] <= 0x03;
}
