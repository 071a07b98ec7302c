/* OCI descriptors, index, manifest and config: from and to JSON. What is read may come from anybody. */
#include "src/store/internal.h"

#include "src/base/cleanup.h"
#include "src/base/clock.h"

#include <string.h>

enum { FOREIGN_LAYERS_MAX = 1024, REF_MAX = 255, TEXT_MAX = 4096 };

int store_descriptor_parse(const json_t *json, struct store_descriptor *out, struct sw_err *err)
{
    const json_t *size = json_object_get(json, "size");
    const char *digest = sw_json_text(json, "digest");

    out->media_type = sw_json_text(json, "mediaType");
    if (out->media_type == NULL)
        return sw_fail(err, SW_INTEGRITY, "a descriptor has no 'mediaType'");
    if (store_digest_hex(digest, out->hex) < 0)
        return sw_fail(err, SW_INTEGRITY, "'digest' of a descriptor is not a SHA-256 digest: '%.80s'",
                       digest != NULL ? digest : "");
    if (!json_is_integer(size) || json_integer_value(size) < 0)
        return sw_fail(err, SW_INTEGRITY, "'size' of the descriptor of '%s' is not a size", out->hex);
    out->size_bytes = (uint64_t)json_integer_value(size);
    return 0;
}

json_t *store_descriptor_json(const char *media_type, const char *hex, uint64_t size_bytes,
                              struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();

    if (sw_json_set(json, "mediaType", json_string(media_type), err) < 0 ||
        sw_json_set(json, "digest", json_sprintf("sha256:%s", hex), err) < 0 ||
        sw_json_set(json, "size", json_integer((json_int_t)size_bytes), err) < 0)
        return NULL;
    return SW_STEAL_PTR(json);
}

/* The root object with the schemaVersion that all OCI documents have. */
static json_t *parse_document(const char *text, size_t len, const char *what, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = sw_json_parse(text, len, what, err);
    const json_t *version;

    if (json == NULL)
        return NULL;
    version = json_object_get(json, "schemaVersion");
    if (!json_is_integer(version) || json_integer_value(version) != 2) {
        sw_fail(err, SW_INTEGRITY, "%s: 'schemaVersion' is not 2", what);
        return NULL;
    }
    return SW_STEAL_PTR(json);
}

json_t *store_index_parse(const char *text, size_t len, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = parse_document(text, len, STORE_INDEX, err);
    const json_t *entries, *entry;
    size_t i;

    if (json == NULL)
        return NULL;
    entries = json_object_get(json, "manifests");
    if (!json_is_array(entries)) {
        sw_fail(err, SW_INTEGRITY, STORE_INDEX ": 'manifests' is not an array");
        return NULL;
    }
    json_array_foreach (entries, i, entry) {
        if (!json_is_object(entry)) {
            sw_fail(err, SW_INTEGRITY, STORE_INDEX ": entry %zu is not an object", i);
            return NULL;
        }
    }
    return SW_STEAL_PTR(json);
}

const char *store_entry_ref(const json_t *entry)
{
    return sw_json_text(json_object_get(entry, "annotations"), STORE_REF_NAME);
}

bool store_ref_ok(const char *ref)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const char *at = ref;

    for (;;) {
        size_t n = strspn(at, letters);

        at += n;
        if (n == 0 || at - ref > REF_MAX)
            return false;
        if (*at == '\0')
            return true;
        if (strncmp(at, "--", 2) == 0)
            at++;
        if (strchr("-._:@/+", *at) == NULL)
            return false;
        at++;
    }
}

/* A bounded copy; a member that is missing stays NULL. */
static int copy_text(const json_t *json, const char *key, char **out, struct sw_err *err)
{
    const char *text = sw_json_text(json, key);

    if (text == NULL)
        return 0;
    if (strlen(text) > TEXT_MAX)
        return sw_fail(err, SW_INTEGRITY, "'%s' is longer than %d bytes", key, TEXT_MAX);
    *out = sw_strdup(text, err);
    return *out != NULL ? 0 : -1;
}

static int parse_layers(const json_t *layers, struct sw_store_image *out, struct sw_err *err)
{
    size_t n = json_array_size(layers);

    if (!json_is_array(layers) || n > FOREIGN_LAYERS_MAX)
        return sw_fail(err, SW_INTEGRITY, "'layers' is not an array of at most %d", FOREIGN_LAYERS_MAX);
    out->layers = sw_calloc(n > 0 ? n : 1, sizeof(*out->layers), err);
    if (out->layers == NULL)
        return -1;
    for (; out->nr_layers < n; out->nr_layers++) {
        struct store_descriptor layer;
        struct sw_layer *to = &out->layers[out->nr_layers];

        if (store_descriptor_parse(json_array_get(layers, out->nr_layers), &layer, err) < 0)
            return sw_context(err, "layer %zu", out->nr_layers);
        memcpy(to->digest, layer.hex, SW_STORE_HEX);
        to->size_bytes = layer.size_bytes;
        if (out->nr_layers > 0)
            memcpy(to->parent, out->layers[out->nr_layers - 1].digest, SW_STORE_HEX);
    }
    return 0;
}

