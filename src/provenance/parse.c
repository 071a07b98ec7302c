/* The text of a manifest, which may be anybody's: every field is checked here. */
#include "src/provenance/parse.h"

#include "src/base/ckd.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <inttypes.h>
#include <string.h>

enum { VALUES_MAX = 1 << 19, TEXT_MAX = 256 };

#define CHUNK_BYTES_MAX ((uint64_t)1 << 40)

static int bad(struct sw_err *err, const char *what, const char *why)
{
    return sw_fail(err, SW_INTEGRITY, "'%s' %s", what, why);
}

/* A text of a few bytes may become a value of a hundred: what a manifest has no use for is not parsed at all. */
static int check_volume(const char *text, size_t len, struct sw_err *err)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += text[i] == ',' || text[i] == '[' || text[i] == '{';
    return n <= VALUES_MAX ? 0
                           : sw_fail(err, SW_INTEGRITY, "it holds about %zu values; at most %d are allowed",
                                     n, VALUES_MAX);
}

/* Printable ASCII of a reasonable length: it is shown. NULL for anything else. */
static const char *plain_text(const json_t *object, const char *key)
{
    const char *text = sw_json_text(object, key);

    if (text == NULL || strlen(text) > TEXT_MAX)
        return NULL;
    for (const char *p = text; *p != '\0'; p++)
        if (*p < 0x20 || *p > 0x7e)
            return NULL;
    return text;
}

/* 2026-11-22T06:40:36Z */
static bool is_time(const char *text)
{
    static const char shape[] = "0000-00-00T00:00:00Z";

    if (strlen(text) != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < sizeof(shape) - 1; i++)
        if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
            return false;
    return true;
}

static int parse_digest(const json_t *value, uint8_t out[SW_DIGEST_BYTES])
{
    const char *text = json_string_value(value);

    return text != NULL ? sw_unhex(text, json_string_length(value), out, SW_DIGEST_BYTES) : -1;
}

static int parse_size(const json_t *output, const char *key, uint64_t *out, struct sw_err *err)
{
    const json_t *value = json_object_get(output, key);

    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return bad(err, key, "is no number of bytes");
    *out = (uint64_t)json_integer_value(value);
    return 0;
}

static int parse_chunks(const json_t *output, struct sw_digests *digests, struct sw_err *err)
{
    const json_t *list = json_object_get(output, "chunks"), *item;
    uint64_t want;
    size_t i;

    if (parse_size(output, "chunkBytes", &digests->chunk_bytes, err) < 0)
        return -1;
    if (!sw_is_pow2(digests->chunk_bytes) || digests->chunk_bytes < SW_CHUNK_BYTES_MIN ||
        digests->chunk_bytes > CHUNK_BYTES_MAX)
        return sw_fail(err, SW_INTEGRITY, "'chunkBytes' %" PRIu64 " is no power of two from %d to %" PRIu64,
                       digests->chunk_bytes, SW_CHUNK_BYTES_MIN, CHUNK_BYTES_MAX);
    want = sw_div_up(digests->bytes, digests->chunk_bytes);
    if (!json_is_array(list) || json_array_size(list) != want)
        return sw_fail(err, SW_INTEGRITY,
                       "'chunks' has %zu digests; a file of %" PRIu64 " bytes has %" PRIu64,
                       json_array_size(list), digests->bytes, want);
    digests->chunks = sw_calloc(want > 0 ? want : 1, SW_DIGEST_BYTES, err);
    if (digests->chunks == NULL)
        return -1;
    json_array_foreach (list, i, item) {
        if (parse_digest(item, digests->chunks[i]) < 0)
            return sw_fail(err, SW_INTEGRITY, "'chunks' %zu is no SHA-256 in hexadecimal digits", i);
    }
    digests->nr_chunks = want;
    return 0;
}

static bool is_taken(const struct sw_manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->nr_files; i++)
        if (strcmp(manifest->files[i].name, name) == 0)
            return true;
    return false;
}

