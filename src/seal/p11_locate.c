/* Which object a URI means. */
#include "src/seal/p11_locate.h"

#include <stdio.h>
#include <string.h>

/* The tokens that match, and the question. */
struct hunt {
    struct p11_token *tokens[P11_TOKENS_MAX];
    size_t nr_tokens;
    const struct p11_uri *uri;
};

static const char *class_name(ck_object_class_t class)
{
    return class == CKO_PUBLIC_KEY    ? "public key"
           : class == CKO_PRIVATE_KEY ? "private key"
           : class == CKO_SECRET_KEY  ? "secret key"
                                      : "certificate";
}

static bool kind_has(enum p11_kind kind, ck_object_class_t class)
{
    switch (kind) {
    case P11_KIND_ANY:
        return true;
    case P11_KIND_PAIR:
        return class == CKO_PUBLIC_KEY || class == CKO_PRIVATE_KEY || class == CKO_CERTIFICATE;
    case P11_KIND_CERT:
        return class == CKO_CERTIFICATE;
    default:
        return class == CKO_SECRET_KEY;
    }
}

static int several(const struct p11_object *found, size_t n, const char *what, struct sw_err *err)
{
    char first[P11_OBJECT_TEXT], second[P11_OBJECT_TEXT];

    p11_object_text(&found[0], first);
    p11_object_text(&found[1], second);
    return sw_fail(err, SW_INTEGRITY,
                   "%s%zu %ss match the URI, %s on %s and %s on %s among them: say object= or id=",
                   n == P11_FOUND_MAX ? "at least " : "", n, what, first, found[0].token->name, second,
                   found[1].token->name);
}

/* *n gets 0 or 1; more of a class is an error. */
static int search_class(const struct hunt *hunt, ck_object_class_t class, struct p11_located *out, size_t *n,
                        struct sw_err *err)
{
    const struct p11_search search = {class, hunt->uri->label, hunt->uri->id};
    struct p11_object found[P11_FOUND_MAX];

    *n = 0;
    for (size_t i = 0; i < hunt->nr_tokens && *n < P11_FOUND_MAX; i++)
        if (p11_find(hunt->tokens[i], &search, found, n, err) < 0)
            return -1;
    if (*n > 1)
        return several(found, *n, class_name(class), err);
    if (*n == 1)
        *out = (struct p11_located){found[0], class};
    return 0;
}

static int search_all(const struct hunt *hunt, struct p11_located *out, size_t *n, struct sw_err *err)
{
    static const ck_object_class_t classes[] = {CKO_PUBLIC_KEY, CKO_CERTIFICATE, CKO_PRIVATE_KEY,
                                                CKO_SECRET_KEY};

    *n = 0;
    for (size_t i = 0; i < SW_ARRAY_LEN(classes) && *n == 0; i++)
        if (kind_has(hunt->uri->kind, classes[i]) && search_class(hunt, classes[i], out, n, err) < 0)
            return -1;
    return 0;
}

static int nothing_found(const struct hunt *hunt, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "%s: no %s matches the URI", hunt->tokens[0]->name,
                   hunt->uri->kind == P11_KIND_SECRET ? "secret key"
                   : hunt->uri->kind == P11_KIND_CERT ? "certificate"
                                                      : "key");
}

int p11_locate(struct p11_tokens *tokens, const struct p11_uri *uri, struct p11_located *out,
               struct sw_err *err)
{
    struct hunt hunt = {.uri = uri};
    size_t n;

    if (p11_tokens_match(tokens, uri, hunt.tokens, &hunt.nr_tokens, err) < 0 ||
        search_all(&hunt, out, &n, err) < 0)
        return -1;
    if (n == 1)
        return 0;
    /* What is left is behind a PIN, and no PIN is tried on a token that may be somebody else's. */
    if (hunt.nr_tokens > 1)
        return sw_fail(
            err, SW_INTEGRITY,
            "%zu tokens match the URI, %s and %s among them, and none shows such a key without a PIN: "
            "say which with token=",
            hunt.nr_tokens, hunt.tokens[0]->name, hunt.tokens[1]->name);
    if (p11_token_login(hunt.tokens[0], uri->pin, err) < 0 || search_all(&hunt, out, &n, err) < 0)
        return -1;
    return n == 1 ? 0 : nothing_found(&hunt, err);
}

int p11_locate_private(const struct p11_uri *uri, const struct p11_located *half, struct p11_object *out,
                       struct sw_err *err)
{
    struct p11_search search = {CKO_PRIVATE_KEY, uri->label, uri->id};
    SW_AUTO_BUF struct sw_buf id = {.len = 0};
    struct p11_object found[P11_FOUND_MAX];
    struct sw_err ignored = {.code = SW_OK};
    struct ck_attribute id_attribute;
    size_t n = 0;

    *out = half->object;
    if (p11_token_login(half->object.token, uri->pin, err) < 0)
        return -1;
    if (half->class == CKO_PRIVATE_KEY)
        return 0;
    /* Both halves have the same id by custom; labels often differ. */
    if (p11_attribute(&half->object, CKA_ID, &id, &ignored) == 0) {
        id_attribute = (struct ck_attribute){CKA_ID, id.data, id.len};
        search.id = &id_attribute;
        search.label = NULL;
    }
    if (p11_find(half->object.token, &search, found, &n, err) < 0)
        return -1;
    if (n == 0)
        return sw_fail(err, SW_INTEGRITY, "%s: it holds the public half of the key and not the private one",
                       half->object.token->name);
    if (n > 1)
        return several(found, n, "private key", err);
    *out = found[0];
    return 0;
}
