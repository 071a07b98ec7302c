/* RFC 7512 URIs: which key on which token, and where its PIN comes from. */
#ifndef SW_SEAL_P11_URI_H
#define SW_SEAL_P11_URI_H

#include "src/base/cleanup.h"
#include "src/seal/p11.h"

enum { P11_URI_MAX = 4096, P11_PATH_MAX = 1024 };

/* What the URI's type= leaves to choose from. */
enum p11_kind {
    P11_KIND_ANY,
    P11_KIND_PAIR,   /* public or private: either half stands for both */
    P11_KIND_CERT,   /* the key pair of a certificate */
    P11_KIND_SECRET, /* an AES key */
};

/* Views into uri, but for pin; zero-initialise it. */
struct p11_uri {
    P11KitUri *uri;
    enum p11_kind kind;
    const struct ck_attribute *label, *id; /* NULL: not given */
    const char *module_path, *module_name; /* NULL: not given */
    char *pin;                             /* "prompt", "fd:N" or "file:/PATH": a source of seal_phrase_get */
};

/*
 * "pkcs11:…". SW_USAGE for what is no such URI, for attributes that nobody knows, for objects that are no keys, and for
 * pin-value, which everybody on the machine could read. pin-source: "file:/PATH", "/PATH", "fd:N" or "prompt".
 */
SW_MUST_CHECK int p11_uri_parse(const char *text, struct p11_uri *out, struct sw_err *err);
void p11_uri_free(struct p11_uri *uri);
#define P11_AUTO_URI SW_CLEANUP(p11_uri_free)

#endif