static int parse_names(struct sw_manifest *manifest, const json_t *output, struct sw_manifest_file *file,
                       struct sw_err *err)
{
    const json_t *keys = json_object_get(output, "keys");

    file->name = sw_json_text(output, "file");
    if (file->name == NULL || !sw_is_file_name(file->name))
        return bad(err, "file", "is no name of a file in the manifest's folder");
    if (is_taken(manifest, file->name))
        return sw_fail(err, SW_INTEGRITY, "'%.255s' is listed twice", file->name);
    file->keys = json_string_value(keys);
    if (keys != NULL && (file->keys == NULL || !sw_is_file_name(file->keys)))
        return bad(err, "keys", "is no name of a file in the manifest's folder");
    file->sealed = json_is_true(json_object_get(output, "sealed"));
    return 0;
}

static int parse_output(struct sw_manifest *manifest, const json_t *output, struct sw_err *err)
{
    struct sw_manifest_file *file = &manifest->files[manifest->nr_files];

    if (!json_is_object(output))
        return bad(err, "outputs", "holds something that is no object");
    if (parse_names(manifest, output, file, err) < 0)
        return -1;
    if (parse_size(output, "bytes", &file->digests.bytes, err) < 0 ||
        parse_chunks(output, &file->digests, err) < 0)
        return sw_context(err, "'%.255s'", file->name);
    if (parse_digest(json_object_get(output, "sha256"), file->digests.sha256) < 0)
        return sw_fail(err, SW_INTEGRITY, "'%.255s': 'sha256' is no SHA-256 in hexadecimal digits",
                       file->name);
    manifest->nr_files++;
    return 0;
}

static int parse_outputs(struct sw_manifest *manifest, struct sw_err *err)
{
    const json_t *list = json_object_get(manifest->json, "outputs"), *output;
    size_t i, n = json_array_size(list);

    if (!json_is_array(list) || n == 0 || n > SW_MANIFEST_FILES_MAX)
        return sw_fail(err, SW_INTEGRITY, "'outputs' is no list of 1 to %d files", SW_MANIFEST_FILES_MAX);
    json_array_foreach (list, i, output) {
        if (parse_output(manifest, output, err) < 0)
            return sw_context(err, "output %zu", i);
    }
    return 0;
}

static int parse_head(struct sw_manifest *manifest, struct sw_err *err)
{
    const json_t *version = json_object_get(manifest->json, "manifestVersion");

    if (!json_is_integer(version))
        return bad(err, "manifestVersion", "is missing: this is no manifest of slipway's");
    if (json_integer_value(version) != SW_MANIFEST_VERSION)
        return sw_fail(err, SW_INTEGRITY,
                       "'manifestVersion' is %" JSON_INTEGER_FORMAT "; this program knows %d",
                       json_integer_value(version), SW_MANIFEST_VERSION);
    manifest->program = plain_text(manifest->json, "slipway");
    manifest->created = plain_text(manifest->json, "created");
    manifest->recipe = plain_text(manifest->json, "recipe");
    manifest->version = plain_text(manifest->json, "version");
    if (manifest->program == NULL)
        return bad(err, "slipway", "is no version");
    if (manifest->created == NULL || !is_time(manifest->created))
        return bad(err, "created", "is no date and time");
    return 0;
}

int provenance_parse(struct sw_manifest *manifest, const char *text, size_t len, const char *name,
                     struct sw_err *err)
{
    if (check_volume(text, len, err) < 0)
        return sw_context(err, "%s", name);
    manifest->json = sw_json_parse(text, len, name, err);
    if (manifest->json == NULL)
        return -1;
    if (!json_is_object(manifest->json))
        return sw_fail(err, SW_INTEGRITY, "%s: it is no object", name);
    if (parse_head(manifest, err) < 0 || parse_outputs(manifest, err) < 0)
        return sw_context(err, "%s", name);
    return 0;
}
