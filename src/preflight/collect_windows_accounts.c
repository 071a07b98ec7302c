/* The hive SAM: accounts without a password. And the boot configuration's hive. */
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/base/json.h"
#include "src/preflight/collect_windows.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define USERS "SAM\\Domains\\Account\\Users"

/* Of the value V: a table of places and lengths, which count from its end. Of F: the account's flags. */
enum {
    V_TABLE_BYTES = 0xcc,
    V_NAME_AT = 0x0c,
    V_NT_HASH_AT = 0xa8,
    HASH_HEADER_BYTES = 4,      /* what is stored of no hash … */
    HASH_AES_HEADER_BYTES = 24, /* … and of none in the form that Windows 10 began */
    HASH_AES = 2,
    F_FLAGS_AT = 0x38,
    FLAG_DISABLED = 1,
};

/* The piece that the entry at that place tells of; NULL when it does not lie within the value. */
static const uint8_t *piece(const uint8_t *v, size_t len, unsigned entry, size_t *piece_len)
{
    uint32_t off = le32_get(v + entry), n = le32_get(v + entry + 4);

    if (off > len - V_TABLE_BYTES || n > len - V_TABLE_BYTES - off)
        return NULL;
    *piece_len = n;
    return v + V_TABLE_BYTES + off;
}

/* Hashes are looked at for their length alone. */
static bool has_password(const uint8_t *v, size_t len)
{
    size_t n = 0;
    const uint8_t *hash = piece(v, len, V_NT_HASH_AT, &n);

    if (hash == NULL || n <= HASH_HEADER_BYTES)
        return false;
    return le16_get(hash + 2) != HASH_AES || n > HASH_AES_HEADER_BYTES;
}

static bool is_disabled(struct registry *registry, const char *rid)
{
    SW_AUTO_FREE char *f = NULL;
    size_t len = 0;

    return registry_bytes(registry, &f, &len, "F", USERS "\\%s", rid) && len >= F_FLAGS_AT + 2 &&
           (le16_get(f + F_FLAGS_AT) & FLAG_DISABLED) != 0;
}

static int add_account(struct registry *registry, const char *rid, json_t *windows, struct sw_err *err)
{
    SW_AUTO_FREE char *v = NULL, *name = NULL;
    const uint8_t *bytes, *text;
    size_t len = 0, n = 0;
    int rc = 0;

    if (!registry_bytes(registry, &v, &len, "V", USERS "\\%s", rid))
        return 0;
    bytes = (const uint8_t *)v;
    if (len >= V_TABLE_BYTES && !has_password(bytes, len) && !is_disabled(registry, rid)) {
        text = piece(bytes, len, V_NAME_AT, &n);
        name = text != NULL ? registry_utf16(text, n) : NULL;
        rc = windows_note(windows, "accounts_without_password", name != NULL ? name : rid, err);
    }
    explicit_bzero(v, len);
    return rc;
}

int windows_accounts(struct registry *registry, json_t *windows, json_t *guest, struct sw_err *err)
{
    AUTO_HIVE_NAMES struct hive_names rids = registry_keys(registry, USERS);

    (void)guest;
    if (sw_json_set(windows, "accounts_without_password", json_array(), err) < 0)
        return -1;
    for (size_t i = 0; i < rids.n; i++)
        if (add_account(registry, rids.names[i], windows, err) < 0)
            return -1;
    return 0;
}

/* An object of the boot configuration is a key of its GUID; an element of it has its number as its name: this is a loader's ems. */
int windows_boot(struct registry *registry, json_t *windows, json_t *guest, struct sw_err *err)
{
    AUTO_HIVE_NAMES struct hive_names objects = registry_keys(registry, "Objects");
    bool on = false;

    (void)guest;
    for (size_t i = 0; i < objects.n; i++) {
        SW_AUTO_FREE char *bytes = NULL;
        size_t len = 0;

        if (registry_bytes(registry, &bytes, &len, "Element", "Objects\\%s\\Elements\\260000b0",
                           objects.names[i]))
            on = on || (len > 0 && bytes[0] != 0);
    }
    return sw_json_set(windows, "ems", json_boolean(on), err);
}
