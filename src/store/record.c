/* Plan keys: what made a layer, and what a recipe's position was last made from. */
#include "src/store/internal.h"

#include "src/base/cleanup.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/log.h"

#include <string.h>

json_t *store_layer_json(const struct sw_layer *layer, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();

    if (sw_json_set(json, "digest", json_string(layer->digest), err) < 0 ||
        sw_json_set(json, "parent", json_string(layer->parent), err) < 0 ||
        sw_json_set(json, "size_bytes", json_integer((json_int_t)layer->size_bytes), err) < 0 ||
        sw_json_set(json, "virtual_bytes", json_integer((json_int_t)layer->virtual_bytes), err) < 0)
        return NULL;
    return SW_STEAL_PTR(json);
}

static int size_member(const json_t *json, const char *key, uint64_t *out, struct sw_err *err)
{
    const json_t *member = json_object_get(json, key);

    if (!json_is_integer(member) || json_integer_value(member) < 0)
        return sw_fail(err, SW_INTEGRITY, "'%s' is not a size", key);
    *out = (uint64_t)json_integer_value(member);
    return 0;
}

int store_layer_parse(const json_t *json, struct sw_layer *out, struct sw_err *err)
{
    const char *digest = sw_json_text(json, "digest");
    const char *parent = sw_json_text(json, "parent");

    memset(out, 0, sizeof(*out));
    if (digest == NULL || !store_is_hex(digest))
        return sw_fail(err, SW_INTEGRITY, "'digest' of a layer is not a digest");
    if (parent == NULL || (parent[0] != '\0' && !store_is_hex(parent)))
        return sw_fail(err, SW_INTEGRITY, "'parent' of layer '%s' is not a digest", digest);
    memcpy(out->digest, digest, strlen(digest));
    memcpy(out->parent, parent, strlen(parent));
    if (size_member(json, "size_bytes", &out->size_bytes, err) < 0 ||
        size_member(json, "virtual_bytes", &out->virtual_bytes, err) < 0)
        return sw_context(err, "layer '%s'", digest);
    return 0;
}

int store_layer_there(struct sw_store *store, const struct sw_layer *layer, struct sw_err *err)
{
    uint64_t size_bytes = 0;
    int there = store_blob_size(store, layer->digest, &size_bytes, err);

    return there == 1 ? size_bytes == layer->size_bytes : there;
}

void sw_plan_record_clear(struct sw_plan_record *record)
{
    free(SW_STEAL_PTR(record->recipe));
    free(SW_STEAL_PTR(record->inputs));
    free(SW_STEAL_PTR(record->outputs));
}

static int parse_record(const json_t *json, const char *key, struct sw_plan_record *out, struct sw_err *err)
{
    const json_t *position = json_object_get(json, "position");
    const json_t *inputs = json_object_get(json, "inputs");
    const char *recipe = sw_json_text(json, "recipe");
    const char *found = sw_json_text(json, "key");

    if (found == NULL || strcmp(found, key) != 0)
        return sw_fail(err, SW_INTEGRITY, "it is not the record of key '%s'", key);
    if (recipe == NULL || !json_is_integer(position) || json_integer_value(position) < 0 ||
        json_integer_value(position) > INT32_MAX || inputs == NULL)
        return sw_fail(err, SW_INTEGRITY, "'recipe', 'position' or 'inputs' is not what it should be");
    if (store_layer_parse(json_object_get(json, "layer"), &out->layer, err) < 0)
        return -1;
    memcpy(out->key, found, SW_STORE_HEX);
    out->position = (unsigned)json_integer_value(position);
    out->recipe = sw_strdup(recipe, err);
    out->inputs = sw_json_canonical(inputs, err);
    if (out->recipe == NULL || out->inputs == NULL)
        return -1;
    if (json_object_get(json, "outputs") == NULL)
        return 0;
    out->outputs = sw_json_canonical(json_object_get(json, "outputs"), err);
    return out->outputs != NULL ? 0 : -1;
}

static char *record_name(const char *folder, const char *hex, struct sw_err *err)
{
    return sw_strf(err, "%s/%s.json", folder, hex);
}

int store_record_read(struct sw_store *store, const char *key, struct sw_plan_record *out, struct sw_err *err)
{
    SW_AUTO_FREE char *name = NULL;
    SW_AUTO_FREE char *path = NULL;
    SW_AUTO_JSON json_t *json = NULL;

    memset(out, 0, sizeof(*out));
    if (!store_is_hex(key))
        return sw_fail(err, SW_FAILED, "'%s' is not a plan key", key);
    name = record_name(STORE_KEYS, key, err);
    path = name != NULL ? store_json_path(store, name, err) : NULL;
    if (path == NULL)
        return -1;
    if (!sw_path_exists(path))
        return 0;
    json = store_json_read(store, name, STORE_RECORD_MAX, err);
    if (json == NULL)
        return -1;
    if (parse_record(json, key, out, err) < 0) {
        sw_plan_record_clear(out);
        return sw_context(err, "%s", path);
    }
    return 1;
}

