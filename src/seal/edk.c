/* Encrypted data keys: written by a key, matched with one, unwrapped by it. */
#include "src/seal/edk.h"

#include "src/seal/raw_aes.h"
#include "src/seal/raw_ecdh.h"

#include <stdio.h>
#include <string.h>

int seal_edk_write(const struct seal_key *key, const struct seal_wrap *how, struct sw_buf *out,
                   struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf info = {.len = 0}, wrapped = {.len = 0};

    if (key->ops->wrap(key, how, &info, &wrapped, err) < 0)
        return -1;
    if (seal_put_field(out, key->ns, strlen(key->ns), err) < 0 ||
        seal_put_field(out, info.data, info.len, err) < 0)
        return -1;
    return seal_put_field(out, wrapped.data, wrapped.len, err);
}

static bool view_is(struct seal_view view, const char *text)
{
    return view.len == strlen(text) && memcmp(view.bytes, text, view.len) == 0;
}

bool seal_edk_has_ns(const struct seal_edk *edk, const char *ns)
{
    return view_is(edk->provider, ns);
}

struct seal_view seal_edk_name(const struct seal_edk *edk)
{
    struct seal_view name = edk->info;

    if (seal_raw_aes_tail(edk) != NULL)
        name.len -= SEAL_RAW_AES_TAIL;
    return name;
}

void seal_edk_label(const struct seal_edk *edk, char out[SEAL_EDK_LABEL])
{
    enum { SHOWN = 64 };
    struct sw_err ignored = {.code = SW_OK};
    struct seal_view ns = edk->provider, name = seal_edk_name(edk);
    struct seal_ecdh_info info;
    char ec[SEAL_EC_NAME];

    if (seal_edk_has_ns(edk, SEAL_RAW_ECDH_NS) && seal_ecdh_parse(edk, &info) &&
        seal_ec_name(info.recipient, ec, &ignored) == 0)
        name = (struct seal_view){.bytes = (const uint8_t *)ec, .len = strlen(ec)};
    snprintf(out, SEAL_EDK_LABEL, "%.*s/%.*s", ns.len < SHOWN ? (int)ns.len : SHOWN, (const char *)ns.bytes,
             name.len < SHOWN ? (int)name.len : SHOWN, (const char *)name.bytes);
}

bool seal_edk_is_for(const struct seal_edk *edk, const struct seal_key *key)
{
    if (!seal_edk_has_ns(edk, key->ns))
        return false;
    return key->ops->is_for != NULL ? key->ops->is_for(key, edk) : view_is(edk->info, key->name);
}

int seal_no_fit(struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY,
                   "it does not open the message: another key of that name, a changed header, or a wrong "
                   "required pair");
}

int seal_edk_unwrap(const struct seal_edk *edk, const struct seal_key *key, struct seal_unwrap *how,
                    struct seal_secret *data_key, struct sw_err *err)
{
    int rc = key->ops->unwrap(key, edk, how, data_key, err);

    if (rc == 0 && data_key->len != how->data_key_bytes)
        rc = seal_no_fit(err);
    if (rc < 0) {
        seal_secret_cleanse(data_key);
        return sw_context(err, "the key '%s'", key->label);
    }
    return 0;
}
