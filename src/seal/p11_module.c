/* Loading PKCS#11 modules through p11-kit, which shares them with whatever else of the process uses them. */
#include "src/seal/p11_module.h"

#include "src/base/buf.h"
#include "src/base/fs.h"

#include <string.h>

static int load_path(struct p11_loaded *to, const char *path, struct sw_err *err)
{
    char text[P11_RV_TEXT];
    const char *why;
    ck_rv_t rv;

    to->path = sw_strdup(path, err);
    if (to->path == NULL)
        return -1;
    to->one[0] = p11_kit_module_load(path, 0);
    if (to->one[0] == NULL) {
        why = p11_kit_message();
        return sw_fail(err, SW_INTEGRITY, "cannot load the PKCS#11 module '%s': %.200s", path,
                       why != NULL ? why : "it is no such module");
    }
    rv = p11_kit_module_initialize(to->one[0]);
    if (rv != CKR_OK) {
        p11_kit_module_release(to->one[0]);
        to->one[0] = NULL;
        return sw_fail(err, SW_INTEGRITY, "the PKCS#11 module '%s': C_Initialize: %s", path,
                       p11_rv_text(rv, text));
    }
    to->list = to->one;
    return 0;
}

static int load_configured(struct p11_loaded *to, struct sw_err *err)
{
    const char *why;

    to->list = p11_kit_modules_load_and_initialize(0);
    if (to->list == NULL) {
        why = p11_kit_message();
        return sw_fail(err, SW_INTEGRITY,
                       "cannot load the PKCS#11 modules that p11-kit is configured with: %.200s",
                       why != NULL ? why : "no reason is told");
    }
    if (to->list[0] == NULL)
        return sw_fail(err, SW_INTEGRITY,
                       "p11-kit is configured with no PKCS#11 module; name one with module-path= or "
                       "--pkcs11-module");
    return 0;
}

static void unload(struct p11_loaded *loaded)
{
    if (loaded->one[0] != NULL) {
        (void)p11_kit_module_finalize(loaded->one[0]);
        p11_kit_module_release(loaded->one[0]);
    } else if (loaded->list != NULL) {
        p11_kit_modules_finalize_and_release(loaded->list);
    }
    free(loaded->path);
    *loaded = (struct p11_loaded){.path = NULL};
}

static bool is_of(const struct p11_loaded *loaded, const char *path)
{
    if (path == NULL || loaded->path == NULL)
        return path == loaded->path;
    return strcmp(loaded->path, path) == 0;
}

/* p11-kit's proxy stands for all that is configured, and cannot be loaded through p11-kit itself. */
static bool is_proxy(const char *path)
{
    const char *name = sw_path_base(path);

    return strncmp(name, "p11-kit-proxy.so", strlen("p11-kit-proxy.so")) == 0 ||
           strncmp(name, "libp11-kit.so", strlen("libp11-kit.so")) == 0;
}

struct ck_function_list *const *p11_modules_get(struct p11_modules *modules, const char *path,
                                                struct sw_err *err)
{
    struct p11_loaded *to;

    if (path != NULL && is_proxy(path))
        path = NULL;
    for (size_t i = 0; i < modules->n; i++)
        if (is_of(&modules->loaded[i], path))
            return modules->loaded[i].list;
    if (modules->n == P11_MODULES_MAX) {
        sw_fail(err, SW_USAGE, "more than %d PKCS#11 modules", P11_MODULES_MAX);
        return NULL;
    }
    to = &modules->loaded[modules->n];
    if ((path != NULL ? load_path(to, path, err) : load_configured(to, err)) < 0) {
        unload(to);
        return NULL;
    }
    modules->n++;
    return to->list;
}

void p11_modules_free(struct p11_modules *modules)
{
    while (modules->n > 0)
        unload(&modules->loaded[--modules->n]);
}
