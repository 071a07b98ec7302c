/* The index: which states have a name. Replaced in one step, under a lock. */
#include "src/store/internal.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"

#include <string.h>

json_t *store_index_read(struct sw_store *store, struct sw_err *err)
{
    SW_AUTO_FREE char *path = store_json_path(store, STORE_INDEX, err);
    SW_AUTO_BUF struct sw_buf text = {0};

    if (path == NULL)
        return NULL;
    if (!sw_path_exists(path)) {
        if (sw_buf_puts(&text,
                        "{\"schemaVersion\":2,\"mediaType\":\"" STORE_MEDIA_INDEX "\",\"manifests\":[]}",
                        err) < 0)
            return NULL;
    } else if (store_json_text(store, STORE_INDEX, STORE_INDEX_MAX, &text, err) < 0) {
        return NULL;
    }
    return store_index_parse(text.data, text.len, err);
}

void store_image_clear(struct sw_store_image *image)
{
    free(image->ref);
    free(image->name);
    free(image->version);
    free(image->created);
    free(image->layers);
    free(image->fault);
    memset(image, 0, sizeof(*image));
}

/* A small blob of the size that its descriptor says. */
static int described_text(struct sw_store *store, const struct store_descriptor *from, struct sw_buf *out,
                          struct sw_err *err)
{
    if (store_blob_text(store, from->hex, out, err) < 0)
        return -1;
    if (out->len != from->size_bytes)
        return sw_fail(err, SW_INTEGRITY, "blob '%s' has %zu bytes, its descriptor says %llu", from->hex,
                       out->len, (unsigned long long)from->size_bytes);
    return 0;
}

int store_image_read(struct sw_store *store, const json_t *entry, struct sw_store_image *out,
                     struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    SW_AUTO_BUF struct sw_buf config_text = {0};
    struct store_descriptor manifest, config;
    const char *ref = store_entry_ref(entry);

    memset(out, 0, sizeof(*out));
    if (ref != NULL) {
        out->ref = sw_strdup(ref, err);
        if (out->ref == NULL)
            return -1;
    }
    if (store_descriptor_parse(entry, &manifest, err) < 0)
        return -1;
    memcpy(out->manifest, manifest.hex, SW_STORE_HEX);
    if (described_text(store, &manifest, &text, err) < 0)
        return -1;
    /* Another tool's image may live here; it says nothing to us. */
    if (strcmp(manifest.media_type, STORE_MEDIA_MANIFEST) != 0)
        return 0;
    if (store_manifest_parse(text.data, text.len, out, &config, err) < 0)
        return -1;
    if (described_text(store, &config, &config_text, err) < 0)
        return sw_context(err, "config");
    if (strcmp(config.media_type, STORE_MEDIA_CONFIG) != 0)
        return 0;
    return store_config_parse(config_text.data, config_text.len, out, err);
}

static json_t *new_entry(const char *ref, const char *hex, uint64_t size_bytes, struct sw_err *err)
{
    SW_AUTO_JSON json_t *entry = store_descriptor_json(STORE_MEDIA_MANIFEST, hex, size_bytes, err);

    if (entry == NULL || sw_json_set(entry, "annotations", json_pack("{ss}", STORE_REF_NAME, ref), err) < 0)
        return NULL;
    return SW_STEAL_PTR(entry);
}

/* The entry takes the place of the one that had its name; surplus ones of that name go. */
static int put_entry(json_t *entries, json_t *entry, const char *ref, struct sw_err *err)
{
    bool placed = false;

    for (size_t i = json_array_size(entries); i-- > 0;) {
        const char *name = store_entry_ref(json_array_get(entries, i));

        if (name == NULL || strcmp(name, ref) != 0)
            continue;
        if ((placed ? json_array_remove(entries, i) : json_array_set(entries, i, entry)) < 0)
            return sw_fail(err, SW_FAILED, "cannot change the index");
        placed = true;
    }
    return placed ? 0 : sw_json_append(entries, json_incref(entry), err);
}

static int put_in_index(struct sw_store *store, json_t *entry, const char *ref, struct sw_err *err)
{
    SW_AUTO_FREE char *lock_path = store_path(store, STORE_LOCK, err);
    SW_AUTO_JSON json_t *index = NULL;
    SW_AUTO_CLOSE int lock = -1;

    if (lock_path == NULL)
        return -1;
    lock = sw_lock_file(lock_path, true, err);
    if (lock < 0)
        return -1;
    index = store_index_read(store, err);
    if (index == NULL || put_entry(json_object_get(index, "manifests"), entry, ref, err) < 0)
        return -1;
    return store_json_write(store, STORE_INDEX, index, err);
}

static int check_state(const struct sw_store_state *state, struct sw_err *err)
{
    if (!store_ref_ok(state->ref))
        return sw_fail(err, SW_USAGE, "'%s' is not a reference: letters and digits, single '-._:@/+' between",
                       state->ref);
    for (size_t i = 0; i < state->nr_keys; i++)
        if (!store_is_hex(state->keys[i]))
            return sw_fail(err, SW_FAILED, "'%s' is not a plan key", state->keys[i]);
    if (state->nr_keys > SW_STORE_LAYERS_MAX)
        return sw_fail(err, SW_FAILED, "%zu plan keys are more than %d", state->nr_keys, SW_STORE_LAYERS_MAX);
    return 0;
}

int sw_store_tag(struct sw_store *store, const struct sw_store_state *state, char manifest[SW_STORE_HEX],
                 struct sw_err *err)
{
    SW_AUTO_FREE char *config_text = NULL;
    SW_AUTO_FREE char *manifest_text = NULL;
    SW_AUTO_JSON json_t *entry = NULL;
    struct store_descriptor config = {.media_type = STORE_MEDIA_CONFIG};
    struct store_chain chain;

    if (check_state(state, err) < 0 || store_chain_open(store, state->layer, &chain, NULL, err) < 0)
        return -1;
    config_text = store_config_text(state, &chain, err);
    if (config_text == NULL || store_blob_put(store, config_text, config.hex, err) < 0)
        return -1;
    config.size_bytes = strlen(config_text);
    manifest_text = store_manifest_text(state, &chain, &config, err);
    if (manifest_text == NULL || store_blob_put(store, manifest_text, manifest, err) < 0)
        return -1;
    entry = new_entry(state->ref, manifest, strlen(manifest_text), err);
    return entry != NULL ? put_in_index(store, entry, state->ref, err) : -1;
}

/* Appends the letters and digits of text with single '-', '.' or '_' between them. */
static int append_component(struct sw_buf *out, const char *text, const char *separators, struct sw_err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t began = out->len;

    while (*text != '\0') {
        size_t n = strspn(text, letters);

        if (n > 0 && sw_buf_append(out, text, n, err) < 0)
            return -1;
        text += n;
        n = strcspn(text, letters);
        if (n > 0 && text[n] != '\0' && out->len > began) {
            char separator = n == 1 && strchr(separators, text[0]) != NULL ? text[0] : '-';

            if (sw_buf_append(out, &separator, 1, err) < 0)
                return -1;
        }
        text += n;
    }
    return out->len > began ? 0 : sw_buf_puts(out, "x", err);
}

char *sw_store_ref(const char *name, const char *version, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf out = {0};

    if (append_component(&out, name, "-._", err) < 0 || sw_buf_puts(&out, ":", err) < 0 ||
        append_component(&out, version, "-._+", err) < 0)
        return NULL;
    if (!store_ref_ok(out.data)) {
        sw_fail(err, SW_USAGE, "'%s' is too long for a reference", out.data);
        return NULL;
    }
    return sw_buf_steal(&out);
}
