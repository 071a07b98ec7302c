/* What the guest says that was changed: untrusted bytes, read with bounds. */
#ifndef SW_PREPARE_CHANGES_H
#define SW_PREPARE_CHANGES_H

#include "slipway/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { CHANGES_BYTES_MAX = 256 << 20 };

/*
 * An array as in prepare.h, of records of
 *   KIND|META|META|SUM|SUM|BYTES|BYTES \n PATH \n content-before content-after \n
 * META: KIND:MODE:UID:GID:BYTES or "-"; SUM: a SHA-256, "-> target" or "-"; BYTES: "-" where the content is not shown. What is the
 * same before and after is left out. originals: with what a file held. SW_GUEST when it is no such text. A new reference.
 */
SW_MUST_CHECK json_t *changes_parse(const char *text, size_t len, bool originals, struct sw_err *err);

#endif