/* A record is a hint that can be made again: one that is damaged is none. */
static int read_or_none(struct sw_store *store, const char *key, struct sw_plan_record *out)
{
    struct sw_err why = {0};
    int found = store_record_read(store, key, out, &why);

    if (found < 0)
        sw_log(SW_LOG_WARNING, "a plan key's record is of no use: %s", why.text);
    return found == 1;
}

int sw_store_find_key(struct sw_store *store, const char *key, struct sw_plan_record *out, struct sw_err *err)
{
    int there;

    memset(out, 0, sizeof(*out));
    if (!store_is_hex(key))
        return sw_fail(err, SW_FAILED, "'%s' is not a plan key", key);
    if (store_check_unlocked(store, err) < 0)
        return -1;
    if (!read_or_none(store, key, out))
        return 0;
    there = store_layer_there(store, &out->layer, err);
    if (there != 1)
        sw_plan_record_clear(out);
    return there;
}

/* The file that names the latest key of a recipe's position. */
static char *step_name(const char *recipe, unsigned position, struct sw_err *err)
{
    SW_AUTO_FREE char *text = sw_strf(err, "%u %s", position, recipe);
    char hex[SW_SHA256_HEX];

    if (text == NULL || sw_sha256_hex(text, strlen(text), hex, err) < 0)
        return NULL;
    return record_name(STORE_STEPS, hex, err);
}

int sw_store_last_record(struct sw_store *store, const char *recipe, unsigned position,
                         struct sw_plan_record *out, struct sw_err *err)
{
    SW_AUTO_FREE char *name = step_name(recipe, position, err);
    SW_AUTO_FREE char *path = name != NULL ? store_json_path(store, name, err) : NULL;
    SW_AUTO_JSON json_t *json = NULL;
    struct sw_err why = {0};
    const char *key;

    memset(out, 0, sizeof(*out));
    if (path == NULL)
        return -1;
    if (!sw_path_exists(path))
        return 0;
    json = store_json_read(store, name, STORE_RECORD_MAX, &why);
    key = json != NULL ? sw_json_text(json, "key") : NULL;
    if (key == NULL || !store_is_hex(key)) {
        sw_log(SW_LOG_WARNING, "a recipe's latest record is of no use: %s", path);
        return 0;
    }
    return read_or_none(store, key, out);
}

static json_t *record_json(const struct sw_plan_record *record, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();

    if (sw_json_set(json, "key", json_string(record->key), err) < 0 ||
        sw_json_set(json, "recipe", json_string(record->recipe), err) < 0 ||
        sw_json_set(json, "position", json_integer(record->position), err) < 0 ||
        sw_json_set(json, "layer", store_layer_json(&record->layer, err), err) < 0 ||
        sw_json_set(json, "inputs", sw_json_parse(record->inputs, strlen(record->inputs), "inputs", err),
                    err) < 0 ||
        (record->outputs != NULL &&
         sw_json_set(json, "outputs", sw_json_parse(record->outputs, strlen(record->outputs), "outputs", err),
                     err) < 0))
        return NULL;
    return SW_STEAL_PTR(json);
}

static int write_step(struct sw_store *store, const struct sw_plan_record *record, struct sw_err *err)
{
    SW_AUTO_FREE char *name = step_name(record->recipe, record->position, err);
    SW_AUTO_JSON json_t *json = json_object();

    if (name == NULL || sw_json_set(json, "recipe", json_string(record->recipe), err) < 0 ||
        sw_json_set(json, "position", json_integer(record->position), err) < 0 ||
        sw_json_set(json, "key", json_string(record->key), err) < 0)
        return -1;
    return store_json_write(store, name, json, err);
}

int sw_store_record_key(struct sw_store *store, const struct sw_plan_record *record, struct sw_err *err)
{
    SW_AUTO_FREE char *name = NULL;
    SW_AUTO_JSON json_t *json = NULL;
    int there;

    if (!store_is_hex(record->key))
        return sw_fail(err, SW_FAILED, "'%s' is not a plan key", record->key);
    if (strlen(record->inputs) > SW_STORE_INPUTS_MAX)
        return sw_fail(err, SW_FAILED, "the inputs of key '%s' are larger than %d bytes", record->key,
                       SW_STORE_INPUTS_MAX);
    there = store_layer_there(store, &record->layer, err);
    if (there < 0)
        return -1;
    if (there == 0)
        return sw_fail(err, SW_FAILED, "layer '%s' is not in the store", record->layer.digest);
    name = record_name(STORE_KEYS, record->key, err);
    json = record_json(record, err);
    if (name == NULL || json == NULL || store_json_write(store, name, json, err) < 0)
        return -1;
    return write_step(store, record, err);
}
