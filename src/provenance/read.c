/* Reading a manifest: its signature first, then its text. */
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/provenance/parse.h"
#include "src/provenance/small_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

void sw_manifest_free(struct sw_manifest *manifest)
{
    if (manifest == NULL)
        return;
    for (size_t i = 0; i < SW_MANIFEST_FILES_MAX; i++)
        sw_digests_free(&manifest->files[i].digests);
    json_decref(manifest->json);
    free(manifest->signer);
    free(manifest->path);
    free(manifest->dir);
    free(manifest);
}

static int read_signature(const char *manifest_path, struct sw_signature *out, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_manifest_sig_path(manifest_path, err);
    SW_AUTO_BUF struct sw_buf bytes = {.len = 0};

    if (path == NULL)
        return -1;
    if (small_file_read(path, SW_SIGNATURE_MAX, &bytes, err) < 0)
        return err->sys == ENOENT
                   ? sw_fail(err, SW_INTEGRITY, "'%s' is not signed: there is no '%s'", manifest_path, path)
                   : -1;
    memcpy(out->bytes, bytes.data, bytes.len);
    out->len = bytes.len;
    return 0;
}

static int check_signature(struct sw_manifest *manifest, const struct sw_buf *text,
                           const struct sw_trust *trust, struct sw_err *err)
{
    struct sw_signature signature = {.len = 0};
    const char *who = NULL;

    if (read_signature(manifest->path, &signature, err) < 0)
        return -1;
    if (sw_trust_check(trust, text->data, text->len, &signature, &who, err) < 0)
        return sw_context(err, "'%s'", manifest->path);
    manifest->signer = sw_strdup(who, err);
    return manifest->signer != NULL ? 0 : -1;
}

static int find_path(struct sw_manifest *manifest, const char *path, struct sw_err *err)
{
    struct stat st;
    bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

    manifest->path = folder ? sw_path_join(path, "manifest.json", err) : sw_strdup(path, err);
    manifest->dir = manifest->path != NULL ? sw_path_dir(manifest->path, err) : NULL;
    return manifest->dir != NULL ? 0 : -1;
}

int sw_manifest_open(const char *path, const struct sw_trust *trust, struct sw_manifest **out,
                     struct sw_err *err)
{
    SW_AUTO_MANIFEST struct sw_manifest *manifest = sw_calloc(1, sizeof(*manifest), err);
    SW_AUTO_BUF struct sw_buf text = {.len = 0};

    if (manifest == NULL || find_path(manifest, path, err) < 0 ||
        small_file_read(manifest->path, SW_MANIFEST_BYTES_MAX, &text, err) < 0)
        return -1;
    if (trust != NULL && check_signature(manifest, &text, trust, err) < 0)
        return -1;
    if (provenance_parse(manifest, text.data, text.len, manifest->path, err) < 0)
        return -1;
    *out = SW_STEAL_PTR(manifest);
    return 0;
}
