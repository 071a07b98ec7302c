/* A writer's state as bytes, for copies that go on after an interruption. All big endian, never trusted. */
#ifndef SW_FORMATS_STATE_H
#define SW_FORMATS_STATE_H

#include "slipway/error.h"
#include "src/base/buf.h"
#include "src/base/endian.h"

#include <stdbool.h>

/* What is left to read of a state. */
struct sw_state {
    const uint8_t *at;
    size_t left;
};

static inline int sw_state_put_u64(struct sw_buf *state, uint64_t value, struct sw_err *err)
{
    uint8_t bytes[8];

    be64_put(bytes, value);
    return sw_buf_append(state, bytes, sizeof(bytes), err);
}

/* The next len bytes, or NULL when fewer are left. */
static inline const uint8_t *sw_state_take(struct sw_state *state, size_t len)
{
    const uint8_t *at = state->at;

    if (len > state->left)
        return NULL;
    state->at += len;
    state->left -= len;
    return at;
}

static inline bool sw_state_take_u64(struct sw_state *state, uint64_t *value)
{
    const uint8_t *at = sw_state_take(state, 8);

    if (at != NULL)
        *value = be64_get(at);
    return at != NULL;
}

static inline int sw_state_bad(const char *field, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "the writer's state: its %s is missing or out of range", field);
}

#endif
