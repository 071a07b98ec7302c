/* Manifests: lines of "SHA256(name)= digest", one a file. */
#ifndef SW_FORMATS_OVA_MANIFEST_H
#define SW_FORMATS_OVA_MANIFEST_H

#include "slipway/error.h"
#include "src/base/digest.h"

#include <stdbool.h>

enum { MANIFEST_MAX_BYTES = 1 << 20, MANIFEST_LINES_MAX = 1024 };

struct manifest_line {
    char *name;
    enum sw_hash hash;
    uint8_t digest[SW_HASH_BYTES_MAX];
};

struct manifest {
    struct manifest_line *lines; /* in the text's order; names are unique */
    size_t n;
};

/* Reads SHA1, SHA256 and SHA512; spaces around the name's brackets are taken. name: of the file, for messages. */
SW_MUST_CHECK int manifest_parse(const char *text, size_t len, const char *name, struct manifest *manifest,
                                 struct sw_err *err);
void manifest_free(struct manifest *manifest);
/* NULL when there is none. */
const struct manifest_line *manifest_find(const struct manifest *manifest, const char *name);

/* By the name that -o manifest= takes, of any case. False when it is none of the three. */
bool manifest_hash(const char *name, size_t len, enum sw_hash *hash);

#endif
