/* PKCS#11 modules: loaded by path, by p11-kit's name, or all that are configured. */
#ifndef SW_SEAL_P11_MODULE_H
#define SW_SEAL_P11_MODULE_H

#include "src/seal/p11_uri.h"

enum { P11_MODULES_MAX = 8 };

/* What one path or name, or neither, led to. Zero-initialise it. */
struct p11_modules {
    struct p11_loaded {
        char *path;                      /* NULL: what p11-kit is configured with */
        struct ck_function_list **list;  /* NULL-terminated */
        struct ck_function_list *one[2]; /* what list points at for a path */
    } loaded[P11_MODULES_MAX];
    size_t n;
};

/*
 * The modules behind a path (an absolute one, or one in p11-kit's folder), or all that p11-kit is configured with when path
 * is NULL or that of p11-kit's proxy; initialised. They live as long as modules. NULL and err on failure.
 */
SW_MUST_CHECK struct ck_function_list *const *p11_modules_get(struct p11_modules *modules, const char *path,
                                                              struct sw_err *err);
void p11_modules_free(struct p11_modules *modules);

#endif
