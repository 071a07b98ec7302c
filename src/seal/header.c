/* Parsing the header of a message. */
#include "src/seal/header.h"

#include "src/base/ckd.h"

#include <string.h>

enum { TYPE_CUSTOMER_DATA = 0x80 };

static int check_suite(struct seal_header *header, uint8_t version, uint16_t id, struct sw_err *err)
{
    header->suite = seal_suite_find(id);
    if (header->suite == NULL)
        return sw_fail(err, SW_INTEGRITY, "its suite 0x%04x at offset %d is unknown", (unsigned)id,
                       version == SEAL_VERSION_1 ? 2 : 1);
    if (header->suite->version != version)
        return sw_fail(err, SW_INTEGRITY, "its suite 0x%04x (%s) is none of version %u", (unsigned)id,
                       header->suite->name, version);
    return 0;
}

/* Version, suite and message id; in version 1 a type byte precedes the suite. */
static int parse_start(struct seal_header *header, struct seal_wire *wire, struct sw_err *err)
{
    uint8_t version = seal_wire_u8(wire);
    struct seal_view id;
    uint16_t suite;

    if (version != SEAL_VERSION_1 && version != SEAL_VERSION_2)
        return sw_fail(err, SW_INTEGRITY, "it is no Encryption SDK message: version %u at offset 0", version);
    if (version == SEAL_VERSION_1) {
        uint8_t type = seal_wire_u8(wire);

        if (!wire->ended && type != TYPE_CUSTOMER_DATA)
            return sw_fail(err, SW_INTEGRITY, "it is no Encryption SDK message: type 0x%02x at offset 1",
                           type);
    }
    suite = seal_wire_u16(wire);
    if (wire->ended)
        return 0;
    if (check_suite(header, version, suite, err) < 0)
        return -1;
    header->id.len = seal_suite_id_bytes(header->suite);
    id = seal_wire_take(wire, header->id.len);
    if (id.len > 0)
        memcpy(header->id.bytes, id.bytes, id.len);
    return 0;
}

/* A public key belongs to suites that sign, and to them alone: else one suite could be passed off as the other. */
static int check_public_key(const struct seal_header *header, struct sw_err *err)
{
    const char *key = seal_pairs_get(header->context.pairs, header->context.n, SEAL_PUBLIC_KEY);

    if ((key != NULL) == seal_suite_signs(header->suite))
        return 0;
    return sw_fail(err, SW_INTEGRITY, "its suite 0x%04x %s, and its context has %s '%s'",
                   (unsigned)header->suite->id, key != NULL ? "does not sign" : "signs",
                   key != NULL ? "a" : "no", SEAL_PUBLIC_KEY);
}

