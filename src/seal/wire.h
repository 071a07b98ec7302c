/* Big-endian fields: a bounded reader over bytes that somebody else wrote, and their writer. */
#ifndef SW_SEAL_WIRE_H
#define SW_SEAL_WIRE_H

#include "src/base/buf.h"
#include "src/base/endian.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal_view {
    const uint8_t *bytes;
    size_t len;
};

/* Zero-initialise but for bytes and len. Once a read did not fit, every later one gives nothing. */
struct seal_wire {
    const uint8_t *bytes;
    size_t len;
    size_t at;
    bool ended; /* a read went past len */
};

static inline struct seal_view seal_wire_take(struct seal_wire *wire, size_t len)
{
    struct seal_view view = {.bytes = wire->bytes + wire->at, .len = len};

    if (wire->ended || len > wire->len - wire->at) {
        wire->ended = true;
        return (struct seal_view){.bytes = NULL, .len = 0};
    }
    wire->at += len;
    return view;
}

static inline uint8_t seal_wire_u8(struct seal_wire *wire)
{
    struct seal_view view = seal_wire_take(wire, 1);

    return view.len == 1 ? view.bytes[0] : 0;
}

static inline uint16_t seal_wire_u16(struct seal_wire *wire)
{
    struct seal_view view = seal_wire_take(wire, 2);

    return view.len == 2 ? be16_get(view.bytes) : 0;
}

static inline uint32_t seal_wire_u32(struct seal_wire *wire)
{
    struct seal_view view = seal_wire_take(wire, 4);

    return view.len == 4 ? be32_get(view.bytes) : 0;
}

/* A field behind its u16 length. */
static inline struct seal_view seal_wire_field(struct seal_wire *wire)
{
    return seal_wire_take(wire, seal_wire_u16(wire));
}

/* Appends a number of two bytes, or a field of at most 65,535 bytes (more is SW_USAGE) behind its u16 length. */
SW_MUST_CHECK int seal_put_u16(struct sw_buf *out, uint16_t value, struct sw_err *err);
SW_MUST_CHECK int seal_put_field(struct sw_buf *out, const void *bytes, size_t len, struct sw_err *err);

#endif
