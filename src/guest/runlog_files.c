/* Files of the run log that hold more than lines: document.yaml, detailedoutput.json, chaining.json. */
#include "src/base/json.h"
#include "src/guest/runlog.h"

#include <string.h>

/* Nested runs of ExecuteDocument have the root's shape again. */
enum { DEPTH_MAX = 16 };

int runlog_add_document(FILE *to, const struct sw_component *component, const struct sw_mask *mask,
                        struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};

    if (component->sealed != NULL ? sw_buf_printf(&text, err, "# sealed: %s", component->sealed) < 0
                                  : sw_mask_text(mask, component->text, component->text_len, &text, err) < 0)
        return -1;
    if (text.len > 0 && text.data[text.len - 1] != '\n' && sw_buf_puts(&text, "\n", err) < 0)
        return -1;
    /* The mark of an end: behind it a document may begin in any way. */
    if (sw_buf_puts(&text, "...\n", err) < 0)
        return -1;
    if (fwrite(text.data, 1, text.len, to) != text.len || fflush(to) == EOF)
        return sw_fail_errno(err, "cannot write 'document.yaml'");
    return 0;
}

/* ---- Masking ----------------------------------------------------------------------------------------------- */

/* A member that is JSON as text. */
static json_t *parse_member(const json_t *step, const char *key)
{
    const char *text = sw_json_text(step, key);
    struct sw_err ignored = {.code = SW_OK};

    return text != NULL ? sw_json_parse(text, strlen(text), key, &ignored) : NULL;
}

/* An escape of JSON within a secret must not keep it from being found. */
static int mask_member(const struct sw_mask *mask, json_t *step, const char *key, bool cut,
                       struct sw_err *err)
{
    json_t *value = parse_member(step, key);
    SW_AUTO_JSON json_t *masked = NULL;
    SW_AUTO_FREE char *text = NULL;

    if (value == NULL)
        return 0;
    masked = sw_mask_json(mask, value, cut, err);
    if (masked == NULL)
        return -1;
    text = json_dumps(masked, JSON_COMPACT);
    return sw_json_set(step, key, text != NULL ? json_string(text) : NULL, err);
}

static int mask_steps(const struct sw_mask *mask, const json_t *root, unsigned depth, struct sw_err *err);

static int mask_step(const struct sw_mask *mask, json_t *step, unsigned depth, struct sw_err *err)
{
    /* A program that failed may have been killed in the middle of a secret. */
    bool cut = strcmp(sw_json_text(step, "status"), "success") != 0;
    json_t *nested;
    size_t i;

    if (mask_member(mask, step, "inputs", false, err) < 0 || mask_member(mask, step, "outputs", cut, err) < 0)
        return -1;
    json_array_foreach (json_object_get(step, "detailedOutput"), i, nested) {
        if (depth < DEPTH_MAX && mask_steps(mask, nested, depth + 1, err) < 0)
            return -1;
    }
    return 0;
}

static int mask_steps(const struct sw_mask *mask, const json_t *root, unsigned depth, struct sw_err *err)
{
    json_t *document, *phase, *step;
    size_t i, k, m;

    json_array_foreach (json_object_get(root, "documents"), i, document) {
        json_array_foreach (json_object_get(document, "phases"), k, phase) {
            json_array_foreach (json_object_get(phase, "steps"), m, step) {
                if (mask_step(mask, step, depth, err) < 0)
                    return -1;
            }
        }
    }
    return 0;
}

json_t *runlog_masked(const struct sw_mask *mask, json_t *root, struct sw_err *err)
{
    SW_AUTO_JSON json_t *owned = root;

    if (sw_mask_is_empty(mask))
        return SW_STEAL_PTR(owned);
    if (mask_steps(mask, owned, 0, err) < 0)
        return NULL;
    return sw_mask_json(mask, SW_STEAL_PTR(owned), false, err);
}

/* ---- Chaining ---------------------------------------------------------------------------------------------- */

/* One item's texts, under the names that a document would call them by. */
static int add_texts(json_t *out, const char *prefix, json_t *item, struct sw_err *err)
{
    const char *key;
    json_t *value;

    json_object_foreach (item, key, value) {
        SW_AUTO_FREE char *name = sw_strf(err, "%s.%s", prefix, key);

        if (name == NULL)
            return -1;
        if (json_is_string(value) && sw_json_set(out, name, json_incref(value), err) < 0)
            return -1;
    }
    return 0;
}

/* "phase.step.inputs[1].path"; without the number where it says nothing. */
static int add_member(json_t *out, const char *phase, const json_t *step, const char *member,
                      struct sw_err *err)
{
    SW_AUTO_JSON json_t *items = parse_member(step, member);
    const char *name = sw_json_text(step, "name");
    json_t *item;
    size_t i;

    json_array_foreach (items, i, item) {
        SW_AUTO_FREE char *prefix = json_array_size(items) > 1
                                        ? sw_strf(err, "%s.%s.%s[%zu]", phase, name, member, i)
                                        : sw_strf(err, "%s.%s.%s", phase, name, member);

        if (prefix == NULL || add_texts(out, prefix, item, err) < 0)
            return -1;
    }
    return 0;
}

static json_t *document_chaining(const json_t *document, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = json_object();
    json_t *phase, *step;
    size_t i, k;

    json_array_foreach (json_object_get(document, "phases"), i, phase) {
        const char *name = sw_json_text(phase, "name");

        json_array_foreach (json_object_get(phase, "steps"), k, step) {
            if (out == NULL || name == NULL || sw_json_text(step, "name") == NULL ||
                add_member(out, name, step, "inputs", err) < 0 ||
                add_member(out, name, step, "outputs", err) < 0)
                return NULL;
        }
    }
    return SW_STEAL_PTR(out);
}

json_t *runlog_chaining(const json_t *root, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();
    SW_AUTO_JSON json_t *out = json_object();
    json_t *document;
    size_t i;

    json_array_foreach (json_object_get(root, "documents"), i, document) {
        SW_AUTO_JSON json_t *chaining = document_chaining(document, err);
        json_t *entry = json_pack("{s:O, s:O, s:O}", "name", json_object_get(document, "name"), "filePath",
                                  json_object_get(document, "filePath"), "chaining", chaining);

        if (sw_json_append(list, entry, err) < 0)
            return NULL;
    }
    return sw_json_set(out, "documents", SW_STEAL_PTR(list), err) < 0 ? NULL : SW_STEAL_PTR(out);
}
