/* What a message says of itself. */
#ifndef SW_SEAL_DESCRIBE_H
#define SW_SEAL_DESCRIBE_H

#include "slipway/envelope.h"

/*
 * The "message" of sw_seal_describe, of a message that nobody believes yet. *wants_sidecar: its key is an artifact key.
 * Takes in over. NULL and err on failure; decref it.
 */
SW_MUST_CHECK json_t *seal_describe_unopened(struct sw_in *in, bool *wants_sidecar, struct sw_err *err);

#endif