int store_manifest_parse(const char *text, size_t len, struct sw_store_image *out,
                         struct store_descriptor *config, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = parse_document(text, len, "manifest", err);
    const json_t *notes;

    if (json == NULL || store_descriptor_parse(json_object_get(json, "config"), config, err) < 0)
        return -1;
    /* The text goes with the document; only what the caller asks about it is kept. */
    config->media_type = strcmp(config->media_type, STORE_MEDIA_CONFIG) == 0 ? STORE_MEDIA_CONFIG : "";
    notes = json_object_get(json, "annotations");
    if (copy_text(notes, "org.opencontainers.image.title", &out->name, err) < 0 ||
        copy_text(notes, "org.opencontainers.image.version", &out->version, err) < 0 ||
        copy_text(notes, "org.opencontainers.image.created", &out->created, err) < 0)
        return -1;
    return parse_layers(json_object_get(json, "layers"), out, err);
}

int store_config_parse(const char *text, size_t len, struct sw_store_image *out, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = sw_json_parse(text, len, "config", err);
    const json_t *size, *keys;

    if (json == NULL)
        return -1;
    size = json_object_get(json, "virtualBytes");
    keys = json_object_get(json, "planKeys");
    if (!json_is_integer(size) || json_integer_value(size) <= 0 ||
        (uint64_t)json_integer_value(size) > SW_VIRTUAL_MAX_BYTES)
        return sw_fail(err, SW_INTEGRITY, "config: 'virtualBytes' is not a disk's size");
    if (!json_is_array(keys) || json_array_size(keys) > SW_STORE_LAYERS_MAX)
        return sw_fail(err, SW_INTEGRITY, "config: 'planKeys' is not an array of at most %d",
                       SW_STORE_LAYERS_MAX);
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *key = json_string_value(json_array_get(keys, i));

        if (key == NULL || !store_is_hex(key))
            return sw_fail(err, SW_INTEGRITY, "config: plan key %zu is not one", i);
    }
    if (out->nr_layers == 0 || out->nr_layers > SW_STORE_LAYERS_MAX)
        return sw_fail(err, SW_INTEGRITY, "%zu layers are not 1 to %d", out->nr_layers, SW_STORE_LAYERS_MAX);
    out->virtual_bytes = (uint64_t)json_integer_value(size);
    return 0;
}

static json_t *created_json(const struct sw_store_state *state)
{
    char text[SW_TIME_TEXT];

    sw_time_text(state->epoch * 1000000000, text);
    return json_string(text);
}

static json_t *keys_json(const struct sw_store_state *state, struct sw_err *err)
{
    SW_AUTO_JSON json_t *keys = json_array();

    for (size_t i = 0; i < state->nr_keys; i++)
        if (sw_json_append(keys, json_string(state->keys[i]), err) < 0)
            return NULL;
    return SW_STEAL_PTR(keys);
}

char *store_config_text(const struct sw_store_state *state, const struct store_chain *chain,
                        struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();

    if (sw_json_set(json, "created", created_json(state), err) < 0 ||
        sw_json_set(json, "name", json_string(state->name), err) < 0 ||
        sw_json_set(json, "version", json_string(state->version), err) < 0 ||
        sw_json_set(json, "virtualBytes", json_integer((json_int_t)chain->layers[0].virtual_bytes), err) <
            0 ||
        sw_json_set(json, "planKeys", keys_json(state, err), err) < 0)
        return NULL;
    return sw_json_canonical(json, err);
}

/* Base first. The title lets a tool that pulls into a folder name the files so that the chain works there. */
static json_t *layers_json(const struct store_chain *chain, struct sw_err *err)
{
    SW_AUTO_JSON json_t *layers = json_array();

    for (unsigned i = chain->n; i-- > 0;) {
        const struct sw_layer *layer = &chain->layers[i];
        SW_AUTO_JSON json_t *item =
            store_descriptor_json(STORE_MEDIA_LAYER, layer->digest, layer->size_bytes, err);

        if (item == NULL ||
            sw_json_set(item, "annotations",
                        json_pack("{ss}", "org.opencontainers.image.title", layer->digest), err) < 0 ||
            sw_json_append(layers, SW_STEAL_PTR(item), err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(layers);
}

static json_t *notes_json(const struct sw_store_state *state, struct sw_err *err)
{
    SW_AUTO_JSON json_t *notes = json_object();

    if (sw_json_set(notes, "org.opencontainers.image.created", created_json(state), err) < 0 ||
        sw_json_set(notes, "org.opencontainers.image.title", json_string(state->name), err) < 0 ||
        sw_json_set(notes, "org.opencontainers.image.version", json_string(state->version), err) < 0)
        return NULL;
    return SW_STEAL_PTR(notes);
}

char *store_manifest_text(const struct sw_store_state *state, const struct store_chain *chain,
                          const struct store_descriptor *config, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();

    if (sw_json_set(json, "schemaVersion", json_integer(2), err) < 0 ||
        sw_json_set(json, "mediaType", json_string(STORE_MEDIA_MANIFEST), err) < 0 ||
        sw_json_set(json, "config",
                    store_descriptor_json(config->media_type, config->hex, config->size_bytes, err),
                    err) < 0 ||
        sw_json_set(json, "layers", layers_json(chain, err), err) < 0 ||
        sw_json_set(json, "annotations", notes_json(state, err), err) < 0)
        return NULL;
    return sw_json_canonical(json, err);
}
