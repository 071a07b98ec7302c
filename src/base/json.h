/* JSON files through jansson: bounded reading, canonical and durable writing. */
#ifndef SW_BASE_JSON_H
#define SW_BASE_JSON_H

#include "slipway/error.h"
#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/digest.h"

#include <jansson.h>

static inline void sw_json_auto(json_t **json)
{
    json_decref(*json);
}
#define SW_AUTO_JSON SW_CLEANUP(sw_json_auto)

/* Parses a file of at most max_bytes; duplicate keys are refused. NULL and err on failure. */
SW_MUST_CHECK json_t *sw_json_read(const char *path, size_t max_bytes, struct sw_err *err);
SW_MUST_CHECK json_t *sw_json_parse(const char *text, size_t len, const char *name, struct sw_err *err);

/* Sorted keys, no white space, no end of line: the same value gives the same bytes. Free it. */
SW_MUST_CHECK char *sw_json_canonical(const json_t *json, struct sw_err *err);
/* The SHA-256 of that, in hex. */
SW_MUST_CHECK int sw_json_digest(const json_t *json, char out[SW_SHA256_HEX], struct sw_err *err);
/* Indented by two, keys in the order they were set, ends with a newline; what a terminal would obey is written \uXXXX. Free it. */
SW_MUST_CHECK char *sw_json_pretty(const json_t *json, struct sw_err *err);
/* Pretty text, written atomically. */
SW_MUST_CHECK int sw_json_write(const char *path, const json_t *json, struct sw_err *err);

/* Takes the reference of value (also on failure); a NULL value means that making it failed. */
SW_MUST_CHECK int sw_json_set(json_t *object, const char *key, json_t *value, struct sw_err *err);
SW_MUST_CHECK int sw_json_append(json_t *array, json_t *value, struct sw_err *err);

/* A string of untrusted bytes: where they are no UTF-8, or hold a NUL, whatever is not printable ASCII becomes \xNN. No bytes, NULL too, are "". */
json_t *sw_json_bytes(const void *bytes, size_t len);

/* A member's text, or NULL when it is missing or no string. */
const char *sw_json_text(const json_t *object, const char *key);

/* Members of what anybody may have written to. What is missing or out of range is SW_INTEGRITY, and named. */
SW_MUST_CHECK int sw_json_damaged(const char *key, struct sw_err *err);
/* A text that fits, with its NUL. */
SW_MUST_CHECK int sw_json_take_text(const json_t *object, const char *key, char *out, size_t out_len,
                                    struct sw_err *err);
/* From 0 to max. */
SW_MUST_CHECK int sw_json_take_number(const json_t *object, const char *key, uint64_t max, uint64_t *out,
                                      struct sw_err *err);
/* Which of n names it is. */
SW_MUST_CHECK int sw_json_take_name(const json_t *object, const char *key, const char *const *names,
                                    unsigned n, unsigned *out, struct sw_err *err);

#endif
