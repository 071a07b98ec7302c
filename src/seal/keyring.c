/* Keys from texts such as "pem:FILE,ns=…". */
#include "src/seal/keyring.h"

#include "slipway/kms.h"
#include "src/seal/p11_token.h"
#include "src/seal/raw_aes.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { VALUE_MAX_BYTES = 1024, SHOWN_MAX_BYTES = 300 };

static const struct seal_scheme *const schemes[] = {
    &seal_scheme_aes, &seal_scheme_pem, &seal_scheme_pass, &seal_scheme_pkcs11, &seal_scheme_kms,
};

struct sw_keyring *sw_keyring_new(enum sw_key_use use, struct sw_err *err)
{
    struct sw_keyring *ring = sw_calloc(1, sizeof(*ring), err);

    if (ring == NULL)
        return NULL;
    ring->use = use;
    ring->tokens = p11_tokens_new(err);
    if (ring->tokens == NULL) {
        free(ring);
        return NULL;
    }
    return ring;
}

void seal_key_clear(struct seal_key *key)
{
    if (key->priv != NULL)
        key->ops->free(key->priv);
    free(key->ns);
    free(key->name);
    free(key->label);
    *key = (struct seal_key){.ns = NULL};
}

void sw_keyring_free(struct sw_keyring *ring)
{
    if (ring == NULL)
        return;
    for (size_t i = 0; i < SW_SEAL_KEYS_MAX; i++)
        seal_key_clear(&ring->keys[i]);
    p11_tokens_free(ring->tokens);
    sw_kms_close(ring->kms);
    free(ring);
}

int sw_keyring_use_kms(struct sw_keyring *ring, struct sw_kms *kms, struct sw_err *err)
{
    if (ring->kms != NULL || ring->n > 0) {
        sw_kms_close(kms);
        return sw_fail(err, SW_FAILED, "the key service is named too late, or twice");
    }
    ring->kms = kms;
    return 0;
}

int sw_keyring_use_pkcs11_module(struct sw_keyring *ring, const char *module, struct sw_err *err)
{
    return p11_tokens_set_module(ring->tokens, module, err);
}

size_t sw_keyring_count(const struct sw_keyring *ring)
{
    return ring->n;
}

const char *sw_keyring_name(const struct sw_keyring *ring, size_t i)
{
    return i < ring->n ? ring->keys[i].label : NULL;
}

int sw_keyring_spare_file(const struct sw_keyring *ring, const char *path, struct sw_err *err)
{
    struct stat st;

    if (ring == NULL || stat(path, &st) < 0)
        return 0;
    for (size_t i = 0; i < ring->n; i++)
        if (ring->keys[i].inode == st.st_ino && ring->keys[i].device == st.st_dev)
            return sw_fail(err, SW_USAGE, "'%s' holds the key '%s', which would be lost: take another name",
                           path, ring->keys[i].label);
    return 0;
}

bool seal_keyring_has_ns(const struct sw_keyring *ring, const char *ns)
{
    for (size_t i = 0; i < ring->n; i++)
        if (strcmp(ring->keys[i].ns, ns) == 0)
            return true;
    return false;
}

/* Cuts the next part off *rest: up to a comma, ",," being one comma of the part. */
static char *cut_part(char **rest)
{
    char *part = *rest, *to = part, *from = part;

    if (part == NULL)
        return NULL;
    while (*from != '\0') {
        if (from[0] == ',' && from[1] != ',')
            break;
        if (from[0] == ',')
            from++;
        *to++ = *from++;
    }
    *rest = *from == '\0' ? NULL : from + 1;
    *to = '\0';
    return part;
}

const char *seal_key_option(const struct seal_key_text *text, const char *name, const char *otherwise)
{
    for (size_t i = 0; i < text->nr_options; i++)
        if (strcmp(text->options[i].name, name) == 0)
            return text->options[i].value;
    return otherwise;
}

/* "a=, b=": what a scheme takes. */
static void list_options(const struct seal_scheme *scheme, char *out, size_t len)
{
    size_t at = 0;

    out[0] = '\0';
    for (const char *const *name = scheme->options; *name != NULL && at < len; name++)
        at += (size_t)snprintf(out + at, len - at, "%s%s=", at > 0 ? ", " : "", *name);
}

static int take_option(const struct seal_scheme *scheme, struct seal_key_text *text, char *part,
                       struct sw_err *err)
{
    char *value = strchr(part, '='), known[128];
    const char *const *name = scheme->options;

    if (value != NULL)
        *value++ = '\0';
    while (*name != NULL && strcmp(*name, part) != 0)
        name++;
    if (*name == NULL || value == NULL) {
        list_options(scheme, known, sizeof(known));
        return sw_fail(err, SW_USAGE, "'%.64s' is no option of a key %s (%s)", scheme->guarded ? "…" : part,
                       scheme->form, known);
    }
    if (value[0] == '\0' || strlen(value) > VALUE_MAX_BYTES)
        return sw_fail(err, SW_USAGE, "'%s=' has no value, or too long a one", part);
    if (seal_key_option(text, part, NULL) != NULL || text->nr_options == SEAL_KEY_OPTIONS_MAX)
        return sw_fail(err, SW_USAGE, "'%s=' is given twice", part);
    text->options[text->nr_options++] = (struct seal_key_option){.name = *name, .value = value};
    return 0;
}

