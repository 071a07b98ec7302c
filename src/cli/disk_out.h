/* How verbs show a disk's digest and what of it cannot be read. */
#ifndef SW_CLI_DISK_OUT_H
#define SW_CLI_DISK_OUT_H

#include "slipway/verify.h"

#include <jansson.h>

/* "sha256:" and the digits, with the NUL. */
enum { DISK_DIGEST_CHARS = 7 + 2 * SW_VERITY_BYTES + 1 };

void disk_digest_text(const uint8_t verity[SW_VERITY_BYTES], char text[DISK_DIGEST_CHARS]);
/* The reverse, of what --option was given; SW_USAGE for anything else. */
SW_MUST_CHECK int disk_digest_parse(const char *option, const char *text, uint8_t verity[SW_VERITY_BYTES],
                                    struct sw_err *err);
/* "digest: fsverity sha256:…" on stdout. */
void disk_digest_print(const uint8_t verity[SW_VERITY_BYTES]);

/* A line on stdout for each listed range, "damaged: LEN bytes at OFF: CAUSE", and one for those that are not. */
void disk_damage_print(const struct sw_damage *damage);
/* Puts damaged_bytes, damaged_ranges and damaged: [{offset, bytes, cause}] into object. NULL object: NULL. */
json_t *disk_damage_json(json_t *object, const struct sw_damage *damage);

#endif
