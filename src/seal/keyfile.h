/* Key files: read into memory that is cleansed, made so that none is ever overwritten. */
#ifndef SW_SEAL_KEYFILE_H
#define SW_SEAL_KEYFILE_H

#include "slipway/error.h"
#include "src/seal/keyring.h"
#include "src/seal/secret.h"

enum { SEAL_KEYFILE_MAX = 64 << 10 };

struct seal_keyfile {
    uint8_t *bytes; /* SEAL_KEYFILE_MAX of seal_key_new */
    size_t len;
    uint64_t device, inode; /* which file it was */
};

/* secret: refuse a file that its group or others may read or write. Faults are SW_INTEGRITY. */
SW_MUST_CHECK int seal_keyfile_read(const char *path, bool secret, struct seal_keyfile *file,
                                    struct sw_err *err);
/* The key came from this file. */
void seal_keyfile_note(const struct seal_keyfile *file, struct seal_key *key);
void seal_keyfile_free(struct seal_keyfile *file);
#define SW_AUTO_KEYFILE SW_CLEANUP(seal_keyfile_free)

/* 16, 24 or 32 bytes, or the double in hex digits and an end of line. */
SW_MUST_CHECK int seal_keyfile_aes(const struct seal_keyfile *file, struct seal_secret *key,
                                   struct sw_err *err);

/* Whole, durable, or not at all; fails when path exists. */
SW_MUST_CHECK int seal_keyfile_create(const char *path, const void *bytes, size_t len, unsigned mode,
                                      struct sw_err *err);

#endif