/* Namespaces that recipients and keys may not take. */
static int check_ns(const struct sw_keyring *ring, const char *ns, struct sw_err *err)
{
    if (strncmp(ns, "aws-kms", strlen("aws-kms")) == 0)
        return sw_fail(err, SW_USAGE, "the namespace '%s' belongs to AWS KMS", ns);
    if (ring->use == SW_KEY_SEAL && strcmp(ns, SEAL_ARTIFACT_NS) == 0)
        return sw_fail(err, SW_USAGE, "the namespace '%s' is for artifact keys", ns);
    return 0;
}

static int split_text(const struct seal_scheme *scheme, char *text, struct seal_key_text *out,
                      struct sw_err *err)
{
    char *rest = text, *part;

    out->target = cut_part(&rest);
    if (out->target == NULL || out->target[0] == '\0')
        return sw_fail(err, SW_USAGE, "it names nothing: %s", scheme->form);
    while ((part = cut_part(&rest)) != NULL)
        if (take_option(scheme, out, part, err) < 0)
            return -1;
    return 0;
}

int seal_key_set_names(struct seal_key *key, const char *ns, const char *name, struct sw_err *err)
{
    key->ns = sw_strdup(ns, err);
    key->name = sw_strdup(name, err);
    key->label = sw_strf(err, "%s/%s", ns, name);
    return key->ns != NULL && key->name != NULL && key->label != NULL ? 0 : -1;
}

/* Keeps the key at keys[n]; a second one of the same names is refused. */
static int keep(struct sw_keyring *ring, struct sw_err *err)
{
    const struct seal_key *key = &ring->keys[ring->n];

    for (size_t i = 0; ring->use == SW_KEY_SEAL && i < ring->n; i++)
        if (strcmp(ring->keys[i].label, key->label) == 0)
            return sw_fail(err, SW_USAGE, "the recipient '%s' is named twice", key->label);
    ring->n++;
    return 0;
}

static int add_text(struct sw_keyring *ring, const struct seal_scheme *scheme, const char *text,
                    struct sw_err *err)
{
    SW_AUTO_FREE char *copy = sw_strdup(text, err);
    struct seal_key_text parts = {.target = NULL};

    if (copy == NULL || split_text(scheme, copy, &parts, err) < 0 ||
        check_ns(ring, seal_key_option(&parts, "ns", SEAL_DEFAULT_NS), err) < 0)
        return -1;
    if (scheme->add(ring, &parts, &ring->keys[ring->n], err) < 0)
        return -1;
    return keep(ring, err);
}

static int check_room(const struct sw_keyring *ring, struct sw_err *err)
{
    return ring->n < SW_SEAL_KEYS_MAX ? 0 : sw_fail(err, SW_USAGE, "more than %d keys", SW_SEAL_KEYS_MAX);
}

size_t seal_text_shown(const char *text, bool known)
{
    static const char secret[] = "pin-value=";
    const char *found = strcasestr(text, secret), *colon = strchr(text, ':');
    size_t len = found != NULL ? (size_t)(found - text) + sizeof(secret) - 1 : strlen(text);

    if (!known)
        len = colon != NULL && (found == NULL || colon < found) ? (size_t)(colon - text) + 1 : 0;
    return len < SHOWN_MAX_BYTES ? len : SHOWN_MAX_BYTES;
}

static int no_scheme(const char *text, struct sw_err *err)
{
    size_t shown = seal_text_shown(text, false);
    char known[128] = "";
    size_t at = 0;

    for (size_t i = 0; i < SW_ARRAY_LEN(schemes) && at < sizeof(known); i++)
        at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s", i > 0 ? ", " : "", schemes[i]->form);
    return sw_fail(err, SW_USAGE, "'%.*s…' is no key (%s)", (int)shown, text, known);
}

/* The text for messages: a long one would hide the cause. */
static int name_text(const struct seal_scheme *scheme, const char *text, struct sw_err *err)
{
    size_t shown = scheme->guarded ? strlen(scheme->prefix) : seal_text_shown(text, true);

    return sw_context(err, "key '%.*s%s'", (int)shown, text, text[shown] != '\0' ? "…" : "");
}

int sw_keyring_add(struct sw_keyring *ring, const char *text, struct sw_err *err)
{
    if (check_room(ring, err) < 0)
        return -1;
    for (size_t i = 0; i < SW_ARRAY_LEN(schemes); i++) {
        size_t len = strlen(schemes[i]->prefix);

        if (strncmp(text, schemes[i]->prefix, len) != 0)
            continue;
        if (add_text(ring, schemes[i], text + len, err) == 0)
            return 0;
        seal_key_clear(&ring->keys[ring->n]);
        return name_text(schemes[i], text, err);
    }
    return no_scheme(text, err);
}

int seal_keyring_add_aes(struct sw_keyring *ring, const struct seal_secret *key, const char *ns,
                         const char *name, struct sw_err *err)
{
    struct seal_key *to = &ring->keys[ring->n];

    if (check_room(ring, err) < 0)
        return -1;
    if (seal_raw_aes_set(to, key, err) < 0 || seal_key_set_names(to, ns, name, err) < 0 ||
        keep(ring, err) < 0) {
        seal_key_clear(to);
        return -1;
    }
    return 0;
}