static int parse_context(struct seal_header *header, struct seal_wire *wire, struct sw_err *err)
{
    struct seal_view aad = seal_wire_field(wire);

    if (wire->ended)
        return 0;
    if (seal_context_parse(&header->context, aad.bytes, aad.len, err) < 0)
        return -1;
    return check_public_key(header, err);
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

static int check_body_format(const struct seal_header *header, size_t at, struct sw_err *err)
{
    if (header->content_type != SEAL_CONTENT_FRAMED && header->content_type != SEAL_CONTENT_SINGLE)
        return sw_fail(err, SW_INTEGRITY, "its content type is %u at offset %zu", header->content_type, at);
    if ((header->content_type == SEAL_CONTENT_SINGLE) != (header->frame_bytes == 0))
        return sw_fail(err, SW_INTEGRITY, "its frame length is %u for content type %u at offset %zu",
                       header->frame_bytes, header->content_type, at);
    if (header->frame_bytes > SW_SEAL_FRAME_BYTES_MAX)
        return sw_fail(err, SW_INTEGRITY, "its frame length is %u; at most %d is allowed",
                       header->frame_bytes, SW_SEAL_FRAME_BYTES_MAX);
    return 0;
}

/* Four bytes that must be zero, and the length of the IVs. */
static int parse_fixed(struct seal_wire *wire, struct sw_err *err)
{
    size_t at = wire->at;
    uint32_t reserved = seal_wire_u32(wire);
    uint8_t iv_bytes = seal_wire_u8(wire);

    if (wire->ended || (reserved == 0 && iv_bytes == SEAL_IV_BYTES))
        return 0;
    return sw_fail(err, SW_INTEGRITY,
                   "its reserved field is %u and its IV length %u at offset %zu; 0 and %d are wanted",
                   reserved, iv_bytes, at, SEAL_IV_BYTES);
}

static int parse_body_format(struct seal_header *header, struct seal_wire *wire, struct sw_err *err)
{
    size_t at = wire->at;
    struct seal_view commitment;

    header->content_type = seal_wire_u8(wire);
    if (header->suite->version == SEAL_VERSION_1 && parse_fixed(wire, err) < 0)
        return -1;
    header->frame_bytes = seal_wire_u32(wire);
    if (wire->ended)
        return 0;
    if (check_body_format(header, at, err) < 0)
        return -1;
    if (!seal_suite_commits(header->suite))
        return 0;
    commitment = seal_wire_take(wire, SEAL_COMMITMENT_BYTES);
    if (commitment.len > 0)
        memcpy(header->commitment, commitment.bytes, SEAL_COMMITMENT_BYTES);
    return 0;
}

/* The tag, in version 1 behind its IV. */
static void parse_auth(struct seal_header *header, struct seal_wire *wire)
{
    if (header->suite->version == SEAL_VERSION_1) {
        struct seal_view iv = seal_wire_take(wire, SEAL_IV_BYTES);

        if (iv.len > 0)
            memcpy(header->iv, iv.bytes, SEAL_IV_BYTES);
    }
    (void)seal_wire_take(wire, SEAL_HEADER_TAG);
}

static int cut(size_t len, struct sw_err *err)
{
    if (len == SEAL_HEADER_MAX)
        return sw_fail(err, SW_INTEGRITY, "its header is larger than %d bytes", SEAL_HEADER_MAX);
    return sw_fail(err, SW_INTEGRITY, "it ends within its header, after %zu bytes", len);
}

/* *ended: more bytes would have been wanted. */
static int parse(struct seal_header *header, size_t len, bool *ended, struct sw_err *err)
{
    struct seal_wire wire = {.bytes = header->bytes, .len = len};
    int rc = parse_start(header, &wire, err);

    *ended = wire.ended;
    if (rc < 0)
        return -1;
    if (wire.ended)
        return cut(len, err);
    if (parse_context(header, &wire, err) < 0 || parse_edks(header, &wire, err) < 0 ||
        parse_body_format(header, &wire, err) < 0)
        return -1;
    header->body_len = wire.at;
    parse_auth(header, &wire);
    header->len = wire.at;
    *ended = wire.ended;
    return wire.ended ? cut(len, err) : 0;
}

int seal_header_parse(struct seal_header *header, const uint8_t *bytes, size_t len, struct sw_err *err)
{
    bool ended;

    if (len > SEAL_HEADER_MAX)
        len = SEAL_HEADER_MAX;
    *header = (struct seal_header){.bytes = sw_calloc(1, len + 1, err)};
    if (header->bytes == NULL)
        return -1;
    if (len > 0)
        memcpy(header->bytes, bytes, len);
    return parse(header, len, &ended, err);
}

static int read_some(struct seal_header *header, struct sw_in *in, size_t len, bool *ended,
                     struct sw_err *err)
{
    *ended = false;
    *header = (struct seal_header){.bytes = sw_calloc(1, len + 1, err)};
    if (header->bytes == NULL || sw_in_read(in, header->bytes, len, 0, err) < 0)
        return -1;
    return parse(header, len, ended, err);
}

int seal_header_read(struct seal_header *header, struct sw_in *in, struct sw_err *err)
{
    size_t all = (size_t)sw_min_u64(in->size_bytes, SEAL_HEADER_MAX), usual = 16 << 10;
    bool ended;
    int rc = read_some(header, in, all < usual ? all : usual, &ended, err);

    if (rc == 0 || !ended || all <= usual)
        return rc;
    /* Few headers are longer, and a range is not to cost a MiB for them. */
    seal_header_free(header);
    return read_some(header, in, all, &ended, err);
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
    if (head[0] == SEAL_VERSION_2)
        return (head[1] == 0x04 || head[1] == 0x05) && head[2] == 0x78;
    return head[0] == SEAL_VERSION_1 && head[1] == TYPE_CUSTOMER_DATA && head[2] <= 0x03;
}
