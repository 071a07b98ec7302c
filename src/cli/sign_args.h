/* --sign KEY of the verbs that write one file: its manifest and signature beside it. */
#ifndef SW_CLI_SIGN_ARGS_H
#define SW_CLI_SIGN_ARGS_H

#include "slipway/manifest.h"

#define SIGN_ROW(type)                                                                                                \
    {                                                                                                                 \
        0, "sign", "KEY", OPT_STRING, offsetof(type, sign),                                                           \
            "pem:FILE or pkcs11:URI: write X.manifest.json with the file's digests, and its signature X.manifest.sig" \
    }

/* Zero-initialise it. */
struct sign_args {
    struct sw_signer *signer; /* NULL: nothing is signed */
    char *manifest_path;
    struct sw_digests digests; /* for whoever takes them while the file is written */
};

/* Reads the key and looks at the names, before output is written. text NULL: nothing is signed. */
SW_MUST_CHECK int sign_args_open(const char *text, const char *output, struct sign_args *args,
                                 struct sw_err *err);
/*
 * Once output is there: its manifest with what more says of it (an object, or NULL), and the signature. Digests that
 * nobody took are taken now. keys: the sidecar of a sealed file, or NULL. Does nothing when nothing is signed.
 */
SW_MUST_CHECK int sign_args_write(struct sign_args *args, const char *output, const char *keys, json_t *more,
                                  struct sw_err *err);
void sign_args_close(struct sign_args *args);
#define AUTO_SIGN_ARGS __attribute__((cleanup(sign_args_close)))

#endif
