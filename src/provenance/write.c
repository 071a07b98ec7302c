/* Writing manifests and their signatures. */
#include "slipway/manifest.h"
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <errno.h>
#include <string.h>

/* path without that ending, when it has it and a name remains, and with another. */
static char *replace_end(const char *path, const char *end, const char *by, struct sw_err *err)
{
    size_t len = strlen(path), end_len = strlen(end);

    if (len > end_len && strcmp(path + len - end_len, end) == 0 && path[len - end_len - 1] != '/')
        len -= end_len;
    return sw_strf(err, "%.*s%s", (int)len, path, by);
}

char *sw_manifest_path(const char *file_path, struct sw_err *err)
{
    return replace_end(file_path, ".sealed", ".manifest.json", err);
}

char *sw_manifest_sig_path(const char *manifest_path, struct sw_err *err)
{
    return replace_end(manifest_path, ".json", ".sig", err);
}

static json_t *hex_json(const uint8_t digest[SW_DIGEST_BYTES])
{
    char text[SW_SHA256_HEX];

    sw_hex(digest, SW_DIGEST_BYTES, text);
    return json_string(text);
}

static json_t *list_chunks(const struct sw_digests *digests, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < digests->nr_chunks; i++)
        if (sw_json_append(list, hex_json(digests->chunks[i]), err) < 0)
            return NULL;
    return SW_STEAL_PTR(list);
}

json_t *sw_manifest_output(const char *name, const struct sw_digests *digests, struct sw_err *err)
{
    SW_AUTO_JSON json_t *output = json_object();

    if (output == NULL || sw_json_set(output, "file", json_string(name), err) < 0 ||
        sw_json_set(output, "bytes", json_integer((json_int_t)digests->bytes), err) < 0 ||
        sw_json_set(output, "sha256", hex_json(digests->sha256), err) < 0 ||
        sw_json_set(output, "chunkBytes", json_integer((json_int_t)digests->chunk_bytes), err) < 0 ||
        sw_json_set(output, "chunks", list_chunks(digests, err), err) < 0)
        return NULL;
    return SW_STEAL_PTR(output);
}

int sw_manifest_set_sealed(json_t *output, json_t *context, const char *keys, struct sw_err *err)
{
    SW_AUTO_JSON json_t *owned = context;
    json_t *artifact = json_object_get(context, "artifact");

    if (sw_json_set(output, "context", json_incref(owned), err) < 0 ||
        sw_json_set(output, "sealed", json_true(), err) < 0 ||
        (artifact != NULL && sw_json_set(output, "artifact", json_incref(artifact), err) < 0))
        return -1;
    return keys != NULL ? sw_json_set(output, "keys", json_string(keys), err) : 0;
}

static int stamp(json_t *manifest, struct sw_err *err)
{
    int64_t seconds;
    char text[SW_TIME_TEXT];

    if (sw_source_date(sw_now_ns() / 1000000000, &seconds, err) < 0)
        return -1;
    sw_time_text(seconds * 1000000000, text);
    memcpy(strchr(text, '.'), "Z", 2); /* seconds are enough */
    if (sw_json_set(manifest, "manifestVersion", json_integer(SW_MANIFEST_VERSION), err) < 0 ||
        sw_json_set(manifest, "slipway", json_string(SLIPWAY_VERSION), err) < 0)
        return -1;
    return sw_json_set(manifest, "created", json_string(text), err);
}

static int remove_file(const char *path, struct sw_err *err)
{
    if (unlink(path) < 0 && errno != ENOENT)
        return sw_fail_errno(err, "cannot remove '%s'", path);
    return 0;
}

int sw_manifest_remove(const char *path, struct sw_err *err)
{
    SW_AUTO_FREE char *sig = sw_manifest_sig_path(path, err);

    if (sig == NULL || remove_file(sig, err) < 0)
        return -1;
    return remove_file(path, err);
}

static int write_both(const char *text, const char *path, const char *sig_path,
                      const struct sw_signer *signer, struct sw_err *err)
{
    struct sw_signature signature = {.len = 0};

    if (signer != NULL && sw_signer_sign(signer, text, strlen(text), &signature, err) < 0)
        return -1;
    /* First without one: what lies beside a manifest must not be the signature of another. */
    if (remove_file(sig_path, err) < 0 || sw_write_file(path, text, strlen(text), 0644, err) < 0)
        return -1;
    return signer != NULL ? sw_write_file(sig_path, signature.bytes, signature.len, 0644, err) : 0;
}

int sw_manifest_write(json_t *manifest, const char *path, const struct sw_signer *signer, struct sw_err *err)
{
    SW_AUTO_FREE char *sig_path = sw_manifest_sig_path(path, err);
    SW_AUTO_FREE char *text = NULL;

    if (sig_path == NULL || stamp(manifest, err) < 0 || (text = sw_json_canonical(manifest, err)) == NULL)
        return -1;
    if (strlen(text) > SW_MANIFEST_BYTES_MAX)
        return sw_fail(err, SW_FAILED, "'%s' would have %zu bytes, more than the %d that are read", path,
                       strlen(text), SW_MANIFEST_BYTES_MAX);
    return write_both(text, path, sig_path, signer, err);
}
