/* What differs where everything is kept sealed: names, and JSON in messages. */
#include "src/store/internal.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"

#include <string.h>

static const char sealed_end[] = ".sealed";

bool sw_store_is_sealed(const struct sw_store *store)
{
    return store->sealed;
}

int store_check_unlocked(const struct sw_store *store, struct sw_err *err)
{
    if (!store->sealed || store->vault != NULL)
        return 0;
    return sw_fail(err, SW_INTEGRITY, "the store '%s' is sealed: name its key with --key", store->dir);
}

int sw_store_unlock(struct sw_store *store, const struct sw_keyring *keys, const struct sw_opener *opener,
                    struct sw_err *err)
{
    const struct sw_unseal_opts how = {.keys = keys, .opener = opener};
    SW_AUTO_FREE char *path = NULL;

    if (!store->sealed || store->vault != NULL)
        return 0;
    if (keys == NULL || sw_keyring_count(keys) == 0)
        return store_check_unlocked(store, err);
    path = store_path(store, STORE_SEALED, err);
    if (path == NULL)
        return -1;
    return sw_vault_open(path, &how, &store->vault, err) < 0 ? sw_context(err, "the store '%s'", store->dir)
                                                             : 0;
}

int store_blob_file(const struct sw_store *store, const char *hex, char file[SW_STORE_HEX],
                    struct sw_err *err)
{
    if (!store_is_hex(hex))
        return sw_fail(err, SW_INTEGRITY, "'%s' is not a layer's digest", hex);
    if (!store->sealed) {
        memcpy(file, hex, SW_STORE_HEX);
        return 0;
    }
    return store_check_unlocked(store, err) < 0 ? -1 : sw_vault_name(store->vault, "blob", hex, file, err);
}

/* The index is the one file whose name nobody has to guess. */
char *store_json_path(const struct sw_store *store, const char *relative, struct sw_err *err)
{
    const char *base = sw_path_base(relative);
    char name[SW_VAULT_NAME];

    if (!store->sealed)
        return store_path(store, relative, err);
    if (store_check_unlocked(store, err) < 0 || sw_vault_name(store->vault, "json", relative, name, err) < 0)
        return NULL;
    if (base == relative)
        return sw_strf(err, "%s/%.*s%s", store->dir, (int)strcspn(base, "."), base, sealed_end);
    return sw_strf(err, "%s/%.*s%s%s", store->dir, (int)(base - relative), relative, name, sealed_end);
}

static int read_opened(struct sw_in *in, size_t max_bytes, struct sw_buf *out, struct sw_err *err)
{
    if (in->size_bytes > max_bytes)
        return sw_fail(err, SW_INTEGRITY, "'%s' holds more than %zu bytes", in->name, max_bytes);
    if (sw_buf_reserve(out, (size_t)in->size_bytes, err) < 0 ||
        sw_in_read(in, out->data, (size_t)in->size_bytes, 0, err) < 0)
        return -1;
    out->len = (size_t)in->size_bytes;
    out->data[out->len] = '\0';
    return 0;
}

/* An object of that name in the file at path. */
static int read_object(const struct sw_store *store, const char *path, const char *name, size_t max_bytes,
                       struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_IN struct sw_in *opened = NULL;
    struct sw_in *sealed = NULL;

    if (sw_in_open_file(path, &sealed, err) < 0)
        return -1;
    opened = sw_vault_in(store->vault, name, sealed, err);
    return opened != NULL ? read_opened(opened, max_bytes, out, err) : -1;
}

int store_json_text(const struct sw_store *store, const char *relative, size_t max_bytes, struct sw_buf *out,
                    struct sw_err *err)
{
    SW_AUTO_FREE char *path = store_json_path(store, relative, err);
    char name[SW_VAULT_NAME];

    if (path == NULL)
        return -1;
    if (!store->sealed)
        return sw_read_file(path, max_bytes, out, err);
    if (sw_vault_name(store->vault, "json", relative, name, err) < 0)
        return -1;
    return read_object(store, path, name, max_bytes, out, err);
}

json_t *store_json_read(const struct sw_store *store, const char *relative, size_t max_bytes,
                        struct sw_err *err)
{
    SW_AUTO_FREE char *path = store_json_path(store, relative, err);
    SW_AUTO_BUF struct sw_buf text = {0};

    if (path == NULL || store_json_text(store, relative, max_bytes, &text, err) < 0)
        return NULL;
    return sw_json_parse(text.data != NULL ? text.data : "", text.len, path, err);
}

int store_json_write(const struct sw_store *store, const char *relative, const json_t *json,
                     struct sw_err *err)
{
    SW_AUTO_FREE char *path = store_json_path(store, relative, err);
    SW_AUTO_FREE char *text = NULL;
    SW_AUTO_OUT struct sw_out *out = NULL;
    char name[SW_VAULT_NAME];

    if (path == NULL)
        return -1;
    if (!store->sealed)
        return sw_json_write(path, json, err);
    text = sw_json_pretty(json, err);
    if (text == NULL || sw_vault_name(store->vault, "json", relative, name, err) < 0 ||
        sw_out_create_file(path, 0644, &out, err) < 0 ||
        sw_vault_put(store->vault, name, text, strlen(text), out, err) < 0)
        return -1;
    return sw_out_commit(out, err);
}

/* Its own name says which object it is; the key within says which name it should have. */
static int read_sealed_key(const struct sw_store *store, const char *file, char key[SW_STORE_HEX],
                           struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_strf(err, "%s/" STORE_KEYS "/%s", store->dir, file);
    SW_AUTO_FREE char *relative = NULL;
    SW_AUTO_FREE char *expected = NULL;
    SW_AUTO_BUF struct sw_buf text = {0};
    SW_AUTO_JSON json_t *json = NULL;
    char name[SW_VAULT_NAME] = "";
    const char *found;

    if (path == NULL || strlen(file) != SW_VAULT_NAME - 1 + strlen(sealed_end))
        return path != NULL ? sw_fail(err, SW_INTEGRITY, "its name is not that of a plan key's record") : -1;
    memcpy(name, file, SW_VAULT_NAME - 1);
    if (read_object(store, path, name, STORE_RECORD_MAX, &text, err) < 0)
        return -1;
    json = sw_json_parse(text.data, text.len, path, err);
    found = json != NULL ? sw_json_text(json, "key") : NULL;
    if (found == NULL || !store_is_hex(found))
        return json != NULL ? sw_fail(err, SW_INTEGRITY, "'%s' names no plan key", path) : -1;
    relative = sw_strf(err, STORE_KEYS "/%s.json", found);
    expected = relative != NULL ? store_json_path(store, relative, err) : NULL;
    if (expected == NULL)
        return -1;
    if (strcmp(expected, path) != 0)
        return sw_fail(err, SW_INTEGRITY, "'%s' holds the record of another key", path);
    memcpy(key, found, SW_STORE_HEX);
    return 0;
}

int store_record_key(const struct sw_store *store, const char *file, char key[SW_STORE_HEX],
                     struct sw_err *err)
{
    if (store->sealed)
        return store_check_unlocked(store, err) < 0 ? -1 : read_sealed_key(store, file, key, err);
    return store_key_of(file, key) < 0
               ? sw_fail(err, SW_INTEGRITY, "its name is not that of a plan key's record")
               : 0;
}
