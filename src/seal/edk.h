/* Encrypted data keys: one key of a message, wrapped for one recipient. */
#ifndef SW_SEAL_EDK_H
#define SW_SEAL_EDK_H

#include "src/base/buf.h"
#include "src/seal/keyring.h"
#include "src/seal/wire.h"

struct seal_wrap;
struct seal_unwrap;

/* Views into a header. */
struct seal_edk {
    struct seal_view provider;
    struct seal_view info;
    struct seal_view wrapped;
};

/* Fills buf; sw_random but in tests that want the same bytes twice. */
typedef int seal_random_fn(void *buf, size_t len, struct sw_err *err);

/* Appends provider id, provider info and wrapped key, each behind its length. */
SW_MUST_CHECK int seal_edk_write(const struct seal_key *key, const struct seal_wrap *how, struct sw_buf *out,
                                 struct sw_err *err);

/* True when namespace and name are exactly this key's. */
bool seal_edk_is_for(const struct seal_edk *edk, const struct seal_key *key);
/* True when the provider id is this text. */
bool seal_edk_has_ns(const struct seal_edk *edk, const char *ns);
/* The key's name in provider info: of a raw AES entry without its fixed tail, else all of it. */
struct seal_view seal_edk_name(const struct seal_edk *edk);

/* "provider/name" for messages: of raw ECDH the name of the recipient's point. As its writer chose it: escape it. */
enum { SEAL_EDK_LABEL = 160 };
void seal_edk_label(const struct seal_edk *edk, char out[SEAL_EDK_LABEL]);

/* -1 and the reason when the key does not open it; data_key then holds nothing. */
SW_MUST_CHECK int seal_edk_unwrap(const struct seal_edk *edk, const struct seal_key *key,
                                  struct seal_unwrap *how, struct seal_secret *data_key, struct sw_err *err);

#endif
